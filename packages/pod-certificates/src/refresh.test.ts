import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kubernetesLimits, localLimits } from './limits.js';
import { beginRefreshAt } from './refresh.js';

const at = (lifetime: number, u: number, options = {}, limits = kubernetesLimits) =>
  beginRefreshAt({ notBefore: 0, notAfter: lifetime }, options, () => u, limits);

test.each([
  ['an hour: half of it', 3600, 0, 1800],
  ['an hour, earliest', 3600, 0.999999, 1237.5],
  ['two hours: half an hour before the end', 7200, 0, 5400],
  ['a day: 80 %', 86_400, 0, 69_120],
  ['a day, earliest: 55 %', 86_400, 0.999999, 47_520],
])('%s', (_name, lifetime, u, expected) => {
  expect(Math.abs(at(lifetime, u) - expected)).toBeLessThanOrEqual(1);
});
test('an outage budget comes off the end', () => {
  expect(Math.abs(at(86_400, 0, { outageBudget: 43_200 }) - 43_200)).toBeLessThanOrEqual(1);
});
test('a small fraction has a jitter that fits it', () => {
  expect(Math.abs(at(86_400, 0.999999, { fraction: 0.2 }) - 8640)).toBeLessThanOrEqual(1);
});
test('local mode keeps the proportions', () => {
  expect(Math.abs(at(60, 0, {}, localLimits(60)) - 30)).toBeLessThanOrEqual(1);
  expect(localLimits(60)).toEqual({ minExpirationSeconds: 60, refreshMargin: 10 });
  expect(localLimits(3600)).toEqual(kubernetesLimits);
  for (const floor of [0, 3601, 1.5, Number.NaN]) expect(() => localLimits(floor)).toThrow(RangeError);
});
test('every lifetime that is allowed keeps the margins, and twenty minutes at the end', () => {
  const options = fc.record({
    fraction: fc.double({ min: 0.2, max: 0.99, noNaN: true }),
    jitter: fc.double({ min: 0, max: 0.19, noNaN: true }),
    outageBudget: fc.nat(100_000),
  });
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3600 }),
      fc.integer({ min: 0, max: 7_862_400 }),
      share,
      options,
      (floor, more, u, given) => {
        const limits = localLimits(floor);
        const lifetime = floor + more;
        const refresh = at(lifetime, u, given, limits);
        expect(Number.isInteger(refresh)).toBe(true);
        expect(refresh).toBeGreaterThanOrEqual(limits.refreshMargin);
        expect(refresh).toBeLessThanOrEqual(lifetime - 2 * limits.refreshMargin);
      },
    ),
    { seed: 20_260_901, numRuns: 500 },
  );
});
