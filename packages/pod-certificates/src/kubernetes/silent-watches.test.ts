import { expect, test } from 'vitest';
import { createSilentWatches } from './silent-watches.js';

test('a request without an answer ends the watches that have said nothing since, once in half a minute', () => {
  let now = 1000;
  const watches = createSilentWatches(() => now);
  const [quiet, lively, ended] = [watches.add(), watches.add(), watches.add()];
  ended.end();
  now = 5000;
  lively.hear();
  watches.doubt(4000);
  expect([quiet, lively, ended].map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
  expect(quiet.signal.reason).toMatchObject({ name: 'TimeoutError' });
  quiet.end();
  const next = watches.add();
  now = 34_999;
  watches.doubt(34_000);
  expect([lively, next].map(({ signal }) => signal.aborted)).toEqual([false, false]);
  now = 35_000;
  watches.doubt(34_000);
  expect([lively, next].map(({ signal }) => signal.aborted)).toEqual([true, true]);
});

test('where none is silent, the next doubt counts', () => {
  let now = 0;
  const watches = createSilentWatches(() => now);
  const watch = watches.add();
  now = 10;
  watch.hear();
  watches.doubt(5);
  expect(watch.signal.aborted).toBe(false);
  watches.doubt(20);
  expect(watch.signal.aborted).toBe(true);
});
