import type { Seconds } from '@mayfly/der';

/** Why a sleep ended: the time came, or the wall clock jumped and whoever sleeps has to plan anew. */
export type Wake = 'reached' | 'stepped';

/** Where time comes from; the system's in production, a simulated one in tests. */
export interface Clock {
  /** The wall clock. */
  now(): Seconds;
  /** Milliseconds from an arbitrary start, never stepped and never going back. May stand still during suspend. */
  monotonic(): number;
  /**
   * Sleeps until the wall clock shows `at`, however it gets there. Ends early as `stepped`, within a second, when the
   * wall clock has moved more than {@link STEP_THRESHOLD} seconds against the monotonic one: resume from suspend, or a
   * clock that was set. So a caller looks at the clock again after every sleep.
   * @throws the signal's reason, when it is or becomes aborted.
   */
  sleepUntil(at: Seconds, signal: AbortSignal): Promise<Wake>;
}

/**
 * Sleeps for a while: until either clock shows that it has passed. So a wall clock that was set back makes a sleep at most
 * {@link STEP_THRESHOLD} seconds longer, and one that was set forward, or stood on during suspend, ends it.
 * @param period - From now. Zero or less does not sleep.
 * @returns `false` as soon as the signal is or becomes aborted.
 */
export async function sleepFor(clock: Clock, period: Seconds, signal: AbortSignal): Promise<boolean> {
  const at = clock.now() + period;
  const end = clock.monotonic() + period * 1000;
  while (!signal.aborted) {
    const now = clock.now();
    const left = Math.min(at - now, Math.ceil((end - clock.monotonic()) / 1000));
    if (left <= 0) return true;
    try {
      await clock.sleepUntil(now + left, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return false;
}

/** Seconds that the wall clock may gain or lose against the monotonic one between two looks; more is a step. */
export const STEP_THRESHOLD = 5;

/** Longest single timer in milliseconds. One second, so that a resume or a step is seen within that time. */
const SLICE = 1000;

interface Sleeper {
  readonly at: Seconds;
  readonly wake: (wake: Wake) => void;
}

/** What a system clock reads and waits with; replaced only to test the clock itself. */
export interface TimeSource {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  wall(): number;
  /** Milliseconds, monotonic. */
  monotonic(): number;
  /** Calls back once after a delay in milliseconds, at most 1000; returns how to give that up. */
  timer(callback: () => void, delay: number): () => void;
}

const system: TimeSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  timer(callback, delay) {
    const id = setTimeout(callback, delay);
    return () => clearTimeout(id);
  },
};

/**
 * Makes a clock on the system's time. All sleepers of one clock share one timer of at most a second, so thousands of
 * them cost one wake-up per second; without sleepers there is none.
 */
export function systemClock(source: TimeSource = system): Clock {
  const sleepers = new Set<Sleeper>();
  let wall = 0;
  let monotonic = 0;
  let next = 0;
  let cancel: (() => void) | undefined;

  const arm = (earliest: Seconds): void => {
    wall = source.wall();
    monotonic = source.monotonic();
    const delay = Math.max(0, Math.min(SLICE, Math.ceil(earliest * 1000 - wall)));
    next = monotonic + delay;
    cancel = source.timer(tick, delay);
  };
  const rest = (): void => {
    cancel?.();
    cancel = undefined;
  };
  const tick = (): void => {
    cancel = undefined;
    const drift = source.wall() - wall - (source.monotonic() - monotonic);
    const stepped = Math.abs(drift) > STEP_THRESHOLD * 1000;
    const now = source.wall();
    let earliest = Number.POSITIVE_INFINITY;
    for (const sleeper of sleepers) {
      if (sleeper.at * 1000 <= now) sleeper.wake('reached');
      else if (stepped) sleeper.wake('stepped');
      else if (sleeper.at < earliest) earliest = sleeper.at;
    }
    if (sleepers.size > 0) arm(earliest);
  };

  return {
    now: () => Math.floor(source.wall() / 1000),
    monotonic: () => source.monotonic(),
    sleepUntil(at, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const abort = (): void => {
          sleepers.delete(sleeper);
          if (sleepers.size === 0) rest();
          reject(signal.reason);
        };
        const sleeper: Sleeper = {
          at,
          wake(wake) {
            sleepers.delete(sleeper);
            signal.removeEventListener('abort', abort);
            resolve(wake);
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        sleepers.add(sleeper);
        // A running timer that fires soon enough is kept, and with it the readings that show a step.
        if (cancel === undefined) arm(at);
        else if (source.monotonic() + Math.max(0, at * 1000 - source.wall()) < next) {
          cancel();
          const since = { wall, monotonic };
          arm(at);
          ({ wall, monotonic } = since);
        }
      });
    },
  };
}
