import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { herdSpread, overdueAt, refreshAt } from './refresh.js';
import { stableRandom } from './stable-random.js';

const seed = 20260729;
const DAY = 86_400;
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const lasting = (lifetime: number) => ({ notBefore: 1000, notAfter: 1000 + lifetime - 1 });

describe('refreshAt', () => {
  test.each([
    ['an hour, no draw', lasting(3600), {}, 0, 1000 + 2880],
    ['an hour, largest draw', lasting(3600), {}, 0.999999, 1000 + 2520],
    ['half, no jitter', lasting(3600), { fraction: 0.5, jitter: 0 }, 0.7, 1000 + 1800],
    ['budget smaller than the slack', lasting(DAY), { outageBudget: 3600 }, 0, 1000 + 0.8 * DAY],
    ['budget larger than the slack', lasting(DAY), { outageBudget: 8 * 3600 }, 0, 1000 + 16 * 3600 - 1],
    ['budget of half', lasting(DAY), { outageBudget: 12 * 3600 }, 0, 1000 + 12 * 3600],
    ['budget longer than the lifetime counts as half', lasting(DAY), { outageBudget: 30 * DAY }, 0, 1000 + 12 * 3600],
    ['one second', lasting(1), {}, 0.5, 1000],
  ])('%s', (_name, validity, options, draw, at) => {
    expect(refreshAt(validity, options, () => draw)).toBe(at);
  });

  test.each([
    ['fraction of 1.5', lasting(60), { fraction: 1.5 }],
    ['jitter not below the fraction', lasting(60), { fraction: 0.5, jitter: 0.5 }],
    ['negative jitter', lasting(60), { jitter: -0.1 }],
    ['no number', lasting(60), { fraction: Number.NaN }],
    ['negative budget', lasting(60), { outageBudget: -1 }],
    ['validity that ends before it begins', { notBefore: 2, notAfter: 1 }, {}],
  ])('refuses %s', (_name, validity, options) => {
    expect(() => refreshAt(validity, options)).toThrow(RangeError);
  });

  test('refresh keeps ten minutes from both ends of any lifetime of an hour or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3600, max: 91 * DAY }), share, (lifetime, u) => {
        const at = refreshAt({ notBefore: 0, notAfter: lifetime - 1 }, {}, () => u);
        expect(at).toBeGreaterThanOrEqual(600);
        expect(at).toBeLessThanOrEqual(lifetime - 1 - 600);
      }),
      { seed },
    );
  });

  test('is never later than the fraction nor the budget, and never before notBefore', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 91 * DAY }),
        share,
        share,
        share,
        share,
        (lifetime, u, fraction, part, budget) => {
          fc.pre(fraction > 0.001);
          const { notBefore, notAfter } = lasting(lifetime);
          const outageBudget = Math.floor((budget * lifetime) / 2);
          const at = refreshAt({ notBefore, notAfter }, { fraction, jitter: fraction * part, outageBudget }, () => u);
          expect(at).toBeGreaterThanOrEqual(notBefore);
          expect(at).toBeLessThanOrEqual(notBefore + fraction * lifetime);
          expect(at).toBeLessThanOrEqual(notAfter - Math.min(outageBudget, Math.floor(lifetime / 2) - 1));
        },
      ),
      { seed },
    );
  });

  test('L6: a hundred thousand certificates of one birth refresh evenly, and the same after a restart', () => {
    const draw = (serial: number) =>
      refreshAt(lasting(3600), {}, stableRandom('spiffe://example.org/x', BigInt(serial)));
    const perMinute = new Map<number, number>();
    for (let serial = 1; serial <= 100_000; serial++) {
      const minute = Math.floor((draw(serial) - 1000 - 2520) / 60);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...perMinute.values())).toBeLessThanOrEqual((1.3 * 100_000) / 6);
    expect(perMinute.size).toBe(6);
    expect(draw(77)).toBe(draw(77));
  });
});

test.each([
  ['an hour: ten minutes', lasting(3600), 1000 + 2400, 1000 + 3000],
  ['thirty days: a twentieth', lasting(30 * DAY), 1000 + 24 * DAY, 1000 + 25.5 * DAY],
  ['a minute: half of what is left', lasting(60), 1000 + 45, 1000 + 52],
  ['due at the end', lasting(60), 1059, 1059],
])('overdueAt, %s', (_name, validity, due, at) => {
  expect(overdueAt(validity, due)).toBe(at);
});

test.each([
  [30 * DAY, 300],
  [600, 60],
  [9, 0],
  [-5, 0],
  [Number.POSITIVE_INFINITY, 300],
])('herdSpread with %d s left is %d s', (remaining, spread) => {
  expect(herdSpread(remaining)).toBe(spread);
});
