import { ApiError, type List, type WatchEvent, type WatchOptions } from './api.js';
import { createQueue } from './queue.js';

/** Changes that wait for one consumer of a watch. */
const MAX_QUEUED = 10_000;

/** The least that the server has to know of an object. */
export interface Versioned {
  readonly metadata: { readonly resourceVersion: string; readonly uid: string };
}

/** Objects of one kind by key, the changes they went through lately, and who watches them. */
export interface ObjectTable<T extends Versioned> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  list(matches: (object: T) => boolean, resourceVersion: number): List<T>;
  /** @param resourceVersion - Of the whole server, now. */
  watch(matches: (object: T) => boolean, options: WatchOptions, resourceVersion: number): AsyncIterable<WatchEvent<T>>;
  set(key: string, object: T): void;
  /**
   * Takes objects up from storage. What became of others before is not known, so watches resume only behind that version.
   */
  restore(objects: ReadonlyMap<string, T>, resourceVersion: number): void;
  /** @param resourceVersion - Of the deletion; the object is shown with it, as Kubernetes does. */
  delete(key: string, last: T): void;
}

interface Change<T> {
  readonly resourceVersion: number;
  readonly before: T | undefined;
  readonly after: T | undefined;
  /** What a `deleted` event shows. */
  readonly last: T;
}

/** Changes kept for watches that resume. */
const HISTORY = 2048;

/** Makes an empty table. */
export function createObjectTable<T extends Versioned>(): ObjectTable<T> {
  const objects = new Map<string, T>();
  const watchers = new Set<(change: Change<T>) => void>();
  let history: Change<T>[] = [];
  /** Everything later than this is in the history. */
  let historyFrom = 0;

  const record = (change: Change<T>): void => {
    history.push(change);
    if (history.length > 2 * HISTORY) {
      historyFrom = history[HISTORY - 1]!.resourceVersion;
      history = history.slice(HISTORY);
    }
    for (const watcher of watchers) watcher(change);
  };

  return {
    get: (key) => objects.get(key),
    values: () => objects.values(),
    list: (matches, resourceVersion) => ({
      items: [...objects.values()].filter(matches),
      resourceVersion: String(resourceVersion),
    }),
    watch(matches, { resourceVersion: from, signal }, resourceVersion) {
      const since = from === undefined ? undefined : Number(from);
      if (since !== undefined && !(Number.isSafeInteger(since) && since <= resourceVersion))
        throw new ApiError('BadRequest', `invalid resource version ${JSON.stringify(from)}`);
      if (since !== undefined && since < historyFrom)
        throw new ApiError('Expired', `too old resource version: ${since} (${historyFrom})`);
      const abort = () => queue.close();
      const queue = createQueue<WatchEvent<T>>(() => {
        watchers.delete(watcher);
        signal.removeEventListener('abort', abort);
      });
      const watcher = (change: Change<T>): void => {
        const event = eventOf(change, matches);
        if (event === undefined) return;
        // As an API server does with a client that does not keep up: it has to begin anew.
        if (queue.length >= MAX_QUEUED)
          queue.close(new ApiError('Expired', `the watch fell ${MAX_QUEUED} changes behind; list again`));
        else queue.push(event);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) queue.close();
      if (since === undefined) {
        for (const object of objects.values()) if (matches(object)) queue.push({ type: 'added', object });
        queue.push({ type: 'bookmark', resourceVersion: String(resourceVersion) });
      } else for (const change of history) if (change.resourceVersion > since) watcher(change);
      if (!signal.aborted) watchers.add(watcher);
      return queue;
    },
    set(key, object) {
      const before = objects.get(key);
      objects.set(key, object);
      record({ resourceVersion: Number(object.metadata.resourceVersion), before, after: object, last: object });
    },
    restore(restored, resourceVersion) {
      for (const [key, object] of restored) objects.set(key, object);
      historyFrom = resourceVersion;
    },
    delete(key, last) {
      const before = objects.get(key);
      objects.delete(key);
      record({ resourceVersion: Number(last.metadata.resourceVersion), before, after: undefined, last });
    },
  };
}

/** How a change looks through a selector: an object can come into its view and leave it. */
function eventOf<T>({ before, after, last }: Change<T>, matches: (object: T) => boolean): WatchEvent<T> | undefined {
  const was = before !== undefined && matches(before);
  const is = after !== undefined && matches(after);
  if (is) return { type: was ? 'modified' : 'added', object: after };
  return was ? { type: 'deleted', object: last } : undefined;
}
