import { createSecureContext, type SecureContext } from 'node:tls';
import type { Seconds } from '@mayfly/der';
import { type Credentials, type LiveCredentials, serialNumber } from '../credentials.js';
import { observe } from '../follow/events.js';
import type { ExpectedServer } from './identity.js';

/** How a client uses credentials. */
export interface ReloadingClientOptions {
  readonly expect?: ExpectedServer;
  /** Oldest a connection gets before it takes no more requests, in seconds, spread by a tenth either way. Default 3600. */
  readonly maxConnectionAge?: Seconds;
  /** Seconds that requests under way get on old connections after a change of trust. Default 30. */
  readonly grace?: Seconds;
  /** The wall clock; default the system's. */
  readonly now?: () => Seconds;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
  readonly onEvent?: (event: ClientEvent) => void;
}

/** What happened at a client. */
export interface ClientEvent {
  readonly type: 'installed';
  readonly sequence: number;
  readonly serialNumber: string;
}

/** What a client uses at the moment; nothing of it is secret. */
export interface ClientStatus {
  readonly sequence: number;
  readonly serialNumber: string;
  readonly notAfter: Seconds;
  readonly trustHash: string;
}

/** All connections made with one set of credentials, and their sessions: nothing passes from one to the next. */
export interface Generation<T> {
  readonly credentials: Credentials;
  readonly value: T;
}

/** The generation that new requests use. */
export interface Generations<T> {
  readonly current: Generation<T>;
  explain(): ClientStatus;
  close(): void;
}

/** Milliseconds between two looks at the age of a generation. */
const AGE_INTERVAL = 10_000;

/**
 * Begins a generation with each change of credentials, when the last one is too old, and when its certificate expires.
 * @param begin - Makes what a generation needs; throwing keeps the last one.
 * @param retire - Lets the last one end; `deadline` in seconds from now is there when its trust is gone.
 */
export function followGenerations<T>(
  live: LiveCredentials,
  options: Pick<ReloadingClientOptions, 'maxConnectionAge' | 'grace' | 'now' | 'random' | 'onEvent'>,
  begin: (context: SecureContext) => T,
  retire: (value: T, deadline: Seconds | undefined) => void,
): Generations<T> {
  const { maxConnectionAge = 3600, grace = 30, now = systemNow, random = Math.random, onEvent } = options;
  if (!(maxConnectionAge >= 1 && maxConnectionAge <= 86_400))
    throw new RangeError(`Cannot use maxConnectionAge ${maxConnectionAge}: need 1 to 86400`);
  if (!(grace >= 0 && grace <= 3600)) throw new RangeError(`Cannot use grace ${grace}: need 0 to 3600`);

  let renewAt: Seconds = 0;
  const start = (credentials: Credentials): Generation<T> => {
    const { sequence, leaf } = credentials;
    const value = begin(contextOf(credentials));
    const { notAfter } = leaf.validity;
    const oldest = now() + maxConnectionAge * (0.9 + 0.2 * random());
    renewAt = notAfter >= now() ? Math.min(oldest, notAfter + 1) : oldest;
    observe(onEvent, { type: 'installed', sequence, serialNumber: serialNumber(leaf) });
    return { credentials, value };
  };
  let current = start(live.current);
  const replace = (credentials: Credentials): void => {
    const last = current;
    current = start(credentials);
    retire(last.value, credentials.trustHash === last.credentials.trustHash ? undefined : grace);
  };
  const unsubscribe = live.subscribe(replace);
  const timer = setInterval(() => {
    if (now() >= renewAt) replace(current.credentials);
  }, AGE_INTERVAL).unref();

  return {
    get current() {
      return current;
    },
    explain: () => ({
      sequence: current.credentials.sequence,
      serialNumber: serialNumber(current.credentials.leaf),
      notAfter: current.credentials.leaf.validity.notAfter,
      trustHash: current.credentials.trustHash,
    }),
    close() {
      unsubscribe();
      clearInterval(timer);
    },
  };
}

/** One context per generation: making one per connection costs more than the handshake's own work. */
const contextOf = ({ privateKey, certificateChain, trustAnchors }: Credentials): SecureContext =>
  createSecureContext({
    minVersion: 'TLSv1.2',
    key: privateKey,
    cert: certificateChain,
    ...(trustAnchors !== undefined && { ca: trustAnchors }),
  });

const systemNow = (): Seconds => Math.floor(Date.now() / 1000);
