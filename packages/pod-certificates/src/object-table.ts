import { ApiError, type List, type WatchEvent, type WatchOptions } from './api.js';
import { createQueue } from './queue.js';

/** Changes that wait for one consumer of a watch. */
const MAX_QUEUED = 10_000;

/** The least that the server has to know of an object. */
export interface Versioned {
  readonly metadata: { readonly resourceVersion: string; readonly uid: string };
}

/** Which objects somebody asks for. */
export interface Selection<T> {
  /** Where only the object of this key can match: then no other is looked at. */
  readonly key?: string | undefined;
  readonly matches: (object: T) => boolean;
}

/** Objects of one kind by key, the changes they went through lately, and who watches them. */
export interface ObjectTable<T extends Versioned> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  list(selection: Selection<T>, resourceVersion: number): List<T>;
  /** @param resourceVersion - Of the whole server, now. */
  watch(selection: Selection<T>, options: WatchOptions, resourceVersion: number): AsyncIterable<WatchEvent<T>>;
  set(key: string, object: T): void;
  /**
   * Takes objects up from storage. What became of others before is not known, so watches resume only behind that version.
   */
  restore(objects: ReadonlyMap<string, T>, resourceVersion: number): void;
  /** @param resourceVersion - Of the deletion; the object is shown with it, as Kubernetes does. */
  delete(key: string, last: T): void;
}

interface Change<T> {
  readonly key: string;
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
  /** By the key that they are about; those of `undefined` hear of all. */
  const watchers = new Map<string | undefined, Set<(change: Change<T>) => void>>();
  let history: Change<T>[] = [];
  /** Everything later than this is in the history. */
  let historyFrom = 0;

  const record = (change: Change<T>): void => {
    history.push(change);
    if (history.length > 2 * HISTORY) {
      historyFrom = history[HISTORY - 1]!.resourceVersion;
      history = history.slice(HISTORY);
    }
    for (const key of [change.key, undefined]) for (const watcher of watchers.get(key) ?? []) watcher(change);
  };
  const selected = ({ key, matches }: Selection<T>): readonly T[] => {
    const candidates = key === undefined ? objects.values() : [objects.get(key)];
    return [...candidates].filter((object) => object !== undefined && matches(object)) as readonly T[];
  };
  const join = (key: string | undefined, watcher: (change: Change<T>) => void): void => {
    const others = watchers.get(key);
    if (others === undefined) watchers.set(key, new Set([watcher]));
    else others.add(watcher);
  };
  const leave = (key: string | undefined, watcher: (change: Change<T>) => void): void => {
    const others = watchers.get(key);
    if (others?.delete(watcher) && others.size === 0) watchers.delete(key);
  };

  return {
    get: (key) => objects.get(key),
    values: () => objects.values(),
    list: (selection, resourceVersion) => ({
      items: selected(selection),
      resourceVersion: String(resourceVersion),
    }),
    watch(selection, { resourceVersion: from, signal }, resourceVersion) {
      const { key, matches } = selection;
      const since = from === undefined ? undefined : Number(from);
      if (since !== undefined && !(Number.isSafeInteger(since) && since <= resourceVersion))
        throw new ApiError('BadRequest', `invalid resource version ${JSON.stringify(from)}`);
      if (since !== undefined && since < historyFrom)
        throw new ApiError('Expired', `too old resource version: ${since} (${historyFrom})`);
      const abort = () => queue.close();
      const queue = createQueue<WatchEvent<T>>(() => {
        leave(key, watcher);
        signal.removeEventListener('abort', abort);
      });
      const watcher = (change: Change<T>): void => {
        const event = key === undefined || key === change.key ? eventOf(change, matches) : undefined;
        if (event === undefined) return;
        // As an API server does with a client that does not keep up: it has to begin anew.
        if (queue.length >= MAX_QUEUED)
          queue.close(new ApiError('Expired', `the watch fell ${MAX_QUEUED} changes behind; list again`));
        else queue.push(event);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) queue.close();
      if (since === undefined) {
        for (const object of selected(selection)) queue.push({ type: 'added', object });
        queue.push({ type: 'bookmark', resourceVersion: String(resourceVersion) });
      } else for (const change of history) if (change.resourceVersion > since) watcher(change);
      if (!signal.aborted) join(key, watcher);
      return queue;
    },
    set(key, object) {
      const before = objects.get(key);
      objects.set(key, object);
      record({ key, resourceVersion: Number(object.metadata.resourceVersion), before, after: object, last: object });
    },
    restore(restored, resourceVersion) {
      for (const [key, object] of restored) objects.set(key, object);
      historyFrom = resourceVersion;
    },
    delete(key, last) {
      const before = objects.get(key);
      objects.delete(key);
      record({ key, resourceVersion: Number(last.metadata.resourceVersion), before, after: undefined, last });
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
