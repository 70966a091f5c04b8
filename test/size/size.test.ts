import { existsSync } from 'node:fs';
import { pagesDirectory } from '@mayfly/console';
import { expect, test } from 'vitest';
import { measure, weigh, weighKernels } from './bundle.js';
import { kernelLimits, limits } from './limits.js';
import { firstLoad, pageLimits } from './pages.js';

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

const areBuilt = existsSync(new URL('workbench.html', pagesDirectory()));
const unlessBuilt = areBuilt ? '' : ' (the pages are not built: npm run build)';

test.skipIf(!areBuilt).each(pageLimits)(
  `the first load of $page stays below $gzip bytes${unlessBuilt}`,
  ({ page, gzip }) => {
    const bytes = firstLoad(page);
    expect(bytes).toBeGreaterThan(10_000); // its scripts were found
    expect(bytes).toBeLessThanOrEqual(gzip);
  },
);
