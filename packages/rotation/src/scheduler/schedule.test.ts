import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Schedule } from './schedule.js';
import { restoreSchedule, snapshotOf } from './snapshot.js';

const seed = 20260729;

test('plans, plans anew, forgets and takes out in the order of time', () => {
  const schedule = new Schedule();
  schedule.set('b', 20);
  schedule.set('a', 10, 99);
  schedule.set('c', 30);
  schedule.set('c', 5);
  expect(schedule.delete('b')).toBe(true);
  expect(schedule.delete('b')).toBe(false);
  expect([schedule.size, schedule.nextDue()]).toEqual([2, 5]);
  expect(schedule.get('a')).toEqual({ key: 'a', due: 10, deadline: 99 });
  expect(schedule.takeDue(4)).toEqual([]);
  expect(schedule.takeDue(10)).toEqual([
    { key: 'c', due: 5 },
    { key: 'a', due: 10, deadline: 99 },
  ]);
  expect([schedule.size, schedule.nextDue(), schedule.get('a')]).toEqual([0, undefined, undefined]);
});

test('takes no more than it is asked for, not even of one second', () => {
  const schedule = new Schedule();
  for (let i = 0; i < 10; i++) schedule.set(`k${i}`, 7);
  expect(schedule.takeDue(7, 0)).toEqual([]);
  expect(schedule.takeDue(7, 4).length).toBe(4);
  schedule.set('k9', 7);
  expect(schedule.delete(schedule.takeDue(7, 1)[0]!.key)).toBe(false);
  const rest = schedule.takeDue(7).map(({ key }) => key);
  expect(new Set(rest).size).toBe(rest.length);
  expect(schedule.size).toBe(0);
});

test('a moment is a whole second', () => {
  expect(() => new Schedule().set('a', 1.5)).toThrow(RangeError);
  expect(() => new Schedule().set('a', Number.NaN)).toThrow(RangeError);
  expect(() => new Schedule().set('a', 1, 1.5)).toThrow(RangeError);
});

test('behaves as a plain map for any history', () => {
  const key = fc.integer({ min: 0, max: 40 }).map((n) => `k${n}`);
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('set' as const), key, due: fc.integer({ min: 0, max: 90 }) }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('take' as const),
        now: fc.integer({ min: 0, max: 90 }),
        limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 6 })),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (history) => {
      const schedule = new Schedule();
      const model = new Map<string, number>();
      for (const step of history) {
        if (step.type === 'set') {
          schedule.set(step.key, step.due);
          model.set(step.key, step.due);
        } else if (step.type === 'delete') expect(schedule.delete(step.key)).toBe(model.delete(step.key));
        else {
          const due = [...model.values()].filter((at) => at <= step.now).sort((a, b) => a - b);
          const taken = schedule.takeDue(step.now, step.limit);
          expect(taken.map((entry) => entry.due)).toEqual(due.slice(0, step.limit));
          for (const entry of taken) {
            expect(model.get(entry.key)).toBe(entry.due);
            model.delete(entry.key);
          }
        }
        expect(schedule.size).toBe(model.size);
        expect(schedule.nextDue()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
      }
      expect(new Map([...schedule.entries()].map(({ key, due }) => [key, due]))).toEqual(model);
    }),
    { seed, numRuns: 200 },
  );
});

test('seconds that were planned and given up do not stand before the others', () => {
  const schedule = new Schedule();
  schedule.set('stays', 5_000_000);
  for (let i = 0; i < 3000; i++) schedule.set('moves', 1000 + i);
  for (let i = 0; i < 3000; i++) schedule.set('moves', 10_000 - i);
  expect(schedule.nextDue()).toBe(7001);
  expect(schedule.size).toBe(2);
});

describe('snapshot', () => {
  test('finds the same draws after a restart', () => {
    const schedule = new Schedule();
    schedule.set('a', 10, 99);
    schedule.set('b', 20);
    const snapshot = JSON.parse(JSON.stringify(snapshotOf(schedule.entries(), 5)));
    expect(snapshot).toEqual({
      version: 1,
      takenAt: 5,
      entries: [
        ['a', 10, 99],
        ['b', 20],
      ],
    });
    expect([...restoreSchedule(snapshot).entries()]).toEqual([...schedule.entries()]);
  });

  test.each([
    ['nothing', undefined, 'version'],
    ['another version', { version: 2, entries: [] }, 'version'],
    ['no entries', { version: 1 }, 'entries'],
    ['an entry that is none', { version: 1, entries: [['a', 1], 5] }, 'entries[1]'],
    ['no key', { version: 1, entries: [[5, 1]] }, 'entries[0][0]'],
    ['no moment', { version: 1, entries: [['a', 'soon']] }, 'entries[0][1]'],
    ['a deadline that is none', { version: 1, entries: [['a', 1, 1.5]] }, 'entries[0][2]'],
    [
      'a key twice',
      {
        version: 1,
        entries: [
          ['a', 1],
          ['a', 2],
        ],
      },
      'entries[1][0]',
    ],
  ])('refuses %s', (_name, snapshot, place) => {
    expect(() => restoreSchedule(snapshot)).toThrow(
      expect.objectContaining({
        code: 'ERR_ROTATION_SNAPSHOT',
        message: expect.stringContaining(`schedule at ${place}: `),
      }),
    );
  });
});
