import { type Derivation, deriveKey, type Pbkdf2Derivation } from '@mayfly/pkcs8/password-based';
import { Pkcs12Error } from './errors.js';
import { type ImportLimits, requireAllowed } from './limits.js';
import { createTally, type WatchOptions } from './watch.js';

/** Derivations of a file that run at the same time: native ones use as many threads, and cannot be stopped. */
const CONCURRENT = 2;

/** Milliseconds; a longer timer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Watches over all derivations of one file. */
export interface Guard {
  /** Checks a derivation, counts it, and ends it when the time is up. */
  readonly derive: (derivation: Derivation, password: Uint8Array) => Promise<Uint8Array>;
  /** The same for what is to be decrypted, always under one password: PBKDF2 with the same salt is done once. */
  readonly deriveShared: (derivation: Derivation, password: Uint8Array) => Promise<Uint8Array>;
  /** Begins a derivation that {@link Guard.deriveShared} will be asked for, while something else is waited for. */
  readonly prepare: (derivation: Pbkdf2Derivation, password: Uint8Array) => void;
  /** Stops what runs, and wipes what was derived. */
  readonly end: () => void;
}

/** The caller calls `end` when nothing is to be derived any more. */
export function createGuard(limits: Required<ImportLimits>, { derive, signal, onProgress }: WatchOptions): Guard {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const progress = createTally(onProgress);
  const shared = new Map<string, Promise<Uint8Array>>();
  let left = limits.derivationTime;
  let running = 0;
  let since = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waiting: (() => void)[] = [];

  const outOfTime = (): void =>
    controller.abort(
      new Pkcs12Error(
        'ERR_PKCS12_BUDGET',
        'pfx',
        `deriving keys takes more than ${limits.derivationTime} ms (limit derivationTime)`,
      ),
    );
  const run = async (derivation: Derivation, password: Uint8Array): Promise<Uint8Array> => {
    while (running >= CONCURRENT) await new Promise<void>((resolve) => waiting.push(resolve));
    if (controller.signal.aborted) {
      waiting.shift()?.(); // whoever waits behind hears of it too
      throw controller.signal.reason;
    }
    if (running++ === 0) {
      since = performance.now();
      timer = left === Number.POSITIVE_INFINITY ? undefined : setTimeout(outOfTime, Math.min(left, LONGEST_TIMER));
    }
    try {
      const { onProgress: told } = progress;
      return await deriveKey(derivation, password, {
        ...(derive && { derive }),
        signal: controller.signal,
        onProgress: told,
      });
    } finally {
      if (--running === 0) {
        clearTimeout(timer);
        left -= performance.now() - since;
        if (left <= 0) outOfTime();
      }
      waiting.shift()?.();
    }
  };

  const keyOf = (derivation: Pbkdf2Derivation): string => JSON.stringify({ ...derivation, salt: [...derivation.salt] });
  const begin = async (derivation: Derivation, password: Uint8Array): Promise<Uint8Array> => {
    requireAllowed(derivation, limits);
    progress.begin(derivation);
    return run(derivation, password);
  };
  const share = (derivation: Pbkdf2Derivation, password: Uint8Array): Promise<Uint8Array> => {
    const key = keyOf(derivation);
    let begun = shared.get(key);
    if (begun === undefined) {
      const secret = new Uint8Array(password); // the caller wipes the other one
      begun = begin(derivation, secret).finally(() => secret.fill(0));
      shared.set(key, begun);
    }
    return begun;
  };
  return {
    derive: begin,
    async deriveShared(derivation, password) {
      if (derivation.type !== 'pbkdf2') return begin(derivation, password);
      return (await share(derivation, password)).slice();
    },
    prepare(derivation, password) {
      if (shared.size < CONCURRENT) share(derivation, password).catch(() => {}); // whoever asks for it hears of it
    },
    end() {
      signal?.removeEventListener('abort', stop);
      controller.abort(new Error('Not needed any more'));
      clearTimeout(timer);
      for (const begun of shared.values()) begun.then((key) => key.fill(0)).catch(() => {}); // it failed, and was told
      shared.clear();
    },
  };
}
