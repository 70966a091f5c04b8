import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distanceText, durationText, lengthFor, positionIn, spanAround, ticksIn } from './time-scale.js';

test.each([
  [0, '0 s'],
  [59.6, '1 min'],
  [61, '1 min 1 s'],
  [3600, '1 h'],
  [90_061, '1 d 1 h'],
  [86_400 * 90, '90 d'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  [100, 100, 'now'],
  [112, 100, 'in 12 s'],
  [40, 100, '1 min ago'],
])('%d seen from %d is %s', (at, now, text) => {
  expect(distanceText(at, now)).toBe(text);
});

test.each([
  [20, 60],
  [3600, 7200],
  [86_400, 259_200],
  [7_862_400, 15_552_000],
  [1e9, 15_552_000],
])('for lifetimes of %d s it shows %d s', (lifetime, length) => {
  expect(lengthFor(lifetime)).toBe(length);
});

test('positions stay within the span', () => {
  const span = spanAround(3000, 300);
  expect(span).toEqual({ from: 2900, to: 3200 });
  expect([2800, 2900, 3050, 3200, 9000].map((at) => positionIn(span, at))).toEqual([0, 0, 50, 100, 100]);
});

test('ticks lie within any span, in order, and are few', () => {
  const span = fc.record({
    now: fc.integer({ min: 0, max: 2 ** 32 }),
    length: fc.integer({ min: 60, max: 15_552_000 }),
  });
  fc.assert(
    fc.property(span, ({ now, length }) => {
      const { from, to } = spanAround(now, length);
      const ats = ticksIn({ from, to }, 8).map(({ at }) => at);
      expect(ats.length).toBeGreaterThan(0);
      expect(ats.length).toBeLessThanOrEqual(9);
      expect(ats).toEqual([...ats].sort((a, b) => a - b));
      expect(ats.every((at) => at >= from && at <= to)).toBe(true);
    }),
    { seed: 7 },
  );
});
