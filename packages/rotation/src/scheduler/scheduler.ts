import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, backoffDelay } from '../backoff.js';
import { type Clock, STEP_THRESHOLD } from '../clock.js';
import { herdSpread } from '../refresh.js';
import { stableRandom } from '../stable-random.js';
import { requirePlan, Schedule, type ScheduleEntry } from './schedule.js';
import { type ScheduleSnapshot, snapshotOf } from './snapshot.js';

/** When the same key is due again. */
export interface NextRun {
  readonly due: Seconds;
  readonly deadline?: Seconds;
}

/** What a scheduler tells about its work. */
export type SchedulerEvent =
  | { readonly type: 'done'; readonly at: Seconds; readonly key: string; readonly next: Seconds | undefined }
  | {
      readonly type: 'retry';
      readonly at: Seconds;
      readonly key: string;
      readonly until: Seconds;
      readonly error: unknown;
    }
  /** Entries became due together, by suspend, a clock step or an outage, and are spread over so many seconds. */
  | { readonly type: 'herd'; readonly at: Seconds; readonly count: number; readonly spread: Seconds };

/** What a scheduler works with. */
export interface SchedulerOptions {
  readonly clock: Clock;
  /**
   * Does the work of one entry; a rejection, or a next run at no whole second, is retried with back-off, for ever. Must
   * heed the signal.
   * @returns When the key is due again, or `undefined` to forget it.
   */
  readonly work: (entry: ScheduleEntry, signal: AbortSignal) => Promise<NextRun | undefined>;
  /** What was planned before, from `restoreSchedule`; the scheduler owns it from then on. Default: empty. */
  readonly schedule?: Schedule;
  /** Most entries worked on at once. At least 1. Default 64. */
  readonly concurrency?: number;
  /** Most entries started in any second of the clock. At least 1. Default 100. */
  readonly perSecond?: number;
  readonly backoff?: BackoffOptions;
  /** Draws for the back-off. Default `Math.random`. */
  readonly random?: () => number;
  /** Must not throw. */
  readonly onEvent?: (event: SchedulerEvent) => void;
}

/** Runs entries when they are due. */
export interface Scheduler {
  /** Entries planned or being worked on. */
  readonly size: number;
  /** Plans a key or plans it anew; a plan made while the key is worked on wins over what that work returns. */
  set(key: string, due: Seconds, deadline?: Seconds): void;
  /** Forgets a key; work under way is finished, and its result ignored. */
  delete(key: string): boolean;
  /** The plan of a key; while it is worked on, the one that led to that. */
  get(key: string): ScheduleEntry | undefined;
  /** Every plan, work under way included, for `restoreSchedule` after a restart. */
  snapshot(): ScheduleSnapshot;
  /** Works until the signal is aborted, and then until the work under way has ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** Longest sleep in seconds, as a guard against a clock that keeps no promise. */
const LONGEST_NAP = 60;

/**
 * Makes a scheduler; it does nothing before `run`.
 * @throws RangeError for options outside their range.
 */
export function createScheduler({
  clock,
  work,
  schedule = new Schedule(),
  concurrency = 64,
  perSecond = 100,
  backoff = {},
  random = Math.random,
  onEvent = () => {},
  ...unknown
}: SchedulerOptions): Scheduler {
  unknown satisfies Record<string, never>;
  if (!(concurrency >= 1 && perSecond >= 1))
    throw new RangeError(`Cannot run ${concurrency} at once and ${perSecond} per second: need at least 1 of each`);
  backoffDelay(undefined, 0, backoff, () => 0); // throws now what it would throw at the first failure
  const underWay = new Map<string, ScheduleEntry>();
  /** Last delay of each key whose work failed last. */
  const delays = new Map<string, Seconds>();
  const running = new Set<Promise<void>>();
  let wakeAt = Number.NEGATIVE_INFINITY;
  let wake: () => void = () => {};
  let second = Number.NaN;
  let started = 0;

  const plan = (key: string, due: Seconds, deadline: Seconds | undefined): void => {
    schedule.set(key, due, deadline);
    if (due < wakeAt) wake();
  };

  /** R2: what became due while nobody looked is spread, each entry by a draw of its own; nothing else moves. */
  const spreadHerd = (now: Seconds): void => {
    const herd = schedule.takeDue(now);
    if (herd.length === 0) return;
    const needed = Math.ceil((4 * herd.length) / perSecond); // a quarter of the allowed rate
    let widest = 0;
    for (const { key, due, deadline } of herd) {
      const spread = Math.min(needed, herdSpread((deadline ?? Number.POSITIVE_INFINITY) - now));
      schedule.set(key, now + Math.floor(stableRandom(key, BigInt(due))() * spread), deadline);
      widest = Math.max(widest, spread);
    }
    onEvent({ type: 'herd', at: now, count: herd.length, spread: widest });
  };

  const start = async (entry: ScheduleEntry, signal: AbortSignal): Promise<void> => {
    const { key, deadline } = entry;
    underWay.set(key, entry);
    let next: NextRun | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      next = await work(entry, signal);
      if (next !== undefined) requirePlan(key, next.due, next.deadline);
    } catch (error) {
      failure = { error };
    }
    if (signal.aborted && failure !== undefined) return;
    const superseded = underWay.get(key) !== entry || schedule.get(key) !== undefined;
    if (underWay.get(key) === entry) underWay.delete(key);
    const now = clock.now();
    if (failure === undefined) {
      delays.delete(key);
      // A key that is due again at once waits for the next second, so that no work can spin.
      if (next !== undefined && !superseded) plan(key, Math.max(next.due, now + 1), next.deadline);
      onEvent({ type: 'done', at: now, key, next: schedule.get(key)?.due });
    } else if (!superseded) {
      const delay = backoffDelay(delays.get(key), (deadline ?? now) - now, backoff, random);
      delays.set(key, delay);
      plan(key, now + delay, deadline);
      onEvent({ type: 'retry', at: now, key, until: now + delay, error: failure.error });
    }
  };

  const startDue = (now: Seconds, signal: AbortSignal): void => {
    if (now !== second) {
      second = now;
      started = 0;
    }
    for (const entry of schedule.takeDue(now, Math.min(concurrency - running.size, perSecond - started))) {
      if (underWay.has(entry.key)) {
        schedule.set(entry.key, now + 1, entry.deadline); // never twice at once
        continue;
      }
      started++;
      const task: Promise<void> = start(entry, signal).finally(() => {
        running.delete(task);
        wake();
      });
      running.add(task);
    }
  };

  const nap = async (until: Seconds, signal: AbortSignal): Promise<void> => {
    const alarm = new AbortController();
    wake = () => alarm.abort();
    signal.addEventListener('abort', wake, { once: true });
    try {
      await clock.sleepUntil(until, alarm.signal);
    } catch (error) {
      if (!alarm.signal.aborted) throw error; // otherwise woken to look again
    } finally {
      signal.removeEventListener('abort', wake);
    }
  };

  return {
    get size() {
      return schedule.size + [...underWay.keys()].filter((key) => schedule.get(key) === undefined).length;
    },
    set: (key, due, deadline) => plan(key, due, deadline),
    delete(key) {
      delays.delete(key);
      const working = underWay.delete(key);
      return schedule.delete(key) || working;
    },
    get: (key) => schedule.get(key) ?? underWay.get(key),
    snapshot() {
      const working = [...underWay.values()].filter(({ key }) => schedule.get(key) === undefined);
      return snapshotOf([...schedule.entries(), ...working], clock.now());
    },
    async run(signal) {
      wakeAt = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        const now = clock.now();
        if (now - wakeAt > STEP_THRESHOLD) spreadHerd(now);
        startDue(now, signal);
        const next = schedule.nextDue() ?? Number.POSITIVE_INFINITY;
        if (next > now) wakeAt = Math.min(next, now + LONGEST_NAP);
        else if (running.size < concurrency) wakeAt = now + 1;
        else wakeAt = now + LONGEST_NAP; // the end of some work wakes sooner
        await nap(wakeAt, signal);
      }
      await Promise.all(running);
    },
  };
}
