import { ApiError } from '@mayfly/pod-certificates/api';
import { KubernetesError } from '@mayfly/pod-certificates/kubernetes';
import { backoffDelay, type Clock, sleepFor } from '@mayfly/rotation';
import { isUntrusted } from '../errors.js';
import { because, type Log } from './log.js';

/** Seconds between two attempts, at the most. */
const LONGEST_DELAY = 30;

/** What the first answer is waited for with. */
export interface FirstAnswerOptions {
  /** Address of the API server, for the log. */
  readonly server: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Asks an API server until it answers, as programs in a cluster do that begin before it: each attempt that fails is a line of the
 * log. What waiting does not mend (a refusal, a server that is not trusted) is thrown at once.
 * @throws What `ask` throws, and the signal's reason.
 */
export async function firstAnswer<T>(
  ask: () => Promise<T>,
  { server, clock, log, signal }: FirstAnswerOptions,
): Promise<T> {
  for (let delay: number | undefined; ; ) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted(); // which may have ended the attempt
      if (!mayPass(error)) throw error;
      delay = backoffDelay(delay, 0, { cap: LONGEST_DELAY });
      log({
        level: 'warn',
        reason: 'ServerNotReached',
        message: because(
          `The API server at ${server} is asked again in ${delay} s; if it should answer, check the address`,
          error,
        ),
        retryIn: delay,
      });
      await sleepFor(clock, delay, signal);
    }
  }
}

/** Whether the same question may be answered later: the server is away, or too busy. */
function mayPass(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApiError) return at.status >= 500 || at.status === 429;
    if (at instanceof KubernetesError)
      return at.code === 'ERR_KUBERNETES_TIMEOUT' || (at.code === 'ERR_KUBERNETES_CONNECTION' && !isUntrusted(at));
  }
  return false;
}
