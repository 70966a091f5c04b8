import { describe, expect, test } from 'vitest';
import { type Circumstances, type Outcome, report } from './report.js';
import { duration, octets, table } from './table.js';

const circumstances: Circumstances = {
  ...{ node: '20.20.2', cpu: 'Some CPU', date: '2026-01-02T03:04:05.000Z' },
  ...{ effort: 'full', machine: '2 cores', versions: { mayfly: '0.1.0' } },
};

const outcomes: readonly Outcome[] = [
  { name: 'parse/leaf', impl: 'mayfly', median: 2000.04, interval: [1900.04, 2100], p99: 3000 },
  { name: 'parse/leaf', impl: 'node:crypto', median: 180_000, p99: 200_000 },
  { name: 'parse/other', impl: 'mayfly', median: 4000, p99: 5000 },
  { name: 'parse/other', impl: 'pkijs', median: 2000, p99: 5000 },
];

describe('report', () => {
  test('what could not be measured is told, in JSON and below the table', () => {
    const missing = { name: 'issue/p256', impl: 'go', reason: 'Go is not installed' };
    const made = report('issue', circumstances, [outcomes[0]!, missing]);
    expect(made.leftOut).toEqual([missing]);
    expect(made.cases).toHaveLength(1);
    expect(table(made).split('\n').at(-1)).toBe('issue/p256 leaves out go: Go is not installed');
    expect(report('parse', circumstances, outcomes)).not.toHaveProperty('leftOut');
  });

  test('has the members that others read, in their order', () => {
    const made = report('parse', circumstances, outcomes);
    expect(JSON.parse(JSON.stringify(made))).toEqual({
      suite: 'parse',
      node: '20.20.2',
      cpu: 'Some CPU',
      date: '2026-01-02T03:04:05.000Z',
      effort: 'full',
      machine: '2 cores',
      versions: { mayfly: '0.1.0' },
      cases: [
        { name: 'parse/leaf', impl: 'mayfly', medianNs: 2000, medianLowNs: 1900, medianHighNs: 2100, p99Ns: 3000 },
        { name: 'parse/leaf', impl: 'node:crypto', medianNs: 180_000, p99Ns: 200_000 },
        { name: 'parse/other', impl: 'mayfly', medianNs: 4000, p99Ns: 5000 },
        { name: 'parse/other', impl: 'pkijs', medianNs: 2000, p99Ns: 5000 },
      ],
      ratios: [
        { name: 'parse/leaf', peer: 'node:crypto', ratio: 90 },
        { name: 'parse/other', peer: 'pkijs', ratio: 0.5 },
      ],
    });
    expect(Object.keys(made)).toEqual([
      ...['suite', 'node', 'cpu', 'date', 'effort', 'machine', 'versions', 'cases', 'ratios'],
    ]);
  });

  test('compares a peer with Mayfly in the same case only', () => {
    const peer = { name: 'parse/leaf', impl: 'pkijs', median: 1, p99: 1 };
    expect(report('parse', circumstances, [peer, ...outcomes.slice(2, 3)]).ratios).toEqual([]);
  });

  test('tells the memory of an entry where it is known', () => {
    const planned = { name: 'schedule/million', impl: 'mayfly', median: 1, p99: 1, heapBytesPerEntry: 104.61 };
    expect(report('schedule', circumstances, [planned]).cases[0]).toMatchObject({ heapBytesPerEntry: 104.6 });
  });

  test('compares octets as it compares times', () => {
    const weighed = [
      { name: 'size/csr', impl: 'mayfly', bytes: 4200 },
      { name: 'size/csr', impl: 'pkijs', bytes: 84_000 },
    ];
    const made = report('size', circumstances, weighed);
    expect(made.cases).toEqual(weighed);
    expect(made.ratios).toEqual([{ name: 'size/csr', peer: 'pkijs', ratio: 20 }]);
    expect(table(made).split('\n').slice(3)).toEqual([
      'size/csr  mayfly            4200 B',
      'size/csr  pkijs           82.0 KiB                  20 x as small',
    ]);
  });
});

test('the table has a line for each implementation', () => {
  const all = report('parse', circumstances, outcomes);
  const [first, ...others] = all.cases;
  expect(table({ ...all, cases: [{ ...first!, heapBytesPerEntry: 105.2 } as typeof first & object, ...others] })).toBe(
    [
      'parse: Node 20.20.2, Some CPU, 2026-01-02T03:04:05.000Z',
      '',
      'case         implementation     median      low     high        p99  Mayfly is',
      'parse/leaf   mayfly            2.00 µs  1.90 µs  2.10 µs    3.00 µs  105 B of heap an entry',
      'parse/leaf   node:crypto     180.00 µs                    200.00 µs  90 x as fast',
      'parse/other  mayfly            4.00 µs                      5.00 µs',
      'parse/other  pkijs             2.00 µs                      5.00 µs  0.50 x as fast',
    ].join('\n'),
  );
});

test.each([
  [12.4, '12 ns'],
  [999, '999 ns'],
  [2600, '2.60 µs'],
  [1_500_000, '1.50 ms'],
  [920_000_000, '920.00 ms'],
  [3_121_000_000, '3.12 s'],
])('%d ns is %s', (nanoseconds, text) => {
  expect(duration(nanoseconds)).toBe(text);
});

test.each([
  [9999, '9999 B'],
  [86_118, '84.1 KiB'],
])('%d octets are %s', (count, text) => {
  expect(octets(count)).toBe(text);
});
