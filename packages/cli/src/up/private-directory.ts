import { dirname } from 'node:path';
import type { FileOperations } from '@mayfly/rotation/fs';

/**
 * Makes a directory and what is missing above it, each with mode 0700 whatever the umask; what exists keeps its mode.
 * @throws The system's error, `EEXIST` for a name that is something else among them.
 */
export async function makePrivateDirectory(files: FileOperations, path: string): Promise<void> {
  try {
    await files.mkdir(path, 0o700);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && (await files.look(path)).type === 'directory') return;
    if (code !== 'ENOENT') throw error;
    await makePrivateDirectory(files, dirname(path));
    return await makePrivateDirectory(files, path);
  }
  await files.chmod(path, 0o700);
  await files.syncDirectory(dirname(path));
}
