import type { Seconds } from '@mayfly/der';
import type { Clock } from '@mayfly/rotation';

/** How far a server's clock stands from ours, by what it writes into `Date`. */
export interface ClockSkew {
  /**
   * Notes one answer.
   * @param date - The `Date` header, which has whole seconds.
   * @param sentAt - Milliseconds since 1970 by our clock, when the request began.
   * @param receivedAt - And when the answer came.
   */
  note(date: string | undefined, sentAt: number, receivedAt: number): void;
  /** Seconds that the server is ahead, behind where negative; `undefined` before the first answer. */
  ahead(): Seconds | undefined;
}

/** Answers that count; older ones may be of before a clock was set. */
const SAMPLES = 15;

/** Takes the median of the last answers, so that a slow one or a cache's does not decide. */
export function createClockSkew(): ClockSkew {
  let samples: readonly number[] = [];
  return {
    note(date, sentAt, receivedAt) {
      const shown = date === undefined ? Number.NaN : Date.parse(date);
      if (Number.isNaN(shown)) return;
      // The second that the header shows has on average half gone by.
      samples = [...samples, shown + 500 - (sentAt + receivedAt) / 2].slice(-SAMPLES);
    },
    ahead() {
      const sorted = samples.toSorted((a, b) => a - b);
      const median = sorted[sorted.length >> 1];
      return median === undefined ? undefined : Math.round(median / 1000);
    },
  };
}

/** Skew within which two clocks are taken for one: what `Date` and the network blur. */
const BLUR: Seconds = 2;

/** A clock that shows the server's time, by which it judges what is written to it; sleepers sleep by ours. */
export function serverClock(clock: Clock, ahead: () => Seconds | undefined): Clock {
  const offset = (): Seconds => {
    const skew = ahead() ?? 0;
    return Math.abs(skew) <= BLUR ? 0 : skew;
  };
  return {
    now: () => clock.now() + offset(),
    monotonic: () => clock.monotonic(),
    sleepUntil: (at, signal) => clock.sleepUntil(at - offset(), signal),
  };
}
