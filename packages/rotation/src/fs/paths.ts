import { dirname, join } from 'node:path';
import { RotationError } from '../errors.js';
import type { Entry, FileOperations } from './operations.js';

/** The `code` of a system error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What the system said, as the cause of an error with a place. */
export function ioError(action: string, path: string, cause: unknown): RotationError {
  if (cause instanceof RotationError) return cause;
  const state = errorCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown failure');
  return new RotationError('ERR_ROTATION_IO', `Cannot ${action} ${path}: ${state}`, { cause });
}

/** Looks at a name; `undefined` when there is none. */
export async function lookIfThere(files: FileOperations, path: string): Promise<Entry | undefined> {
  try {
    return await files.look(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes a name; that it is gone already is fine. */
export async function unlinkIfThere(files: FileOperations, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * Makes a directory and what is missing above it, with exactly the mode given, whatever the umask; what exists keeps
 * its mode.
 * @throws {@link RotationError} `ERR_ROTATION_UNSAFE` when the last name is a symbolic link or no directory.
 */
export async function ensureDirectory(files: FileOperations, path: string, mode: number): Promise<void> {
  const entry = await lookIfThere(files, path);
  if (entry?.type === 'directory') return;
  if (entry !== undefined)
    throw new RotationError(
      'ERR_ROTATION_UNSAFE',
      `Cannot use ${path}: ${entry.type === 'link' ? 'it is a symbolic link' : 'it is no directory'}`,
    );
  const parent = dirname(path);
  // A link on the way is the administrator's; only the directory itself must not be one.
  if (parent !== path && (await lookIfThere(files, parent)) === undefined) await ensureDirectory(files, parent, mode);
  await files.mkdir(path, 0o700);
  await files.chmod(path, mode);
  await files.syncDirectory(parent);
}

/** Writes a new file that is durable when this returns. Private until its content and mode are final. */
export async function createFile(files: FileOperations, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(bytes);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a directory with all it contains; a symbolic link is removed, never followed. */
export async function removeTree(files: FileOperations, path: string): Promise<void> {
  const entry = await lookIfThere(files, path);
  if (entry === undefined) return;
  if (entry.type !== 'directory') return unlinkIfThere(files, path);
  for (const name of await files.list(path)) await removeTree(files, join(path, name));
  await files.rmdir(path);
}
