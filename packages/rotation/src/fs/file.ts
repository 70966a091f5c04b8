import { basename, dirname, join } from 'node:path';
import { RotationError } from '../errors.js';
import { type FileOperations, systemFiles } from './operations.js';
import { createFile, ioError, lookIfThere, unlinkIfThere } from './paths.js';

/** How {@link writeFileAtomic} reaches the disk. */
export interface WriteFileOptions {
  readonly files?: FileOperations;
  /** Draws the name of the temporary file. Default `Math.random`. */
  readonly random?: () => number;
  /** Removes what crashed writers of the same file left, for which it lists the directory. Default `true`. */
  readonly sweep?: boolean;
}

/** Milliseconds after which a temporary file has no writer any more. */
const ABANDONED = 60_000;

/**
 * Replaces a file: a reader sees the old content or the new, through a crash at any point. A symbolic link of that name
 * is replaced, never followed.
 * @param mode - Permission bits, whatever the umask. Default 0600.
 * @throws {@link RotationError} `ERR_ROTATION_IO` with the system's error as its cause; the old content stays.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  mode = 0o600,
  { files = systemFiles, random = Math.random, sweep = true, ...unknown }: WriteFileOptions = {},
): Promise<void> {
  unknown satisfies Record<string, never>;
  const directory = dirname(path);
  const prefix = `.${basename(path)}.`;
  const temporary = join(directory, `${prefix}${Math.floor(random() * 2 ** 48).toString(16)}.tmp`);
  try {
    await createFile(files, temporary, bytes, mode);
    if (sweep) await removeLeftovers(files, directory, prefix, temporary);
    await files.rename(temporary, path);
    await files.syncDirectory(directory);
  } catch (error) {
    // A temporary file that cannot be removed now is removed by a later write; the first error is the one to tell.
    await unlinkIfThere(files, temporary).catch(() => {});
    throw ioError('write', path, error);
  }
}

/**
 * Reads a file without following a symbolic link; `undefined` when there is none.
 * @throws {@link RotationError} `ERR_ROTATION_UNSAFE` for anything but a regular file, `ERR_ROTATION_IO`.
 */
export async function readFileIfThere(
  path: string,
  files: FileOperations = systemFiles,
): Promise<Uint8Array | undefined> {
  try {
    const entry = await lookIfThere(files, path);
    if (entry === undefined) return undefined;
    if (entry.type !== 'file')
      throw new RotationError('ERR_ROTATION_UNSAFE', `Cannot read ${path}: it is no regular file`);
    return (await files.read(path)).bytes;
  } catch (error) {
    throw ioError('read', path, error);
  }
}

/** Removes what crashed writers of the same file left; judged by the file system's own clock. */
async function removeLeftovers(files: FileOperations, directory: string, prefix: string, own: string): Promise<void> {
  const now = (await files.look(own)).modified;
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    if (path === own || !name.startsWith(prefix) || !/^[0-9a-f]+\.tmp$/.test(name.slice(prefix.length))) continue;
    const entry = await lookIfThere(files, path);
    if (entry?.type === 'file' && now - entry.modified > ABANDONED) await unlinkIfThere(files, path);
  }
}
