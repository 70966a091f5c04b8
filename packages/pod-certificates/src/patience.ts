import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, backoffDelay } from '@mayfly/rotation';
import { ApiError } from './api.js';

/** Waits longer after each failure of the same thing, as long as the server asks for at least. */
export interface Patience {
  /** Seconds after which the next attempt is to begin. */
  after(error: unknown): Seconds;
}

/**
 * @param random - Draws from [0, 1).
 * @throws RangeError for options outside their range.
 */
export function createPatience(options: BackoffOptions, random: () => number): Patience {
  backoffDelay(undefined, 0, options, () => 0); // throws now what it would throw at the first failure
  let previous: Seconds | undefined;
  return {
    after(error) {
      previous = backoffDelay(previous, 0, options, random);
      const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
      return Math.max(previous, asked);
    },
  };
}
