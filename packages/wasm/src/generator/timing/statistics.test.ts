import { describe, expect, test } from 'vitest';
import { randomFrom } from './random.js';
import { largestT, welch } from './statistics.js';

test('welch, by hand', () => {
  // Means 2 and 5, variances 1 and 1, three samples each.
  expect(welch([1, 2, 3], [4, 5, 6])).toBeCloseTo(-3 / Math.sqrt(2 / 3), 12);
  expect(welch([7, 7], [7, 7])).toBe(0);
  expect(welch([8, 8], [7, 7])).toBe(Number.POSITIVE_INFINITY);
});

describe('largestT', () => {
  const random = randomFrom(1);
  /** Times of a job that is disturbed now and then. */
  const times = (count: number, mean: number) =>
    Array.from({ length: count }, () => {
      const noise = (random() + random() + random() - 1.5) * 10;
      return mean + noise + (random() < 0.02 ? 10_000 * random() : 0);
    });

  test('finds half a per cent below disturbances that are larger by far', () => {
    const { t, share } = largestT(times(20_000, 201), times(20_000, 200));
    expect(t).toBeGreaterThan(10);
    expect(share).toBeLessThan(1);
  });

  test('finds nothing where nothing is', () => {
    for (let i = 0; i < 20; i++) expect(Math.abs(largestT(times(5_000, 200), times(5_000, 200)).t)).toBeLessThan(4.5);
  });

  test('a class all of whose samples are slow is not cut away unseen', () => {
    expect(largestT(times(5_000, 400), times(5_000, 200)).t).toBeGreaterThan(10);
  });
});
