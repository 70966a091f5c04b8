import { formatDuration } from '@mayfly/der';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from './duration.js';

test.each([
  ['0s', 0],
  ['90s', 90],
  ['2m', 120],
  ['1h30m', 5400],
  ['7d', 604_800],
  ['1d1h1m1s', 90_061],
  ['', undefined],
  ['90', undefined],
  ['1.5h', undefined],
  ['-1s', undefined],
  ['1w', undefined],
  ['1 h', undefined],
  ['h', undefined],
  ['99999999999999999d', undefined],
  ['1s'.repeat(11), undefined],
])('%j is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test('what is written is read again, less than its last unit off', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
      const read = parseDuration(formatDuration(seconds));
      expect(read).toBeLessThanOrEqual(seconds);
      expect(seconds - read!).toBeLessThanOrEqual(seconds / 24);
    }),
    { seed: 7 },
  );
});
