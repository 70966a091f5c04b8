import { Bench } from 'tinybench';
import { type Summary, summarize } from './statistics.js';

/** One way to do the job of a case. */
export interface Contender {
  /** The library's name; `mayfly` is ours. */
  readonly impl: string;
  /** Does the job once, from the start; answers with a promise where the library does. */
  readonly run: () => unknown;
  /** Does the job once and throws unless the result is right; returns the nanoseconds of the job, for one thing. */
  readonly check: () => Promise<number>;
  /** How many things one run makes; times are those of one of them. Default 1. */
  readonly things?: number;
}

/** A way to do the job in another process, which times itself. */
export interface RemoteContender {
  readonly impl: string;
  /** Does the job for so many milliseconds; returns the nanoseconds of a run, sample by sample. */
  readonly slot: (milliseconds: number) => Promise<number[]>;
  /** Does the job once and throws unless the result is right; may return the nanoseconds of a run, where there are to be few slots. */
  readonly check: () => Promise<number | undefined>;
}

/** Makes a contender whose `check` looks at what `run` gives. */
export const contender = <Result>(
  impl: string,
  run: () => Result | Promise<Result>,
  check: (result: Result) => void | Promise<void>,
): Contender => ({
  impl,
  run,
  async check() {
    const start = performance.now();
    const result = await run();
    const elapsed = performance.now() - start;
    await check(result);
    return elapsed * NANOSECONDS_PER_MILLISECOND;
  },
});

/** One job, done by several. */
export interface Case {
  /** For example `parse/leaf`. */
  readonly name: string;
  readonly contenders: readonly (Contender | RemoteContender)[];
  /**
   * Length of a slot in milliseconds, for jobs whose speed depends on what was in the caches before; as much time is spent
   * in more slots. Default that of the effort.
   */
  readonly slotTime?: number;
}

/** How long to look. */
export interface Effort {
  /** Slots of each contender. At least 1. A contender whose run takes longer than 150 ms has fewer of them. */
  readonly rounds: number;
  /** Length of a slot in milliseconds. Default 60. */
  readonly slotTime?: number;
  /** How long each contender runs before anything counts, in milliseconds. Default 400. */
  readonly warmUpTime?: number;
  /** Shortest sample in milliseconds: quicker jobs are done several times for one. Longer where the clock is coarse. Default 0.05. */
  readonly shortestSample?: number;
}

/** What a contender took for one run, in nanoseconds. */
export interface Measurement extends Summary {
  readonly name: string;
  readonly impl: string;
}

/** Slots for signatures, in milliseconds: a peer that runs for less finds the caches as others left them, and looks slower. */
export const SHORT_SLOT = 2.5;

/**
 * How long the slots of one contender may take, in milliseconds for each round: in twelve rounds a job of half a second runs
 * twice, and of one that takes longer than 1.2 seconds the run that was checked is the only one.
 */
const ROUND_LIMIT = 100;

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** In milliseconds; see {@link Effort}. */
type Times = Required<Pick<Effort, 'slotTime' | 'warmUpTime' | 'shortestSample'>>;

/** A contender whose turn comes. */
interface Timed {
  readonly impl: string;
  readonly slot: () => Promise<number[]>;
  /** How many slots there is time for; 0 where the run that was checked has taken it. */
  readonly most: number;
  readonly slots: number[][];
}

/**
 * Checks every contender, then times them in turns: round by round each has one slot of the same length, and the order is
 * rotated, so that whatever disturbs the machine disturbs all.
 * @throws whatever a contender's check throws; nothing is timed then.
 */
export async function measure(
  { name, contenders, slotTime: wanted }: Case,
  { rounds: usual, slotTime: usualTime = 60, warmUpTime = 400, shortestSample = 0.05, ...unknown }: Effort,
): Promise<readonly Measurement[]> {
  unknown satisfies Record<string, never>;
  const firsts: number[] = [];
  for (const { impl, check } of contenders) {
    try {
      firsts.push((await check()) ?? 0);
    } catch (cause) {
      throw new Error(`Cannot measure ${name} of ${impl}: its result is wrong`, { cause });
    }
  }
  const timed: Timed[] = [];
  const slotTime = wanted ?? usualTime;
  const rounds = Math.ceil((usual * usualTime) / slotTime);
  const isLong = (first: number): boolean => first > warmUpTime * NANOSECONDS_PER_MILLISECOND; // warm after its check
  const limit = usual * Math.max(ROUND_LIMIT, usualTime) * NANOSECONDS_PER_MILLISECOND;
  for (const [i, contender] of contenders.entries()) {
    const { impl } = contender;
    const first = firsts[i]!;
    const most = Math.floor(limit / Math.max(first, 1));
    const slot =
      most === 0
        ? async () => []
        : await slotOf(contender, { slotTime, warmUpTime: isLong(first) ? 0 : warmUpTime, shortestSample });
    timed.push({ impl, slot, most, slots: most === 0 ? [[first]] : [] });
  }
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < timed.length; turn++) {
      const { slot, slots, most } = timed[(round + turn) % timed.length]!;
      if (round < most) slots.push(await slot());
    }
  return timed.map(({ impl, slots }) => ({ name, impl, ...summarize(slots) }));
}

async function slotOf(contender: Contender | RemoteContender, times: Times): Promise<() => Promise<number[]>> {
  if ('slot' in contender) {
    await contender.slot(times.warmUpTime);
    return () => contender.slot(times.slotTime);
  }
  const { run, things = 1 } = contender;
  const slot = await timer(run, times);
  return async () => (await slot()).map((time) => time / things);
}

/** Warms a job up and returns what times one slot of it: nanoseconds of a run, sample by sample. */
async function timer(run: () => unknown, times: Times): Promise<() => Promise<number[]>> {
  const first = run();
  const isAsync = first instanceof Promise;
  await first;
  const batch = await batchSize(run, isAsync, times);
  const bench = new Bench({ time: times.slotTime, iterations: 1, throws: true });
  const job = isAsync ? () => repeatAsync(run, batch) : () => repeat(run, batch);
  const task = bench.add('job', job, { async: isAsync, retainSamples: true }).getTask('job')!; // just added
  return async () => {
    task.reset();
    if (isAsync) await task.run();
    else task.runSync();
    const { result } = task;
    if (result.state !== 'completed') throw new Error(`Cannot measure: the slot is ${result.state}`);
    return result.latency.samples!.map((latency) => (latency * NANOSECONDS_PER_MILLISECOND) / batch); // retained
  };
}

/** Runs the job until it is warm; returns how many runs make the shortest sample. */
async function batchSize(run: () => unknown, isAsync: boolean, { warmUpTime, shortestSample }: Times): Promise<number> {
  if (warmUpTime === 0) return 1;
  await timePerRun(run, isAsync, warmUpTime / 2);
  const each = await timePerRun(run, isAsync, warmUpTime / 2);
  return Math.max(1, Math.ceil(shortestSample / each));
}

/** Runs the job for some milliseconds, at least once; returns how many one run took. */
async function timePerRun(run: () => unknown, isAsync: boolean, duration: number): Promise<number> {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    const times = isAsync || elapsed >= runs ? 1 : 16; // one that takes a millisecond needs no repeating
    if (isAsync) await run();
    else repeat(run, times);
    runs += times;
    elapsed = performance.now() - start;
  } while (elapsed < duration);
  return elapsed / runs;
}

/** Holds the last result, so that no compiler leaves the work out. */
const sink: { last: unknown } = { last: undefined };

function repeat(run: () => unknown, times: number): void {
  for (let i = 0; i < times; i++) sink.last = run();
}

async function repeatAsync(run: () => unknown, times: number): Promise<void> {
  for (let i = 0; i < times; i++) sink.last = await run();
}
