import { expect, test } from 'vitest';
import { activityIn, listed, nextOf, standingOf, tally, upcoming } from './outlook.js';
import type { CertificateStatus } from './snapshot.js';

const NOW = 1000;
const row = (pod: string, more: Partial<CertificateStatus> = {}): CertificateStatus => ({
  id: pod,
  pod: `shop/${pod}`,
  signerName: 'example.com/workload',
  held: [held(900, 1050, 1100)],
  rotations: 0,
  ...more,
});
const held = (notBefore: number, refreshAt: number, notAfter: number) => ({
  serialNumber: `${notBefore}`,
  notBefore,
  refreshAt,
  notAfter,
});

test.each([
  ['valid', row('a'), 'good', { at: 1050, what: 'refresh' }],
  ['refresh due', row('a', { held: [held(800, 990, 1100)] }), 'due', { at: 1100, what: 'end' }],
  ['asked', row('a', { held: [], requestedAt: 999 }), 'requested', { at: NOW, what: 'answer' }],
  ['nothing yet', row('a', { held: [] }), 'none', undefined],
  ['nothing yet, as problems say too', row('a', { held: [], problem: 'no certificate yet' }), 'none', undefined],
  ['refused', row('a', { held: [], problem: 'denied', retryAt: 1060 }), 'trouble', { at: 1060, what: 'retry' }],
  ['expired', row('a', { held: [held(0, 100, 200)], problem: 'expired' }), 'expired', { at: 200, what: 'end' }],
])('%s', (_name, certificate, standing, next) => {
  expect(standingOf(certificate, NOW)).toBe(standing);
  expect(nextOf(certificate, NOW)).toEqual(next);
});

const three = [
  row('b'),
  row('c', { held: [held(900, 1020, 1100)] }),
  row('a', { problem: 'denied: payments', retryAt: 1090 }),
];

test.each([
  ['next', '', ['c', 'b', 'a']],
  ['trouble', '', ['a', 'c', 'b']],
  ['name', '', ['a', 'b', 'c']],
  ['name', ' SHOP/C ', ['c']],
  ['name', 'payments', ['a']],
  ['name', 'nowhere', []],
] as const)('listed %s first, with %j', (order, search, expected) => {
  expect(listed(three, { order, search, now: NOW }).map(({ id }) => id)).toEqual(expected);
});

test('counts by standing', () => {
  const waiting = row('d', { held: [], requestedAt: 990 });
  expect(tally([...three, waiting], NOW)).toEqual({
    valid: 3,
    good: 2,
    due: 0,
    requested: 1,
    trouble: 1,
    expired: 0,
    none: 0,
  });
});

test('what is next: steps among refreshes, those of one second together', () => {
  const steps = [{ at: 1030, message: 'A new authority' }];
  expect(upcoming([...three, row('d')], steps, NOW, 3)).toEqual([
    { at: 1020, message: 'Refresh of shop/c' },
    { at: 1030, message: 'A new authority' },
    { at: 1050, message: '2 refreshes, of shop/b and others' },
  ]);
});

test('many refreshes hide no step of an authority', () => {
  const many = Array.from({ length: 20 }, (_, i) => row(`p${i}`, { held: [held(900, 1010 + i, 1100)] }));
  const steps = [1090, 1080, 1070].map((at) => ({ at, message: 'A step' }));
  expect(upcoming(many, steps, NOW, 4).map(({ at }) => at)).toEqual([1010, 1011, 1070, 1080]);
});

test('activity counts what was issued and what is to be refreshed, within the span alone', () => {
  const span = { from: 900, to: 1100 };
  const { starts, issued, refreshes } = activityIn([...three, row('e', { held: [held(10, 20, 30)] })], span, 4, NOW);
  expect(starts).toEqual([925, 975, 1025, 1075]);
  expect(issued).toEqual([3, 0, 0, 0]);
  expect(refreshes).toEqual([0, 0, 1, 2]);
});
