import { constants } from 'node:fs';
import { chmod, link, lstat, mkdir, open, readdir, readlink, rename, rmdir, symlink, unlink } from 'node:fs/promises';

/** What a name stands for; a symbolic link is never followed. */
export interface Entry {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  /** Permission bits, `0o7777`. */
  readonly mode: number;
  readonly uid: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly modified: number;
}

/** A file that is being written. */
export interface WritableFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Sets the mode of the open file, so that neither the umask nor a name can come between. */
  chmod(mode: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Each thing that is done to a file system, so that a test can let any one of them fail. */
export interface FileOperations {
  /** Opens a new file for writing with mode 0600. Fails with `EEXIST` for any existing name, symbolic links included. */
  create(path: string): Promise<WritableFile>;
  /** Reads a regular file without following a symbolic link. @returns Its bytes and permission bits. */
  read(path: string): Promise<{ readonly bytes: Uint8Array; readonly mode: number }>;
  mkdir(path: string, mode: number): Promise<void>;
  /** Follows symbolic links: only for directories just made. */
  chmod(path: string, mode: number): Promise<void>;
  /** Names in a directory, in no order. */
  list(path: string): Promise<readonly string[]>;
  look(path: string): Promise<Entry>;
  link(existing: string, path: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readlink(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Permission bits of a `st_mode`. */
const PERMISSIONS = 0o7777;

/** The operations of the system's file system. */
export const systemFiles: FileOperations = {
  async create(path) {
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return {
      write: (bytes) => file.writeFile(bytes),
      chmod: (mode) => file.chmod(mode),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async read(path) {
    // Without O_NONBLOCK the open of a FIFO waits for a writer.
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw Object.assign(new Error('EINVAL: not a regular file'), { code: 'EINVAL' });
      return { bytes: await file.readFile(), mode: stat.mode & PERMISSIONS };
    } finally {
      await file.close();
    }
  },
  async mkdir(path, mode) {
    await mkdir(path, { mode });
  },
  chmod,
  list: (path) => readdir(path),
  async look(path) {
    const stat = await lstat(path);
    const type = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other';
    return { type, mode: stat.mode & PERMISSIONS, uid: stat.uid, modified: stat.mtimeMs };
  },
  link,
  symlink: (target, path) => symlink(target, path),
  readlink: (path) => readlink(path),
  rename,
  unlink,
  rmdir: (path) => rmdir(path),
  async syncDirectory(path) {
    const directory = await open(path, O_RDONLY | O_DIRECTORY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};
