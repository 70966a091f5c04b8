import { formatDuration, type Seconds } from '@mayfly/der';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { type BackoffOptions, backoffDelay } from './backoff.js';
import type { CredentialBundle, Store } from './bundle.js';
import { type Clock, STEP_THRESHOLD } from './clock.js';
import { RotationError } from './errors.js';
import { herdSpread, overdueAt, type RefreshOptions, refreshAt } from './refresh.js';
import { stableRandom } from './stable-random.js';

/** What happened to a credential. No event carries key bytes. */
export type KeepFreshEvent =
  /** In use from now on: found in the store, or obtained and stored. */
  | {
      readonly type: 'loaded' | 'fresh';
      readonly at: Seconds;
      readonly serialNumber: bigint;
      readonly refreshAt: Seconds;
      readonly notAfter: Seconds;
    }
  /** An attempt failed; the bundle in the store stays, and the next attempt follows at `until`. */
  | { readonly type: 'retry'; readonly at: Seconds; readonly until: Seconds; readonly error: unknown }
  /** The refresh is late enough for somebody to look, see {@link overdueAt}; or the certificate is no longer valid. */
  | {
      readonly type: 'overdue' | 'expired';
      readonly at: Seconds;
      readonly refreshAt: Seconds;
      readonly notAfter: Seconds;
    };

/** What {@link keepFresh} works with. */
export interface KeepFreshOptions {
  readonly store: Store;
  /**
   * Gets a new bundle, with `refreshAt` where the signer names the moment. Verifies it: what this returns is stored.
   * It is not given the old bundle, so an expired one never stands in the way. Heeds the signal.
   */
  readonly obtain: (signal: AbortSignal) => Promise<CredentialBundle>;
  readonly clock: Clock;
  readonly refresh?: RefreshOptions;
  readonly backoff?: BackoffOptions;
  /** Seconds after which `obtain` is given up. Default 900. */
  readonly attemptTimeout?: Seconds;
  /** Draws for back-off and for spreading after a jump. Default `Math.random`. */
  readonly random?: () => number;
  readonly signal: AbortSignal;
  /** Must not throw. */
  readonly onEvent?: (event: KeepFreshEvent) => void;
}

interface Held {
  readonly leaf: Certificate;
  readonly due: Seconds;
}

/** Longest delay after a jump or a start: everything due is refreshed within a minute of it. */
const LONGEST_SPREAD = 60;

/**
 * Keeps the bundle in the store fresh until the signal is aborted: obtains, stores, sleeps until it is due. A valid
 * bundle that is found at the start is used as it is. After a failure the bundle stays, and attempts go on with back-off
 * until and past `notAfter`; a bundle that could not be stored is stored later, not obtained again.
 * @returns When the signal is aborted.
 * @throws What `store.load` throws, and {@link RotationError} `ERR_ROTATION_BUNDLE` when the store holds no certificate
 * that can be read: a person should look before a key is replaced. RangeError for options outside their range.
 */
export async function keepFresh(options: KeepFreshOptions): Promise<void> {
  try {
    await rotate(options);
  } catch (error) {
    if (!options.signal.aborted) throw error; // an aborted sleep is the way this ends
  }
}

async function rotate({
  store,
  obtain,
  clock,
  refresh = {},
  backoff = {},
  attemptTimeout = 900,
  random = Math.random,
  signal,
  onEvent = () => {},
  ...unknown
}: KeepFreshOptions): Promise<never> {
  unknown satisfies Record<string, never>;
  if (!(attemptTimeout >= 1)) throw new RangeError(`Cannot wait ${attemptTimeout} s for a bundle: need 1 or more`);
  backoffDelay(undefined, 0, backoff, () => 0); // throw now what they would throw at the first attempt
  refreshAt({ notBefore: 0, notAfter: 0 }, refresh, () => 0);
  signal.throwIfAborted();
  let held: Held | undefined;
  let alarms: { readonly type: 'overdue' | 'expired'; readonly at: Seconds }[] = [];

  const hold = (type: 'loaded' | 'fresh', next: Held): void => {
    const { serialNumber, validity } = next.leaf;
    held = next;
    alarms = [
      // What became due while nobody ran is due now: the time before is nobody's delay.
      { type: 'overdue', at: overdueAt(validity, Math.max(next.due, clock.now())) },
      { type: 'expired', at: validity.notAfter + 1 },
    ];
    onEvent({ type, at: clock.now(), serialNumber, refreshAt: next.due, notAfter: validity.notAfter });
  };

  const raiseAlarms = (): void => {
    const now = clock.now();
    while (held !== undefined && alarms[0] !== undefined && alarms[0].at <= now) {
      const { type } = alarms.shift()!;
      onEvent({ type, at: now, refreshAt: held.due, notAfter: held.leaf.validity.notAfter });
    }
  };

  /** Sleeps until a moment or a step of the clock, raising the alarms that fall into it. */
  const pass = async (until: Seconds, within: AbortSignal): Promise<void> => {
    for (let stepped = false; !stepped && clock.now() < until; ) {
      raiseAlarms();
      stepped = (await clock.sleepUntil(Math.min(until, alarms[0]?.at ?? until), within)) === 'stepped';
    }
    raiseAlarms();
  };

  const untilDue = async ({ due, leaf }: Held): Promise<void> => {
    let at = due;
    for (let isSpread = false; ; ) {
      const now = clock.now();
      if (!isSpread && now - at > STEP_THRESHOLD) {
        isSpread = true;
        at = now + Math.floor(random() * herdSpread(leaf.validity.notAfter - now, LONGEST_SPREAD));
      }
      if (at <= now) return;
      await pass(at, signal);
    }
  };

  const attempt = async (): Promise<CredentialBundle> => {
    // Aborted while something else was awaited: a listener added now would never be called.
    signal.throwIfAborted();
    const attempted = new AbortController();
    const abort = (): void => attempted.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    // By the monotonic clock: one on the wall that is set makes no attempt shorter or longer.
    const until = clock.monotonic() + attemptTimeout * 1000;
    const left = (): Seconds => Math.ceil((until - clock.monotonic()) / 1000);
    const timeout = async (): Promise<never> => {
      while (left() > 0) await pass(clock.now() + left(), attempted.signal);
      throw new RotationError('ERR_ROTATION_TIMEOUT', `Cannot obtain a bundle: no answer within ${attemptTimeout} s`);
    };
    try {
      return planned(await Promise.race([obtain(attempted.signal), timeout()]), refresh, clock.now());
    } finally {
      signal.removeEventListener('abort', abort);
      attempted.abort();
    }
  };

  const replace = async (): Promise<Held> => {
    let pending: CredentialBundle | undefined;
    for (let delay: Seconds | undefined; ; ) {
      try {
        pending ??= await attempt();
        const next = heldBundle(pending, refresh);
        await store.replace(pending);
        return next;
      } catch (error) {
        signal.throwIfAborted();
        const now = clock.now();
        if (pending?.refreshAt !== undefined && pending.refreshAt <= now) pending = undefined;
        delay = backoffDelay(delay, (held?.leaf.validity.notAfter ?? now) - now, backoff, random);
        onEvent({ type: 'retry', at: now, until: now + delay, error });
        await pass(now + delay, signal);
      }
    }
  };

  const stored = await store.load();
  if (stored !== undefined) hold('loaded', heldBundle(stored, refresh));
  for (;;) {
    raiseAlarms();
    if (held !== undefined) await untilDue(held);
    hold('fresh', await replace());
  }
}

/** A new bundle with the moment of its refresh written into it, so that a restart does not draw again. */
function planned(bundle: CredentialBundle, refresh: RefreshOptions, now: Seconds): CredentialBundle {
  const { leaf, due } = heldBundle(bundle, refresh);
  const { notAfter } = leaf.validity;
  if (notAfter < now)
    throw new RotationError(
      'ERR_ROTATION_EXPIRED',
      `Cannot use the new bundle: it expired ${formatDuration(now - notAfter)} ago`,
    );
  // Due on arrival means clocks that disagree; half of what remains keeps that from becoming a loop of requests.
  return { ...bundle, refreshAt: due > now ? due : now + Math.ceil((notAfter - now + 1) / 2) };
}

function heldBundle({ chain, refreshAt: named }: CredentialBundle, refresh: RefreshOptions): Held {
  const leaf = parseLeaf(chain[0]);
  const due = named ?? refreshAt(leaf.validity, refresh, stableRandom(leaf.issuer, leaf.serialNumber));
  return { leaf, due: Math.min(due, leaf.validity.notAfter) };
}

function parseLeaf(der: Uint8Array | undefined): Certificate {
  if (der === undefined) throw new RotationError('ERR_ROTATION_BUNDLE', 'Cannot use the bundle: its chain is empty');
  try {
    return parseCertificate(der);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot use the bundle's leaf: ${state}`, { cause });
  }
}
