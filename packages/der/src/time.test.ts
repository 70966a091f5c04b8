import { expect, test } from 'vitest';
import { formatDuration } from './time.js';

test.each([
  [0, '0s'],
  [59, '59s'],
  [3600, '1h'],
  [3661, '1h1m'],
  [86_405, '1d'],
  [90_000, '1d1h'],
  [-90, '-1m30s'],
  [1.9, '1s'],
])('%s seconds are written %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
