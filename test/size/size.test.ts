import { expect, test } from 'vitest';
import { measure, weigh, weighKernels } from './bundle.js';
import { kernelLimits, limits } from './limits.js';

test.each(limits)('the bundle $entry stays below $gzip bytes and holds nothing foreign', async (limit) => {
  const { gzip, bleeds } = await measure(limit);
  expect(bleeds).toEqual([]);
  expect(gzip).toBeLessThanOrEqual(limit.gzip);
});

test.each(kernelLimits)('$name: at most $gzip bytes after gzip', (limit) => {
  expect(weighKernels(limit)).toBeLessThanOrEqual(limit.gzip);
});

test('text that does not belong in a bundle is found', () => {
  const code = new TextEncoder().encode('import"node:crypto";crypto.subtle.deriveBits({name:"PBKDF2"})');
  expect(weigh('csr-browser', code, 1024, ['node:', 'noble', 'PBKDF2'])).toMatchObject({
    minified: code.length,
    bleeds: ['node:', 'PBKDF2'],
  });
});
