import { describe, expect, test } from 'vitest';
import { median, medianInterval, quantile, summarize } from './statistics.js';

describe('quantile', () => {
  test.each([
    ['one sample', [7], 0.99, 7],
    ['the lowest', [3, 1, 2], 0, 1],
    ['the highest', [3, 1, 2], 1, 3],
    ['a sample', [5, 1, 4, 2, 3], 0.5, 3],
    ['between two samples', [1, 2, 3, 4], 0.5, 2.5],
    ['a hundredth from the end', Array.from({ length: 101 }, (_, i) => 100 - i), 0.99, 99],
    ['numbers in the order of numbers', [10, 9, 2], 0, 2],
  ])('%s', (_name, samples, share, expected) => {
    expect(quantile(samples, share)).toBe(expected);
  });

  test('leaves the samples as they are', () => {
    const samples = [3, 1, 2];
    quantile(samples, 0.5);
    expect(samples).toEqual([3, 1, 2]);
  });

  test.each([
    ['no samples', [], 0.5],
    ['a share above 1', [1], 1.5],
    ['no share', [1], Number.NaN],
  ])('refuses %s', (_name, samples, share) => {
    expect(() => quantile(samples, share)).toThrow(RangeError);
  });
});

describe('medianInterval', () => {
  const ascending = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  // Ranks of the tables of the sign test.
  test.each([
    [1, 1, 1],
    [5, 1, 5],
    [6, 1, 6],
    [8, 1, 8],
    [9, 2, 8],
    [12, 3, 10],
    [20, 6, 15],
    [288, 127, 162],
    [2000, 956, 1045],
  ])('of %d samples in order it reaches from number %d to number %d', (count, low, high) => {
    expect(medianInterval(ascending(count))).toEqual([low, high]);
    expect(medianInterval(ascending(count).reverse())).toEqual([low, high]);
  });

  test('there is none without samples', () => {
    expect(() => medianInterval([])).toThrow(RangeError);
  });
});

describe('summarize', () => {
  test('a slot counts once, however many samples it holds', () => {
    const quick = Array.from({ length: 1000 }, () => 1);
    expect(median([...quick, 5, 6])).toBe(1);
    expect(summarize([quick, [5], [6]])).toEqual({ median: 5, interval: [1, 6], p99: 1 });
  });

  test('the 99th percentile is that of all samples', () => {
    const ascending = Array.from({ length: 101 }, (_, i) => i);
    expect(summarize([ascending.slice(51), ascending.slice(0, 51)]).p99).toBe(99);
  });

  test('one slot has no interval', () => {
    expect(summarize([[3, 4]])).not.toHaveProperty('interval');
  });

  test.each([
    ['no slots', []],
    ['a slot without samples', [[1], []]],
  ])('refuses %s', (_name, slots) => {
    expect(() => summarize(slots)).toThrow(RangeError);
  });
});
