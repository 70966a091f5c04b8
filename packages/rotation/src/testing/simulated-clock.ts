import type { Seconds } from '@mayfly/der';
import { type Clock, STEP_THRESHOLD, type Wake } from '../clock.js';

/** A clock that moves only when it is told to. */
export interface SimulatedClock extends Clock {
  /** Lets time pass, waking sleepers in their order and letting each finish its work before the next. */
  advance(by: Seconds): Promise<void>;
  /** Moves the wall clock alone, forwards or backwards: someone set it, or the machine was suspended meanwhile. */
  step(by: Seconds): Promise<void>;
  /** Earliest moment anybody sleeps until, or `undefined` while nobody sleeps. */
  nextWake(): Seconds | undefined;
}

/** Options of {@link simulatedClock}. */
export interface SimulatedClockOptions {
  /** The wall clock at the start. Default 1 700 000 000. */
  readonly now?: Seconds;
  /** Waits until woken code has gone as far as it can. Default: one turn of the event loop. */
  readonly settle?: () => Promise<void>;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Makes a clock for tests: years pass in milliseconds, and suspend and clock steps happen on request. */
export function simulatedClock({
  now = 1_700_000_000,
  settle = turn,
  ...unknown
}: SimulatedClockOptions = {}): SimulatedClock {
  unknown satisfies Record<string, never>;
  const sleepers = new Map<(wake: Wake) => void, Seconds>();
  let wall = now;
  let monotonic = 0;
  const earliest = (): Seconds | undefined => {
    let at: Seconds | undefined;
    for (const sleeper of sleepers.values()) if (at === undefined || sleeper < at) at = sleeper;
    return at;
  };
  const wakeDue = (stepped: boolean): void => {
    for (const [wake, at] of [...sleepers]) {
      if (at <= wall) wake('reached');
      else if (stepped) wake('stepped');
    }
  };
  return {
    now: () => wall,
    monotonic: () => monotonic,
    nextWake: earliest,
    sleepUntil(at, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const wake = (reason: Wake): void => {
          sleepers.delete(wake);
          signal.removeEventListener('abort', abort);
          resolve(reason);
        };
        const abort = (): void => {
          sleepers.delete(wake);
          reject(signal.reason);
        };
        signal.addEventListener('abort', abort, { once: true });
        if (at <= wall) wake('reached');
        else sleepers.set(wake, at);
      });
    },
    async advance(by) {
      const until = wall + by;
      await settle();
      for (let at = earliest(); at !== undefined && at <= until; at = earliest()) {
        monotonic += Math.max(0, at - wall) * 1000;
        wall = Math.max(wall, at);
        wakeDue(false);
        await settle();
      }
      monotonic += (until - wall) * 1000;
      wall = until;
    },
    async step(by) {
      await settle();
      wall += by;
      wakeDue(Math.abs(by) > STEP_THRESHOLD);
      await settle();
    },
  };
}
