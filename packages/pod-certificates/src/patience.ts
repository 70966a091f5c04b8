import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, backoffDelay, type Clock } from '@mayfly/rotation';
import { ApiError } from './api.js';

/** Waits longer after each failure of the same thing, as long as the server asks for at least. */
export interface Patience {
  /** When the next attempt is to begin. */
  after(error: unknown): Seconds;
}

/**
 * @param random - Draws from [0, 1).
 * @throws RangeError for options outside their range.
 */
export function createPatience(clock: Clock, options: BackoffOptions, random: () => number): Patience {
  backoffDelay(undefined, 0, options, () => 0); // throws now what it would throw at the first failure
  let previous: Seconds | undefined;
  return {
    after(error) {
      previous = backoffDelay(previous, 0, options, random);
      const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
      return clock.now() + Math.max(previous, asked);
    },
  };
}

/**
 * Sleeps until the clock shows `at`, through steps of the clock.
 * @returns `false` as soon as the signal is aborted.
 */
export async function slept(clock: Clock, at: Seconds, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted && clock.now() < at) {
    try {
      await clock.sleepUntil(at, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return !signal.aborted;
}
