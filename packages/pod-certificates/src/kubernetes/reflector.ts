import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, type Clock, sleepFor } from '@mayfly/rotation';
import { ApiError, type WatchEvent } from '../api.js';
import { type JsonObject, textMember } from '../json.js';
import { createPatience } from '../patience.js';
import type { KubernetesClient } from './client.js';
import { KubernetesError } from './errors.js';
import { isOlderVersion, type KnownList, knownObjects, type ObjectIdentity } from './known-objects.js';
import type { Query } from './paths.js';

/** What a reflector tells beside events; nothing of it ends it. */
export type ReflectorTrouble =
  /** The watch or the list failed; the next attempt begins at `at`. */
  | { readonly type: 'interrupted'; readonly error: unknown; readonly at: Seconds }
  /** An object that cannot be read was passed over. */
  | { readonly type: 'unreadable'; readonly error: unknown };

export interface ReflectorOptions<T extends ObjectIdentity> {
  readonly client: Pick<KubernetesClient, 'pages' | 'watch'>;
  /** Of the collection. */
  readonly path: string;
  /** Field and label selectors. */
  readonly query: Query;
  readonly read: (json: unknown) => T;
  /** What is kept of an object to tell of its end when a list shows that it is gone. Default all of it. */
  readonly keep?: (object: T) => T;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Draws from [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Between attempts that fail. Default from 1 s to 60 s. */
  readonly backoff?: BackoffOptions;
  readonly onTrouble?: (trouble: ReflectorTrouble) => void;
}

/** Seconds from one list to the next at least, and from one watch to the next. */
const LIST_PERIOD: Seconds = 60;
const WATCH_PERIOD: Seconds = 1;
/** Seconds after which a watch is asked to end, so that connections spread over servers that come and go. */
const WATCH_TIME: Seconds = 300;

/**
 * What there is as `added`, a bookmark, then what changes, for as long as the signal lets it: a watch that breaks is resumed
 * where it broke, a resource version that the server has forgotten, or does not know as it was set back, is listed anew, and what went by meanwhile is told from the
 * difference. A list that breaks off goes on with the page that failed. An event that is older than what was told of its object is dropped.
 * @throws {@link ApiError} for what waiting does not change: `Forbidden`, `Unauthorized`, `NotFound`, `BadRequest`.
 */
export async function* reflect<T extends ObjectIdentity>(options: ReflectorOptions<T>): AsyncIterable<WatchEvent<T>> {
  const { client, path, query, read, clock, signal, random = Math.random, backoff = { cap: 60 } } = options;
  const { keep = (object) => object, onTrouble = () => {} } = options;
  const known = knownObjects<T>(keep);
  /** What was told of last; a list before it is of a server that lags behind or was set back. */
  let seen = '0';
  let version: string | undefined;
  /** A list that broke off: how it compares so far, and where it goes on. */
  let list: { readonly known: KnownList<T>; readonly next: string } | undefined;
  /** By the monotonic clock. */
  let listedAt: number | undefined;
  let watchedAt: number | undefined;
  let patience = createPatience(backoff, random);

  const tryRead = (json: JsonObject): T | undefined => {
    try {
      return read(json);
    } catch (error) {
      onTrouble({ type: 'unreadable', error });
      return undefined;
    }
  };

  while (!signal.aborted) {
    try {
      if (version === undefined) {
        if (list === undefined && !(await paused(listedAt, LIST_PERIOD, clock, signal))) return;
        const rest = list === undefined ? query : { ...query, continue: list.next };
        let listed = seen;
        for await (const { items, resourceVersion, next } of client.pages(path, rest, signal)) {
          listedAt = clock.monotonic();
          list = { next, known: list?.known ?? known.list(isOlderVersion(resourceVersion, seen)) };
          listed = resourceVersion;
          yield* list.known.add(items.map(tryRead).filter((item) => item !== undefined));
        }
        if (list !== undefined) yield* list.known.end(listed);
        list = undefined;
        version = seen = listed;
        yield { type: 'bookmark', resourceVersion: version };
        patience = createPatience(backoff, random);
      }
      if (!(await paused(watchedAt, WATCH_PERIOD, clock, signal))) return;
      watchedAt = clock.monotonic();
      const timeoutSeconds = WATCH_TIME + Math.floor(WATCH_TIME * random());
      for await (const { type, object } of client.watch(
        path,
        { ...query, resourceVersion: version, timeoutSeconds },
        signal,
      )) {
        patience = createPatience(backoff, random);
        const shown = resourceVersionOf(object);
        if (type === 'BOOKMARK' && isOlderVersion(shown, version)) {
          version = undefined; // the server was set back: what it had since is gone
          break;
        }
        version = seen = newer(version, shown);
        if (type === 'BOOKMARK') {
          yield { type: 'bookmark', resourceVersion: version };
          continue;
        }
        const item = tryRead(object);
        const event = item === undefined ? undefined : known.change(type, item);
        if (event !== undefined) yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (version !== undefined && isUnknownVersion(error)) {
        version = undefined;
        continue;
      }
      // Of what it goes on with, nothing is known any more.
      if (isUnknownVersion(error)) list = undefined;
      if (error instanceof ApiError && FINAL.includes(error.reason)) throw error;
      // A watch that was silent for too long, or doubted, says nothing of the server: whoever waits now is blind meanwhile.
      const isSilent =
        version !== undefined && error instanceof KubernetesError && error.code === 'ERR_KUBERNETES_TIMEOUT';
      const delay = isSilent ? 0 : patience.after(error);
      onTrouble({ type: 'interrupted', error, at: clock.now() + delay });
      if (!(await sleepFor(clock, delay, signal))) return;
    }
  }
}

/** Whether a server knows a resource version no more, or, after it was set back, not yet. */
const isUnknownVersion = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.reason === 'Expired' || (error.reason === 'Timeout' && error.message.includes('Too large resource version')));

/** What no waiting changes: whoever asked has to be told. */
const FINAL: readonly string[] = ['BadRequest', 'Forbidden', 'NotFound', 'Unauthorized'];

/** Waits until a period has passed since a moment of the monotonic clock. */
const paused = async (
  since: number | undefined,
  period: Seconds,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> =>
  since === undefined || (await sleepFor(clock, period - Math.floor((clock.monotonic() - since) / 1000), signal));

const resourceVersionOf = (object: JsonObject): string => {
  const { metadata } = object;
  return typeof metadata === 'object' && metadata !== null ? textMember({ ...metadata }, 'resourceVersion') : '';
};

function newer(current: string, next: string): string {
  if (next === '') return current;
  return isOlderVersion(next, current) ? current : next;
}
