import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createFile, systemFiles, writeFileAtomic } from '@mayfly/rotation/fs';
import { CliError } from './errors.js';
import { systemState } from './input-file.js';
import { printable } from './terminal-text.js';

/** A file that a command is to write. */
export interface OutputFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permission bits, whatever the umask. */
  readonly mode: number;
}

/**
 * Refuses names that are taken, before any work is done for them.
 * @throws {@link CliError} `ERR_CLI_FILE`.
 */
export async function requireFree(paths: readonly string[]): Promise<void> {
  for (const path of paths) if (await isTaken(path)) throw taken(path);
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw new CliError('ERR_CLI_FILE', `Cannot write ${printable(path)}: ${systemState(cause)}`, { cause });
  }
}

/**
 * Writes files one after the other, each whole or not at all, and durable when this resolves. Without `force` no existing
 * file is replaced, not even one that appears meanwhile, and when one cannot be written those before it are removed.
 * @throws {@link CliError} `ERR_CLI_FILE`.
 */
export async function writeOutputs(files: readonly OutputFile[], force: boolean): Promise<void> {
  const written: string[] = [];
  for (const file of files) {
    try {
      if (force) await writeFileAtomic(file.path, file.bytes, file.mode);
      else await writeNew(file);
    } catch (cause) {
      // What cannot be removed now is named by the next run, which refuses to replace it.
      if (!force) for (const path of written) await systemFiles.unlink(path).catch(() => {});
      if (cause instanceof CliError) throw cause;
      const reason = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
      throw new CliError('ERR_CLI_FILE', `Cannot write ${printable(file.path)}: ${writeState(file.path, reason)}`, {
        cause,
      });
    }
    written.push(file.path);
  }
}

/** What the system says about a file that is to be made: what is missing is where it was to go. */
const writeState = (path: string, error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
    ? `there is no directory ${printable(dirname(path))}`
    : systemState(error);

/** Unlike a rename, a link never replaces. */
async function writeNew({ path, bytes, mode }: OutputFile): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${process.pid.toString(16)}.tmp`);
  try {
    await createFile(systemFiles, temporary, bytes, mode);
    await systemFiles.link(temporary, path);
  } catch (cause) {
    if (await isTaken(path)) throw taken(path);
    throw cause;
  } finally {
    // Absent when it could not be made; a left one is a second name of the same file, private like it.
    await systemFiles.unlink(temporary).catch(() => {});
  }
  await systemFiles.syncDirectory(directory);
}

const taken = (path: string): CliError =>
  new CliError(
    'ERR_CLI_FILE',
    `Cannot write ${printable(path)}: it exists; choose another name, or replace it with --force`,
  );
