import { setTimeout as delay } from 'node:timers/promises';
import type { Seconds } from '@mayfly/der';
import { type Credentials, isValidAt, type LiveCredentials, parseCredentials, serialNumber } from '../credentials.js';
import { messageOf, TlsError, type TlsErrorCode } from '../errors.js';
import { type CredentialEvent, type CredentialSummary, observe, summarize } from './events.js';
import { type ReadCredentials, readCredentials } from './read.js';
import { type CredentialFiles, type CredentialPlaces, resolveSource } from './source.js';
import { DirectoryWatch } from './watch.js';

/** How to follow. */
export interface FollowOptions {
  /** Seconds between two looks beside the watch. From 0.1 to 3600. Default 10. */
  readonly pollInterval?: number;
  /** Seconds to wait for the first usable credentials. Default 30. */
  readonly timeout?: number;
  /** Ends the first wait, and later closes. */
  readonly signal?: AbortSignal;
  /** The wall clock; default the system's. */
  readonly now?: () => Seconds;
  readonly onEvent?: (event: CredentialEvent) => void;
}

/** Where following stands, for a status page. Nothing of it is secret. */
export interface FollowStatus extends CredentialSummary {
  readonly notBefore: Seconds;
  readonly loadedAt: Seconds;
  readonly checkedAt: Seconds;
  /** Whether the leaf is valid now. */
  readonly valid: boolean;
  /** Whether every directory is watched; if not, changes are seen by the poll alone. */
  readonly watching: boolean;
  /** What the newest finding was rejected for; absent when what is there is in use. */
  readonly rejected: { readonly code: string; readonly message: string } | undefined;
}

/** Credentials kept equal to files. Iterating yields the current ones and then each change, the newest when several came. */
export interface FollowedCredentials extends LiveCredentials, AsyncIterable<Credentials> {
  /** Looks now; resolves to what is current then. Does not reject for credentials that cannot be used. */
  check(): Promise<Credentials>;
  explain(): FollowStatus;
  /** Stops timers and watches and ends iterations. The current credentials stay readable. */
  close(): void;
}

/** Milliseconds before each new read of files that do not fit together: a writer may be between two of them. */
const RETRY_DELAYS = [0, 10, 40, 160] as const;
/** What a moment does not change. */
const UNMOVABLE: ReadonlySet<TlsErrorCode> = /* @__PURE__ */ new Set([
  'ERR_TLS_VALIDITY',
  'ERR_TLS_TOO_LARGE',
] as const);
/** Milliseconds between two looks until the first credentials are there. */
const FIRST_POLL = 100;

/**
 * Follows a directory that holds a key, its certificate chain and a trust bundle, as the kubelet or any other writer
 * replaces them. Only what was read as one generation, parses, belongs together and is valid in time is published;
 * otherwise the last good key and chain stay and `rejected` is reported; a trust bundle that can be read takes effect even then. Expired credentials are taken only while there
 * is nothing better.
 *
 * The watch and the poll do not keep a process alive; a pending iteration does.
 * @param source - A directory with `tls.key`, `tls.crt` and `ca.crt`, or {@link CredentialFiles}.
 * @throws {@link TlsError} what kept the first credentials from being used, after `timeout`; the signal's reason.
 * TypeError, RangeError for options that make no sense.
 */
export async function followCredentials(
  source: string | CredentialFiles,
  options: FollowOptions = {},
): Promise<FollowedCredentials> {
  const { pollInterval = 10, timeout = 30, signal, now = systemNow, onEvent, ...unknown } = options;
  unknown satisfies Record<string, never>;
  if (!(pollInterval >= 0.1 && pollInterval <= 3600))
    throw new RangeError(`Cannot poll every ${pollInterval} s: need 0.1 to 3600`);
  if (!(timeout >= 0)) throw new RangeError(`Cannot wait ${timeout} s: need 0 or more`);
  const places = resolveSource(source);
  signal?.throwIfAborted();
  const follower = new Follower(places, now, onEvent);
  try {
    await follower.load(performance.now() + timeout * 1000, signal);
  } catch (error) {
    follower.close();
    throw error;
  }
  follower.start(pollInterval * 1000, signal);
  return follower;
}

const isSameIdentity = (a: Credentials, b: Credentials): boolean =>
  a.privateKey === b.privateKey && a.certificateChain === b.certificateChain;
/** The same but for the order of anchors and text around blocks. */
const isSame = (a: Credentials, b: Credentials): boolean => isSameIdentity(a, b) && a.trustHash === b.trustHash;
const isoTime = (time: Seconds): string => new Date(time * 1000).toISOString();
const systemNow = (): Seconds => Math.floor(Date.now() / 1000);

class Follower implements FollowedCredentials {
  readonly #places: CredentialPlaces;
  readonly #now: () => Seconds;
  readonly #onEvent: ((event: CredentialEvent) => void) | undefined;
  readonly #watches: readonly DirectoryWatch[];
  readonly #listeners = new Set<(credentials: Credentials, previous: Credentials) => void>();
  /** Iterations waiting for a change or the end. */
  readonly #waiting = new Set<() => void>();
  readonly #closing = new AbortController();
  #stopListening: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #current: Credentials | undefined;
  #digest = '';
  #staleSequence = 0;
  #rejected: TlsError | undefined;
  #loadedAt: Seconds = 0;
  #checkedAt: Seconds = 0;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(places: CredentialPlaces, now: () => Seconds, onEvent: ((event: CredentialEvent) => void) | undefined) {
    this.#places = places;
    this.#now = now;
    this.#onEvent = onEvent;
    this.#watches = places.directories.map((directory) => new DirectoryWatch(directory, () => void this.#look()));
  }

  get current(): Credentials {
    // followCredentials hands a follower out only after its first load.
    return this.#current!;
  }

  async load(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      await this.#look();
      signal?.throwIfAborted();
      if (this.#current !== undefined) return;
      const left = deadline - performance.now();
      if (left <= 0) throw this.#rejected ?? new TlsError('ERR_TLS_READ', 'Cannot load credentials: closed meanwhile');
      await delay(Math.min(left, FIRST_POLL), undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }

  start(pollInterval: number, signal: AbortSignal | undefined): void {
    if (signal) {
      const close = (): void => this.close();
      signal.addEventListener('abort', close, { once: true });
      this.#stopListening = () => signal.removeEventListener('abort', close);
    }
    this.#timer = setInterval(() => void this.#look(), pollInterval).unref();
  }

  subscribe(listener: (credentials: Credentials, previous: Credentials) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async check(): Promise<Credentials> {
    await this.#look();
    return this.current;
  }

  explain(): FollowStatus {
    const { validity } = this.current.leaf;
    return {
      ...summarize(this.current),
      notBefore: validity.notBefore,
      loadedAt: this.#loadedAt,
      checkedAt: this.#checkedAt,
      valid: isValidAt(this.current, this.#now()),
      watching: this.#watches.every(({ armed }) => armed),
      rejected: this.#rejected && { code: this.#rejected.code, message: this.#rejected.message },
    };
  }

  close(): void {
    this.#closing.abort();
    clearInterval(this.#timer);
    this.#stopListening?.();
    for (const watch of this.#watches) watch.close();
    this.#listeners.clear();
    for (const wake of this.#waiting) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Credentials, void, undefined> {
    let seen = 0;
    while (!this.#closing.signal.aborted) {
      if (this.current.sequence > seen) {
        seen = this.current.sequence;
        yield this.current;
      } else await this.#change();
    }
  }

  async #change(): Promise<void> {
    this.#timer?.ref();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        if (this.#waiting.size === 0) this.#timer?.unref();
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  /** One look at a time; a call during a look makes it look once more. Never rejects. */
  #look(): Promise<void> {
    this.#again = true;
    this.#running ??= (async () => {
      try {
        while (this.#again && !this.#closing.signal.aborted) {
          this.#again = false;
          for (const watch of this.#watches) watch.arm();
          await this.#readAndPublish();
        }
      } finally {
        this.#running = undefined;
      }
    })();
    return this.#running;
  }

  async #readAndPublish(): Promise<void> {
    let failure: unknown;
    let found: ReadCredentials | undefined;
    for (const wait of RETRY_DELAYS) {
      if (wait > 0) await delay(wait, undefined, { ref: false });
      let settled = this.#current === undefined; // the first load has a loop of its own
      try {
        found = undefined;
        const read = await readCredentials(this.#places);
        found = read;
        settled ||= read.atomic;
        if (this.#closing.signal.aborted) return;
        this.#checkedAt = this.#now();
        if (read.digest === this.#digest) this.#rejected = undefined;
        else this.#publish(this.#accept(parseCredentials(read, this.#nextSequence)), read.digest);
        this.#reportStale();
        return;
      } catch (error) {
        failure = error;
        if (this.#closing.signal.aborted) return;
        if (settled || (error instanceof TlsError && UNMOVABLE.has(error.code))) break;
      }
    }
    this.#checkedAt = this.#now();
    this.#reject(
      failure instanceof TlsError
        ? failure
        : new TlsError('ERR_TLS_READ', `Cannot load credentials: ${messageOf(failure)}`, { cause: failure }),
    );
    if (found !== undefined) this.#acceptTrust(found.trustBundle);
    this.#reportStale();
  }

  /** A key or chain that cannot be used is no reason to go on trusting an authority that was removed. */
  #acceptTrust(trustBundle: string | undefined): void {
    const current = this.#current;
    if (current === undefined || trustBundle === undefined) return;
    let credentials: Credentials;
    try {
      const { privateKey, certificateChain } = current;
      credentials = parseCredentials({ privateKey, certificateChain, trustBundle }, this.#nextSequence);
    } catch {
      return; // the bundle is what was rejected
    }
    if (isSame(credentials, current)) return;
    this.#digest = ''; // no files hold what is in use now, so even the former ones are news
    this.#replace(credentials, current);
  }

  get #nextSequence(): number {
    return (this.#current?.sequence ?? 0) + 1;
  }

  #accept(found: Credentials): Credentials {
    const now = this.#now();
    if (this.#current !== undefined && !isValidAt(found, now) && isValidAt(this.#current, now)) {
      const { notBefore, notAfter } = found.leaf.validity;
      throw new TlsError(
        'ERR_TLS_VALIDITY',
        `Cannot use certificate ${serialNumber(found.leaf)}: ${now < notBefore ? `not valid before ${isoTime(notBefore)}` : `expired at ${isoTime(notAfter)}`}, and the one in use is valid`,
      );
    }
    return found;
  }

  #publish(credentials: Credentials, digest: string): void {
    this.#digest = digest;
    this.#rejected = undefined;
    this.#replace(credentials, this.#current);
  }

  #replace(credentials: Credentials, previous: Credentials | undefined): void {
    if (previous !== undefined && isSame(credentials, previous)) return;
    this.#current = credentials;
    this.#loadedAt = this.#checkedAt;
    const summary = summarize(credentials);
    if (previous === undefined) {
      this.#emit({ type: 'loaded', ...summary });
      return;
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(credentials, previous);
      } catch (error) {
        this.#emit({ type: 'rejected', code: 'ERR_TLS_LISTENER', message: messageOf(error) });
      }
    }
    if (!isSameIdentity(credentials, previous)) this.#emit({ type: 'rotated', ...summary });
    if (credentials.trustHash !== previous.trustHash) this.#emit({ type: 'trust-changed', ...summary });
    for (const wake of [...this.#waiting]) wake();
  }

  #reject(error: TlsError): void {
    const repeated = this.#rejected?.code === error.code && this.#rejected.message === error.message;
    this.#rejected = error;
    if (!repeated) this.#emit({ type: 'rejected', code: error.code, message: error.message });
  }

  #reportStale(): void {
    const current = this.#current;
    if (current === undefined || current.sequence === this.#staleSequence) return;
    if (current.leaf.validity.notAfter >= this.#now()) return;
    this.#staleSequence = current.sequence;
    this.#emit({ type: 'stale', ...summarize(current) });
  }

  #emit(event: CredentialEvent): void {
    observe(this.#onEvent, event);
  }
}
