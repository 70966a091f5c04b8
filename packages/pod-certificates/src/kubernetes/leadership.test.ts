import { simulatedClock } from '@mayfly/rotation/testing';
import { expect, test } from 'vitest';
import { seededRandom } from '../testing/cluster.js';
import { type LeadershipEvent, runLeadership } from './leadership.js';
import type { Lease, Leases, NewLease } from './lease.js';

/** One Lease with the rules of the API server, and a way to it for each candidate that can be cut or made to hang. */
function world() {
  const clock = simulatedClock({ now: 1000 });
  let lease: Lease | undefined;
  let version = 0;
  const write = (wanted: NewLease): Lease => (lease = { ...wanted, resourceVersion: String(++version) });
  const leading = new Map<string, () => boolean>();
  /** Every moment at which more than one leads by its own word. */
  const clashes: string[] = [];

  function candidate(identity: string) {
    let way: 'open' | 'cut' | 'hangs' | 'loses answers' = 'open';
    const stop = new AbortController();
    const events: LeadershipEvent['type'][] = [];
    const through = async <T>(work: () => T): Promise<T> => {
      if (way === 'cut') throw new Error('cut');
      if (way === 'hangs') return await new Promise<never>(() => {});
      const result = work();
      if (way === 'loses answers') throw new Error('lost');
      return result;
    };
    const leases: Leases = {
      get: () => through(() => lease),
      list: async () => [],
      create: (wanted) => through(() => (lease === undefined ? write(wanted) : undefined)),
      update: (wanted, expected) => through(() => (lease?.resourceVersion === expected ? write(wanted) : undefined)),
      delete: async () => {},
    };
    let fail: ((error: Error) => void) | undefined;
    const running = runLeadership({
      leases,
      name: 'l',
      identity,
      clock,
      signal: stop.signal,
      onEvent: ({ type }) => events.push(type),
      lead: (signal, holds) =>
        new Promise((resolve, reject) => {
          leading.set(identity, holds);
          fail = reject;
          signal.addEventListener('abort', () => {
            leading.delete(identity);
            resolve();
          });
        }),
    });
    return {
      events,
      running,
      isLeading: () => leading.get(identity)?.() === true,
      set: (next: typeof way) => {
        way = next;
      },
      fail: (error: Error) => fail?.(error),
      stop: async () => {
        stop.abort(new Error('over'));
        await running;
      },
    };
  }
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1);
      const now = [...leading].filter(([, holds]) => holds()).map(([identity]) => identity);
      if (now.length > 1) clashes.push(`${clock.now()}: ${now.join(', ')}`);
    }
  };
  return { clock, candidate, pass, clashes, holder: () => lease?.holderIdentity };
}

test('one of three leads, and another within two seconds after it has ended', async () => {
  const { candidate, pass, clashes, holder } = world();
  const all = [candidate('a'), candidate('b'), candidate('c')];
  await pass(20);
  expect(all.map(({ isLeading }) => isLeading())).toEqual([true, false, false]);
  expect(new Set(all[1]!.events)).toEqual(new Set(['following']));
  await all[0]!.stop();
  expect(holder()).toBe('');
  await pass(3);
  expect(all.filter(({ isLeading }) => isLeading())).toHaveLength(1);
  expect(clashes).toEqual([]);
  await Promise.all(all.map(({ stop }) => stop()));
});

test.each(['cut', 'hangs'] as const)('a leader whose way is %s stops before another begins', async (way) => {
  const { candidate, pass, clashes } = world();
  const [a, b] = [candidate('a'), candidate('b')];
  await pass(5);
  expect(a.isLeading()).toBe(true);
  a.set(way);
  await pass(11);
  expect([a.isLeading(), b.isLeading()]).toEqual([false, false]);
  await pass(8);
  expect(b.isLeading()).toBe(true);
  expect(clashes).toEqual([]);
  await b.stop();
  if (way === 'cut') await a.stop();
});

test('lost acknowledgements cost no leadership while some arrive', async () => {
  const { candidate, pass } = world();
  const a = candidate('a');
  await pass(5);
  for (let i = 0; i < 10; i++) {
    a.set('loses answers');
    await pass(2);
    a.set('open');
    await pass(5);
    expect(a.isLeading()).toBe(true);
  }
  expect(a.events.filter((type) => type === 'leading')).toHaveLength(1);
  await a.stop();
});

test('a leader that was suspended knows at once that it leads no more, even if its monotonic clock stood still', async () => {
  const { candidate, pass, clock } = world();
  const a = candidate('a');
  await pass(5);
  const wasLeading = a.isLeading();
  a.set('hangs');
  await clock.step(3600);
  expect([wasLeading, a.isLeading()]).toEqual([true, false]);
  await pass(2);
  expect(a.events.at(-1)).toBe('lost');
});

test('what the work throws ends the candidacy and gives the Lease back', async () => {
  const { candidate, pass, holder } = world();
  const a = candidate('a');
  const outcome = a.running.catch((error: Error) => error.message);
  await pass(3);
  a.fail(new Error('broken'));
  await pass(3);
  expect(await outcome).toBe('broken');
  expect(holder()).toBe('');
});

test.each([1, 2, 3, 4, 5])('ways that come and go at random: never do two lead (seed %i)', async (seed) => {
  const { candidate, pass, clashes } = world();
  const random = seededRandom(seed);
  const all = [candidate('a'), candidate('b'), candidate('c')];
  let led = 0;
  for (let i = 0; i < 150; i++) {
    for (const each of all) each.set(random() < 0.6 ? 'open' : random() < 0.5 ? 'cut' : 'loses answers');
    await pass(1 + Math.floor(random() * 9));
    led += all.filter(({ isLeading }) => isLeading()).length;
  }
  expect(clashes).toEqual([]);
  expect(led).toBeGreaterThan(40);
  for (const each of all) each.set('open');
  await Promise.all(all.map(({ stop }) => stop()));
});

test('a clock that is set back neither ends a leadership nor keeps others from taking over', async () => {
  const { candidate, pass, clock, clashes } = world();
  const [a, b] = [candidate('a'), candidate('b')];
  await pass(5);
  await clock.step(-3600);
  await pass(60);
  expect([a.isLeading(), b.isLeading(), a.events]).toEqual([true, false, ['leading']]);
  a.set('cut');
  await clock.step(-3600);
  await pass(11);
  expect([a.isLeading(), a.events.at(-1)]).toEqual([false, 'trouble']);
  expect(a.events).toContain('lost');
  await pass(8);
  expect(b.isLeading()).toBe(true);
  expect(clashes).toEqual([]);
  await Promise.all([a.stop(), b.stop()]);
});
