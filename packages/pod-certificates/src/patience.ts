import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, backoffDelay } from '@mayfly/rotation';
import { ApiError } from './api.js';

/** Waits longer after each failure of the same thing. A server that is too busy and says when to come again is taken at its word. */
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
      const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
      // It sheds load and would shed more of it: what grows here would only make the unlucky wait for minutes.
      if (error instanceof ApiError && error.reason === 'TooManyRequests' && asked > 0)
        return asked + Math.floor(random() * (1 + asked / 2));
      previous = backoffDelay(previous, 0, options, random);
      return Math.max(previous, asked);
    },
  };
}
