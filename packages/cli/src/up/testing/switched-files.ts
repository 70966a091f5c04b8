import { type FileOperations, systemFiles } from '@mayfly/rotation/fs';

/** Files whose disk can be filled, and whose process can be killed. */
export interface SwitchedFiles {
  readonly files: FileOperations;
  /** Lets every write below a path fail with a code, or lets them succeed again. */
  refuse(code: string | undefined, below?: string): void;
  /** Lets everything fail from now on: the process is gone. */
  kill(): void;
  /** Called after each rename, which is where anything becomes visible. */
  onRename: (to: string) => void;
}

const WRITES: ReadonlySet<string> = new Set(['create', 'mkdir', 'symlink', 'rename', 'link']);

/** Makes them on the system's files. */
export function switchedFiles(): SwitchedFiles {
  let refused: string | undefined;
  let place = '';
  let killed = false;
  const check = (name: string, path: string): void => {
    const code = killed ? 'EKILLED' : WRITES.has(name) && path.startsWith(place) ? refused : undefined;
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const wrap =
    <A extends readonly [string, ...unknown[]], T>(name: string, work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      check(name, args[0]);
      return await work(...args);
    };
  const switched: SwitchedFiles = {
    refuse(code, below = '') {
      refused = code;
      place = below;
    },
    kill() {
      killed = true;
    },
    onRename() {},
    files: {
      create: wrap('create', systemFiles.create),
      read: wrap('read', systemFiles.read),
      mkdir: wrap('mkdir', systemFiles.mkdir),
      chmod: wrap('chmod', systemFiles.chmod),
      list: wrap('list', systemFiles.list),
      look: wrap('look', systemFiles.look),
      link: wrap('link', systemFiles.link),
      symlink: wrap('symlink', systemFiles.symlink),
      readlink: wrap('readlink', systemFiles.readlink),
      rename: wrap('rename', async (from: string, to: string) => {
        await systemFiles.rename(from, to);
        switched.onRename(to);
      }),
      unlink: wrap('unlink', systemFiles.unlink),
      rmdir: wrap('rmdir', systemFiles.rmdir),
      syncDirectory: wrap('syncDirectory', systemFiles.syncDirectory),
    },
  };
  return switched;
}
