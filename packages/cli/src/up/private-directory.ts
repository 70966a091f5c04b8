import { dirname } from 'node:path';
import { type FileOperations, systemFiles } from '@mayfly/rotation/fs';
import { CliError } from '../errors.js';

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

/**
 * Makes sure that nobody else could have put anything into a directory; one that does not exist holds nothing.
 * @param uid - User who has to own it; `undefined` where there are no users. Default: of this process.
 * @throws {@link CliError} `ERR_CLI_STATE`.
 */
export async function requirePrivateDirectory(
  path: string,
  uid: number | undefined = process.getuid?.(),
): Promise<void> {
  try {
    const { type, mode, uid: owner } = await systemFiles.look(path);
    const fault =
      type !== 'directory'
        ? 'it is no directory'
        : uid !== undefined && owner !== uid
          ? `it belongs to user ${owner}, who decides what is run from it`
          : uid !== undefined && (mode & 0o077) !== 0
            ? `its mode is 0${mode.toString(8)}, and others must be kept out (chmod 700)`
            : undefined;
    if (fault !== undefined) throw new CliError('ERR_CLI_STATE', `Cannot use ${path}: ${fault}`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
