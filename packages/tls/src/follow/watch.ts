import { type FSWatcher, statSync, watch } from 'node:fs';

/**
 * Watches a directory, never a file: after the first swap of `..data` the inode of a file is that of a generation that
 * nobody writes any more. Tells only that something changed; a poll beside it catches what a watch misses.
 */
export class DirectoryWatch {
  readonly #directory: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  /** Device and inode of the directory that is watched. */
  #identity = '';

  constructor(directory: string, onChange: () => void) {
    this.#directory = directory;
    this.#onChange = onChange;
  }

  get armed(): boolean {
    return this.#watcher !== undefined;
  }

  /** Starts to watch, or starts anew where the directory itself was replaced. Does not throw: the poll goes on. */
  arm(): void {
    try {
      const { dev, ino } = statSync(this.#directory, { bigint: true });
      const identity = `${dev}:${ino}`;
      if (this.#watcher !== undefined && identity === this.#identity) return;
      this.close();
      const watcher = watch(this.#directory, { persistent: false }, this.#onChange);
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
      this.#identity = identity;
    } catch {
      // No directory, or no watches left (ENOSPC): `armed` says so, and the next poll tries again.
      this.close();
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
