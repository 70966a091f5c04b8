import type { Seconds } from '@mayfly/der';
import type { Validity } from '@mayfly/x509';

/** When a certificate is due for refresh. */
export interface RefreshOptions {
  /** Share of the lifetime after which refresh is due at the latest. In (0, 1). Default 0.8. */
  readonly fraction?: number;
  /** Share of the lifetime over which starts are spread, only ever earlier. In [0, fraction). Default 0.1. */
  readonly jitter?: number;
  /**
   * Seconds before `notAfter` that are kept free to ride out an outage of the signer. Default 0. More than half of the
   * lifetime counts as half: refreshing sooner would not add slack to the next certificate, only load.
   */
  readonly outageBudget?: Seconds;
}

/**
 * Says when to refresh: `min(fraction of the lifetime, notAfter - outageBudget)`, less the jitter.
 * @param random - One draw from [0, 1); pass {@link stableRandom} for a draw that survives a restart.
 * @returns A whole second inside the validity, never later than both bounds.
 * @throws RangeError for options outside their range or a validity that ends before it begins.
 */
export function refreshAt(
  { notBefore, notAfter }: Validity,
  { fraction = 0.8, jitter = 0.1, outageBudget = 0, ...unknown }: RefreshOptions = {},
  random: () => number = Math.random,
): Seconds {
  unknown satisfies Record<string, never>;
  if (!(0 <= jitter && jitter < fraction && fraction < 1))
    throw new RangeError(`Cannot spread ${jitter} before ${fraction}: need 0 <= jitter < fraction < 1`);
  if (!(outageBudget >= 0)) throw new RangeError(`Cannot keep ${outageBudget} s free: need a budget of 0 s or more`);
  if (!(notBefore <= notAfter))
    throw new RangeError(`Cannot refresh between ${notBefore} and ${notAfter}: the validity ends before it begins`);
  const lifetime = notAfter - notBefore + 1;
  const slackFrom = Math.max(0.5, 1 - (outageBudget + 1) / lifetime);
  const latest = outageBudget > 0 ? Math.min(fraction, slackFrom) : fraction;
  // The jitter keeps its proportion to the point it precedes, so it never reaches back before notBefore.
  return notBefore + Math.floor(lifetime * (latest - jitter * (latest / fraction) * random()));
}

/**
 * Says when a refresh that has not happened is worth an alarm: ten minutes or a twentieth of the lifetime after it was
 * due, whichever is longer, and for short lifetimes at most half of the way to `notAfter`.
 */
export function overdueAt({ notBefore, notAfter }: Validity, due: Seconds): Seconds {
  const patience = Math.max(600, (notAfter - notBefore + 1) / 20);
  return Math.ceil(due + Math.max(0, Math.min(patience, (notAfter - due) / 2)));
}

/**
 * Says over how many seconds a herd that became due at one moment is spread: `longest` or a tenth of what remains,
 * whichever is shorter; 0 when nothing remains.
 */
export function herdSpread(remaining: Seconds, longest: Seconds = 300): Seconds {
  return Math.max(0, Math.min(longest, Math.floor(remaining / 10)));
}
