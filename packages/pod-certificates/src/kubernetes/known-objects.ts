import type { WatchEvent } from '../api.js';

/** The least that tells versions of objects apart. */
export interface ObjectIdentity {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** What was told of a collection, so that nothing is told twice and nothing is missed. */
export interface Known<T> {
  /** @returns The event of a change, or `undefined` for one that is older than what was told. */
  change(type: string, object: T): WatchEvent<T> | undefined;
  /** The events that lead from what was told to what there is, as of a resource version. */
  replace(objects: readonly T[], resourceVersion: string): readonly WatchEvent<T>[];
}

/** Deletions that are remembered, so that no late event brings an object back. */
const MAX_GONE = 10_000;

/** Knows nothing yet. */
export function knownObjects<T extends ObjectIdentity>(): Known<T> {
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
      const before = present.get(uid);
      // No uid is given twice: what is gone stays gone.
      if (gone.has(uid)) return undefined;
      if (type === 'DELETED') {
        bury(uid, resourceVersion);
        return { type: 'deleted', object };
      }
      if (type !== 'ADDED' && type !== 'MODIFIED') return undefined;
      if (before?.metadata.resourceVersion === resourceVersion) return undefined;
      if (before !== undefined && isOlderVersion(resourceVersion, before.metadata.resourceVersion)) return undefined;
      present.set(uid, object);
      return { type: before === undefined ? 'added' : 'modified', object };
    },
    replace(objects, resourceVersion) {
      const now = new Map(objects.map((object) => [object.metadata.uid, object]));
      const events: WatchEvent<T>[] = [];
      for (const [uid, object] of [...present])
        if (!now.has(uid)) {
          bury(uid, resourceVersion);
          events.push({ type: 'deleted', object });
        }
      for (const [uid, object] of now) {
        const before = present.get(uid);
        gone.delete(uid);
        if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
        present.set(uid, object);
        events.push({ type: before === undefined ? 'added' : 'modified', object });
      }
      return events;
    },
  };
}

/**
 * Whether one resource version came before another: they are decimal and grow within one resource (KEP-5504). Those that are
 * not decimal are taken for newer, as the server sends them later.
 */
export const isOlderVersion = (a: string, b: string): boolean =>
  /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b);
