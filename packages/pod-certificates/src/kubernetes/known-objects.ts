import type { WatchEvent } from '../api.js';

/** The least that tells versions of objects apart. */
export interface ObjectIdentity {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** What was told of a collection, so that nothing is told twice and nothing is missed. */
export interface Known<T> {
  /** @returns The event of a change, or `undefined` for one that is older than what was told. */
  change(type: string, object: T): WatchEvent<T> | undefined;
  /** Begins to compare with a list, of which `isBehind` says whether it is of a moment before what was told of. */
  list(isBehind: boolean): KnownList<T>;
}

/** The events that lead from what was told to what there is. */
export interface KnownList<T> {
  /** Of some objects of the list. */
  add(objects: readonly T[]): readonly WatchEvent<T>[];
  /** Of what is not in the list, all of which was added. */
  end(resourceVersion: string): readonly WatchEvent<T>[];
}

/** Deletions that are remembered, so that no late event brings an object back. */
const MAX_GONE = 10_000;

/**
 * Knows nothing yet.
 * @param keep - What is kept of an object, to tell of its end.
 */
export function knownObjects<T extends ObjectIdentity>(keep: (object: T) => T): Known<T> {
  const present = new Map<string, T>();
  /** Uids, oldest first, with the resource version of their end. */
  const gone = new Map<string, string>();

  const bury = (uid: string, resourceVersion: string): void => {
    present.delete(uid);
    gone.set(uid, resourceVersion);
    if (gone.size <= MAX_GONE) return;
    const [oldest] = gone.keys();
    gone.delete(oldest!); // there are thousands
  };

  return {
    change(type, object) {
      const { uid, resourceVersion } = object.metadata;
      const before = present.get(uid)?.metadata.resourceVersion;
      // No uid is given twice: what is gone stays gone.
      if (gone.has(uid)) return undefined;
      if (type === 'DELETED') {
        bury(uid, resourceVersion);
        return { type: 'deleted', object };
      }
      if (type !== 'ADDED' && type !== 'MODIFIED') return undefined;
      if (before === resourceVersion) return undefined;
      if (before !== undefined && isOlderVersion(resourceVersion, before)) return undefined;
      present.set(uid, keep(object));
      return { type: before === undefined ? 'added' : 'modified', object };
    },
    list(isBehind) {
      const listed = new Set<string>();
      return {
        add: (objects) =>
          objects.flatMap((object) => {
            const { uid, resourceVersion } = object.metadata;
            const before = present.get(uid)?.metadata.resourceVersion;
            listed.add(uid);
            gone.delete(uid);
            if (before === resourceVersion) return [];
            present.set(uid, keep(object));
            return [{ type: before === undefined ? 'added' : 'modified', object }];
          }),
        end(resourceVersion) {
          const ended = [...present].filter(([uid]) => !listed.has(uid));
          for (const [uid] of ended) bury(uid, resourceVersion);
          // What a server does not know yet may still come.
          if (isBehind) gone.clear();
          return ended.map(([, object]) => ({ type: 'deleted', object }));
        },
      };
    },
  };
}

/**
 * Whether one resource version came before another: they are decimal and grow within one resource (KEP-5504). Those that are
 * not decimal are taken for newer, as the server sends them later.
 */
export const isOlderVersion = (a: string, b: string): boolean =>
  /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b);
