import type { Seconds } from '@mayfly/der';
import type { Clock } from '@mayfly/rotation';

/** Sleeps until the clock shows `at`, through steps of the clock; returns early when the signal is aborted. */
export async function sleep(clock: Clock, at: Seconds, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < at) {
    try {
      await clock.sleepUntil(at, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
