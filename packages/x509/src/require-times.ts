import type { Seconds } from '@mayfly/der';

/**
 * What every check of times begins with: comparisons with what is no number are all false, and false means fresh.
 * @param at - The moment that is asked about.
 * @param spans - Ages and tolerances by their names; absent ones are fine.
 * @throws RangeError unless `at` is a whole second and every span zero or more.
 */
export function requireTimes(at: Seconds, spans: Readonly<Record<string, Seconds | undefined>>): void {
  if (!Number.isSafeInteger(at)) throw new RangeError(`Cannot check revocation: at is ${at}, not a whole second`);
  for (const [name, value] of Object.entries(spans))
    if (value !== undefined && !(value >= 0))
      throw new RangeError(`Cannot check revocation: ${name} is ${value}, not zero or more seconds`);
}
