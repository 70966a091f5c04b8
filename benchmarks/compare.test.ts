import { describe, expect, test } from 'vitest';
import { changes, tell } from './compare.js';
import type { Report } from './report.js';

const saved = (ours: number, nodes: number | undefined): Report => ({
  ...{ suite: 'parse', node: '20.0.0', cpu: 'Some CPU', date: '2026-01-02T03:04:05.000Z' },
  ...{ effort: 'full', machine: '2 cores', versions: {}, ratios: [] },
  cases: [
    { name: 'parse/leaf', impl: 'mayfly', medianNs: ours, p99Ns: ours },
    ...(nodes === undefined ? [] : [{ name: 'parse/leaf', impl: 'node:crypto', medianNs: nodes, p99Ns: nodes }]),
  ],
});

describe('changes', () => {
  test('a machine that is twice as fast changes nothing', () => {
    expect(changes(saved(100, 1000), [saved(50, 500)])).toMatchObject([{ name: 'parse/leaf', slower: 0 }]);
  });

  test('of several measurements the middle one counts', () => {
    const [change] = changes(saved(100, 1000), [saved(300, 1000), saved(90, 1000), saved(120, 1000)]);
    expect(change!.slower).toBeCloseTo(0.2);
  });

  test('without node:crypto in either there is nothing to compare', () => {
    expect(changes(saved(100, undefined), [saved(100, 1000)])).toEqual([]);
    expect(changes(saved(100, 1000), [saved(100, undefined)])).toEqual([]);
  });
});

test.each([
  [95, /^ok .*0\.095 x|^ok .*\(-5 %\)$/],
  [109, /^ok .*\(\+9 %\)$/],
  [111, /^WARN .*\(\+11 %\)$/],
  [126, /^FAIL .*\(\+26 %\)$/],
])('of 100 become %d: %s', (ours, line) => {
  const [change] = changes(saved(100, 1000), [saved(ours, 1000)]);
  expect(tell(change!)).toMatch(line);
});
