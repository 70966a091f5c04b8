import { describe, expect, test } from 'vitest';
import { refreshAt } from '../refresh.js';
import { stableRandom } from '../stable-random.js';
import { simulatedClock } from '../testing/index.js';
import { Schedule, type ScheduleEntry } from './schedule.js';
import { createScheduler, type NextRun, type SchedulerEvent, type SchedulerOptions } from './scheduler.js';
import { restoreSchedule } from './snapshot.js';

const START = 1_700_000_000;
const HOUR = 3600;

/** A scheduler on a simulated clock that notes when it started what. */
function set({ work, ...options }: Partial<SchedulerOptions> = {}) {
  const clock = simulatedClock({ now: START });
  const starts: { readonly key: string; readonly at: number }[] = [];
  const events: SchedulerEvent[] = [];
  const controller = new AbortController();
  const scheduler = createScheduler({
    clock,
    work: async (entry, signal) => {
      starts.push({ key: entry.key, at: clock.now() });
      return work?.(entry, signal);
    },
    random: () => 0.5,
    onEvent: (event) => events.push(event),
    ...options,
  });
  let running: Promise<void> | undefined;
  return {
    clock,
    scheduler,
    starts,
    events,
    controller,
    run: () => {
      running = scheduler.run(controller.signal);
    },
    stop: () => {
      controller.abort();
      return running;
    },
  };
}

const perSecond = (starts: readonly { readonly at: number }[]) => {
  const counts = new Map<number, number>();
  for (const { at } of starts) counts.set(at, (counts.get(at) ?? 0) + 1);
  return counts;
};

test('starts each entry in its second, and again when its work says so', async () => {
  const { clock, scheduler, starts, run, stop } = set({
    work: async ({ key, due }) => (key === 'again' && due < START + 60 ? { due: due + 30 } : undefined),
  });
  scheduler.set('once', START + 100);
  scheduler.set('again', START + 10);
  run();
  await clock.advance(300);
  expect(starts.map(({ key, at }) => [key, at - START])).toEqual([
    ['again', 10],
    ['again', 40],
    ['again', 70],
    ['once', 100],
  ]);
  expect(scheduler.size).toBe(0);
  await stop();
});

test('an entry that is planned while it sleeps is not missed', async () => {
  const { clock, scheduler, starts, run, stop } = set();
  scheduler.set('late', START + HOUR);
  run();
  await clock.advance(5);
  scheduler.set('soon', START + 7);
  await clock.advance(5);
  expect(starts).toEqual([{ key: 'soon', at: START + 7 }]);
  await stop();
});

test('forgets what is deleted, also while it is worked on', async () => {
  const { clock, scheduler, starts, run, stop } = set({ work: async ({ due }) => ({ due: due + 10 }) });
  scheduler.set('a', START + 10);
  scheduler.set('b', START + 10);
  expect(scheduler.delete('a')).toBe(true);
  run();
  await clock.advance(15);
  expect(scheduler.delete('b')).toBe(true);
  await clock.advance(60);
  expect(starts.length).toBe(1);
  await stop();
});

test('a key is never worked on twice at once, and a plan made meanwhile wins', async () => {
  const ends: ((next: NextRun) => void)[] = [];
  const { clock, scheduler, starts, run, stop } = set({ work: () => new Promise((resolve) => ends.push(resolve)) });
  scheduler.set('a', START + 10);
  run();
  await clock.advance(12);
  scheduler.set('a', START + 15);
  await clock.advance(10);
  expect(starts.length).toBe(1);
  ends[0]!({ due: START + 500 });
  await clock.advance(3);
  expect(starts.map(({ at }) => at - START)).toEqual([10, 23]);
  ends[1]!({ due: START + 500 });
  await clock.advance(1);
  expect(scheduler.get('a')).toEqual({ key: 'a', due: START + 500 });
  await stop();
});

test('work that is due again at once cannot spin', async () => {
  const { clock, scheduler, starts, run, stop } = set({ work: async () => ({ due: 0 }) });
  scheduler.set('a', START + 1);
  run();
  await clock.advance(20);
  expect(starts.length).toBe(20);
  await stop();
});

describe('failures', () => {
  test('R4: are retried with growing delays, capped by what remains, for ever', async () => {
    const { clock, scheduler, starts, events, run, stop } = set({
      work: async () => {
        throw new Error('down');
      },
    });
    scheduler.set('a', START, START + HOUR);
    run();
    await clock.advance(2 * HOUR);
    const gaps = starts.slice(1).map(({ at }, i) => at - starts[i]!.at);
    expect(gaps.slice(0, 4)).toEqual([2, 4, 7, 11]);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300);
    const late = starts.findIndex(({ at }) => at > START + HOUR - 100);
    expect(gaps[late]).toBeLessThanOrEqual(5);
    expect(starts.at(-1)!.at).toBeGreaterThan(START + HOUR + 1800);
    expect(events.filter(({ type }) => type === 'retry').length).toBe(starts.length);
    await stop();
  });

  test('a success resets the delay', async () => {
    let runs = 0;
    const { clock, scheduler, starts, run, stop } = set({
      work: async ({ due }) => {
        if (++runs % 4 !== 0) throw new Error('down');
        return { due: due + 1000 };
      },
    });
    scheduler.set('a', START);
    run();
    await clock.advance(1500);
    const gaps = starts.slice(1).map(({ at }, i) => at - starts[i]!.at);
    expect(gaps.slice(0, 3)).toEqual(gaps.slice(4, 7));
    await stop();
  });

  test.each([[{ due: Number.NaN }], [{ due: START + 10.5 }], [{ due: START + 10, deadline: Number.NaN }]])(
    'a next run at %o is a failure of its key alone',
    async (next) => {
      const { clock, scheduler, events, run, stop } = set({
        work: async ({ key }) => (key === 'bad' ? next : undefined),
      });
      scheduler.set('bad', START + 1);
      scheduler.set('good', START + 2);
      run();
      await clock.advance(3);
      expect(events[0]).toMatchObject({ type: 'retry', key: 'bad', error: expect.any(RangeError) });
      expect(events).toContainEqual(expect.objectContaining({ type: 'done', key: 'good' }));
      expect(scheduler.get('bad')).toBeDefined();
      await stop();
    },
  );

  test('a failing key does not hold up the others', async () => {
    const { clock, scheduler, starts, run, stop } = set({
      work: async ({ key }) => {
        if (key === 'bad') throw new Error('down');
        return undefined;
      },
    });
    scheduler.set('bad', START);
    for (let i = 1; i <= 20; i++) scheduler.set(`good${i}`, START + i);
    run();
    await clock.advance(30);
    expect(starts.filter(({ key }) => key.startsWith('good')).length).toBe(20);
    await stop();
  });
});

describe('pace', () => {
  test('never more in a second than allowed, and never more at once', async () => {
    let under = 0;
    let most = 0;
    const { clock, scheduler, starts, run, stop } = set({
      perSecond: 10,
      concurrency: 4,
      work: async () => {
        most = Math.max(most, ++under);
        await Promise.resolve();
        under--;
        return undefined;
      },
    });
    run();
    await clock.advance(1);
    for (let i = 0; i < 100; i++) scheduler.set(`k${i}`, START);
    await clock.advance(15);
    expect(starts.length).toBe(100);
    expect(Math.max(...perSecond(starts).values())).toBe(10);
    expect(most).toBe(4);
    await stop();
  });

  test('work that hangs blocks its own place only', async () => {
    const { clock, scheduler, starts, run, stop } = set({
      concurrency: 2,
      work: ({ key }, signal) =>
        key === 'hangs'
          ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          : Promise.resolve(undefined),
    });
    scheduler.set('hangs', START);
    for (let i = 0; i < 30; i++) scheduler.set(`k${i}`, START + i);
    run();
    await clock.advance(40);
    expect(starts.length).toBe(31);
    expect(scheduler.snapshot().entries).toEqual([['hangs', START]]);
    await stop();
    expect(scheduler.snapshot().entries).toEqual([['hangs', START]]);
  });

  test('needs at least one of each', () => {
    expect(() => set({ concurrency: 0 })).toThrow(RangeError);
    expect(() => set({ perSecond: 0 })).toThrow(RangeError);
    expect(() => set({ backoff: { base: 0 } })).toThrow(RangeError);
  });
});

/** Certificates of an hour, all born at the start, each refreshed for another hour. */
function fleet(count: number, options: Partial<SchedulerOptions> = {}) {
  let serial = BigInt(count);
  const plan = (key: string, notBefore: number, serialNumber: bigint) => {
    const notAfter = notBefore + HOUR - 1;
    return { due: refreshAt({ notBefore, notAfter }, {}, stableRandom(key, serialNumber)), deadline: notAfter };
  };
  const simulation = set({
    ...options,
    work: async ({ key, deadline }) => {
      if (simulation.clock.now() > deadline!) expired.push(key);
      return plan(key, simulation.clock.now(), ++serial);
    },
  });
  const expired: string[] = [];
  for (let i = 0; i < count; i++) {
    const { due, deadline } = plan(`pod${i}`, START, BigInt(i));
    simulation.scheduler.set(`pod${i}`, due, deadline);
  }
  return { ...simulation, expired };
}

describe('R1, R2, F3, F4: suspend and clock steps', () => {
  test.each([1, 300, HOUR / 2])('a step of %d s renews nothing that is not due', async (by) => {
    const { clock, starts, run, stop } = fleet(50);
    run();
    await clock.advance(60);
    await clock.step(by);
    await clock.advance(5);
    expect(starts).toEqual([]);
    await stop();
  });

  test.each([
    ['an hour', HOUR],
    ['two days', 48 * HOUR],
    ['a year', 365 * 24 * HOUR],
  ])('after %s everything due is planned at once, paced, and done', async (_name, by) => {
    const { clock, scheduler, starts, events, run, stop } = fleet(2000, { perSecond: 50 });
    run();
    await clock.advance(60);
    await clock.step(by);
    expect(events.filter(({ type }) => type === 'herd')).toEqual([
      expect.objectContaining({ at: START + 60 + by, count: 2000 }),
    ]);
    await clock.advance(600);
    expect(starts.length).toBe(2000);
    expect(Math.max(...perSecond(starts).values())).toBeLessThanOrEqual(50);
    expect(scheduler.size).toBe(2000);
    await stop();
  });

  test('R2: a herd is spread over five minutes or a tenth of what remains, evenly', async () => {
    const { clock, scheduler, starts, run, stop } = set({ perSecond: 200 });
    for (let i = 0; i < 10_000; i++) scheduler.set(`long${i}`, START + 600, START + 24 * HOUR);
    for (let i = 0; i < 500; i++) scheduler.set(`short${i}`, START + 600, START + 2600);
    run();
    await clock.advance(1);
    await clock.step(1599);
    const woken = clock.now();
    await clock.advance(HOUR);
    const delays = (prefix: string) => starts.filter(({ key }) => key.startsWith(prefix)).map(({ at }) => at - woken);
    expect(Math.max(...delays('short'))).toBeLessThan(100);
    expect(Math.max(...delays('long'))).toBeLessThan(210);
    expect(Math.max(...perSecond(starts).values())).toBeLessThanOrEqual(100);
    expect(starts.length).toBe(10_500);
    await stop();
  });

  test('a step of one entry delays it by a second at most', async () => {
    const { clock, starts, run, stop } = fleet(1);
    run();
    await clock.advance(60);
    await clock.step(HOUR - 300);
    await clock.advance(2);
    expect(starts.length).toBe(1);
    await stop();
  });

  test('set back by a day: nothing is renewed twice, and everything once the time has come again', async () => {
    const { clock, starts, expired, run, stop } = fleet(50);
    run();
    await clock.advance(60);
    await clock.step(-24 * HOUR);
    await clock.advance(24 * HOUR);
    expect(starts).toEqual([]);
    await clock.advance(HOUR);
    expect(starts.length).toBe(50);
    expect(expired).toEqual([]);
    await stop();
  });

  test('F3: a day of small and large steps makes fewer than two renewals per certificate and life', async () => {
    const { clock, starts, run, stop } = fleet(20);
    run();
    let steps = 0;
    for (const by of [1, -1, 300, -300, HOUR, -HOUR, 1, -1, 86_400, 1, -1]) {
      await clock.advance(1800);
      await clock.step(by);
      steps += Math.max(0, by);
    }
    const lives = (11 * 1800 + steps) / HOUR;
    expect(starts.length).toBeLessThan(2 * 20 * lives);
    await stop();
  });
});

test('R6: a restart draws nothing anew, and paces what became due meanwhile', async () => {
  const before = fleet(3000, { perSecond: 20 });
  before.run();
  await before.clock.advance(2600);
  await before.stop();
  const saved = JSON.parse(JSON.stringify(before.scheduler.snapshot()));
  const planned = new Map([...restoreSchedule(saved).entries()].map((entry) => [entry.key, entry.due]));
  expect(planned.size).toBe(3000);

  const clock = simulatedClock({ now: before.clock.now() + 200 });
  const late = new Set([...planned].filter(([, due]) => due <= clock.now()).map(([key]) => key));
  const starts: { readonly key: string; readonly at: number }[] = [];
  const work = async ({ key }: ScheduleEntry): Promise<undefined> => {
    starts.push({ key, at: clock.now() });
  };
  const controller = new AbortController();
  const scheduler = createScheduler({ clock, work, schedule: restoreSchedule(saved), perSecond: 20 });
  const running = scheduler.run(controller.signal);
  await clock.advance(0);
  for (const [key, due] of planned) if (!late.has(key)) expect(scheduler.get(key)?.due).toBe(due);
  await clock.advance(HOUR);
  expect(starts.length).toBe(3000);
  expect(late.size).toBeGreaterThan(100);
  expect(Math.max(...perSecond(starts).values())).toBeLessThanOrEqual(20);
  controller.abort();
  await running;
});

test('an empty scheduler waits, and ends when it is told to', async () => {
  const { clock, run, stop } = set({ schedule: new Schedule() });
  run();
  await clock.advance(HOUR);
  await stop();
  expect(clock.nextWake()).toBeUndefined();
});
