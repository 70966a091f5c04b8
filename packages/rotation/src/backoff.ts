import type { Seconds } from '@mayfly/der';

/** How long to wait after a failure. */
export interface BackoffOptions {
  /** Shortest delay in seconds, at least 1. Default 1. */
  readonly base?: Seconds;
  /** Longest delay in whole seconds. Default 300. */
  readonly cap?: Seconds;
  /** Longest delay as a share of what remains until `notAfter`, while something remains. In (0, 1]. Default 0.05. */
  readonly share?: number;
}

/**
 * Draws the delay before the next attempt with decorrelated jitter: anywhere between `base` and three times the previous
 * delay, at most `cap`, and at most a share of the time that remains.
 * @param previous - What this function returned for the attempt before, or `undefined` after the first failure.
 * @param remaining - Seconds until the credential expires; 0 or less once it has, and then only `cap` bounds the delay.
 * @param random - One draw from [0, 1).
 * @returns Whole seconds, at least `base`.
 * @throws RangeError for options outside their range.
 */
export function backoffDelay(
  previous: Seconds | undefined,
  remaining: Seconds,
  { base = 1, cap = 300, share = 0.05, ...unknown }: BackoffOptions = {},
  random: () => number = Math.random,
): Seconds {
  unknown satisfies Record<string, never>;
  if (!(1 <= base && base <= cap && Number.isSafeInteger(base) && Number.isSafeInteger(cap)))
    throw new RangeError(`Cannot back off from ${base} s to ${cap} s: need whole seconds, 1 <= base <= cap`);
  if (!(0 < share && share <= 1)) throw new RangeError(`Cannot back off by a share of ${share}: need 0 < share <= 1`);
  const drawn = base + Math.floor(random() * (3 * (previous ?? base) - base + 1));
  const longest = remaining > 0 ? Math.min(cap, Math.floor(remaining * share)) : cap;
  return Math.max(base, Math.min(drawn, longest));
}
