import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelay } from './backoff.js';

const seed = 20260729;
const DAY = 86_400;

test.each([
  ['first failure, least', undefined, DAY, {}, 0, 1],
  ['first failure, most', undefined, DAY, {}, 0.999999, 3],
  ['grows to three times the previous', 10, DAY, {}, 0.999999, 30],
  ['at most five minutes', 200, DAY, {}, 0.999999, 300],
  ['at most a twentieth of what remains', 200, 1000, {}, 0.999999, 50],
  ['a share of ten', 200, 1000, { share: 0.1 }, 0.999999, 100],
  ['never below the base', 200, 5, {}, 0.999999, 1],
  ['after expiry only the cap counts', 200, -10, {}, 0.999999, 300],
])('%s', (_name, previous, remaining, options, draw, delay) => {
  expect(backoffDelay(previous, remaining, options, () => draw)).toBe(delay);
});

test.each([
  [{ base: 0 }],
  [{ cap: 1.5 }],
  [{ cap: Number.POSITIVE_INFINITY }],
  [{ base: 10, cap: 5 }],
  [{ base: 1.5 }],
  [{ share: 0 }],
  [{ share: 2 }],
])('refuses %o', (options) => {
  expect(() => backoffDelay(undefined, 60, options)).toThrow(RangeError);
});

test('R4: stays within its bounds for any history', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.integer({ min: -100, max: DAY })), {
        maxLength: 40,
      }),
      (history) => {
        let previous: number | undefined;
        for (const [u, remaining] of history) {
          const delay = backoffDelay(previous, remaining, {}, () => u);
          expect(Number.isInteger(delay) && delay >= 1 && delay <= 300).toBe(true);
          if (remaining >= 20) expect(delay).toBeLessThanOrEqual(remaining / 20);
          previous = delay;
        }
      },
    ),
    { seed },
  );
});

test('reaches the cap within few failures', () => {
  let delay: number | undefined;
  for (let i = 0; i < 20; i++) delay = backoffDelay(delay, 90 * DAY, {}, () => 0.7);
  expect(delay).toBeGreaterThan(200);
});
