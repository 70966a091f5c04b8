import { createHash, randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { RotationError } from '@mayfly/rotation';
import {
  type DirectoryLock,
  type FileOperations,
  lockDirectory,
  readFileIfThere,
  systemFiles,
  writeFileAtomic,
} from '@mayfly/rotation/fs';
import { adviceFor, CliError, messageOf } from '../errors.js';

const STATE_FILE = 'mayfly.json';

/** The directory in which a local installation lives: its authorities, requests and credentials. */
export interface StateDirectory {
  /** Absolute. */
  readonly path: string;
  /** A UUID that stays the same as long as the directory does. */
  readonly installation: string;
  readonly trustDomain: string;
  /** How everything in it reaches the disk. */
  readonly files: FileOperations;
  release(): Promise<void>;
}

/**
 * Takes a state directory for this process, or makes one (mode 0700).
 * @param trustDomain - Of SPIFFE IDs; `undefined` takes what the directory was made with, `cluster.local` at first.
 * @throws {@link CliError} `ERR_CLI_STATE` when another process has it, when others may read it, when it is another
 * directory altogether or was made with another trust domain.
 */
export async function openStateDirectory(
  directory: string,
  trustDomain: string | undefined,
  files: FileOperations = systemFiles,
): Promise<StateDirectory> {
  const path = resolve(directory);
  const lock = await takeLock(path, files);
  try {
    const state = (await readState(path, files)) ?? (await createState(path, trustDomain ?? 'cluster.local', files));
    if (trustDomain !== undefined && trustDomain !== state.trustDomain)
      throw new CliError(
        'ERR_CLI_STATE',
        `Cannot use ${path} for trust domain ${trustDomain}: its certificates say ${state.trustDomain}; choose another directory with --state`,
      );
    return { path, ...state, files, release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function takeLock(path: string, files: FileOperations): Promise<DirectoryLock> {
  try {
    return await lockDirectory(path, { files });
  } catch (error) {
    if (!(error instanceof RotationError)) throw error;
    const advice =
      error.code === 'ERR_ROTATION_LOCKED'
        ? 'stop that process, or choose another directory with --state'
        : error.code === 'ERR_ROTATION_UNSAFE'
          ? 'keys live there, so it has to be a directory that only you may read; --state chooses another'
          : (adviceFor(error) ?? 'choose a directory that can be written with --state');
    throw new CliError('ERR_CLI_STATE', `${error.message}; ${advice}`, { cause: error });
  }
}

interface State {
  readonly installation: string;
  readonly trustDomain: string;
}

async function readState(path: string, files: FileOperations): Promise<State | undefined> {
  const file = join(path, STATE_FILE);
  const bytes = await readFileIfThere(file, files);
  if (bytes === undefined) return undefined;
  try {
    const { version, installation, trustDomain } = JSON.parse(new TextDecoder().decode(bytes));
    if (version === 1 && typeof installation === 'string' && typeof trustDomain === 'string')
      return { installation, trustDomain };
  } catch (cause) {
    throw new CliError('ERR_CLI_STATE', `Cannot read ${file}: ${messageOf(cause)}; restore it or remove ${path}`, {
      cause,
    });
  }
  throw new CliError('ERR_CLI_STATE', `Cannot read ${file}: it is not of this version; restore it or remove ${path}`);
}

async function createState(path: string, trustDomain: string, files: FileOperations): Promise<State> {
  const strangers = (await files.list(path)).filter((name) => !name.startsWith('lock') && !name.startsWith('.'));
  if (strangers.length > 0)
    throw new CliError(
      'ERR_CLI_STATE',
      `Cannot use ${path} as state directory: it holds ${strangers.slice(0, 3).join(', ')} and no ${STATE_FILE}; choose an empty one with --state`,
    );
  const state: State = { installation: randomUUID(), trustDomain };
  const json = `${JSON.stringify({ version: 1, ...state }, undefined, 2)}\n`;
  await writeFileAtomic(join(path, STATE_FILE), new TextEncoder().encode(json), 0o600, { files });
  return state;
}

/** A UUID for something in an installation that stays the same over restarts (RFC 9562 §5.8: version 8). */
export function stableUid({ installation }: Pick<StateDirectory, 'installation'>, kind: string, name: string): string {
  const hex = createHash('sha256').update(`${installation}\n${kind}\n${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
