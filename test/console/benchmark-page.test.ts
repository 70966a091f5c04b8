import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { browsers } from './browsers.js';

/** The benchmarks' own, which is no TypeScript. */
interface Builder {
  buildPage(directory: string, conditions: readonly string[]): Promise<string>;
}

const builder = new URL('../../benchmarks/browser/build.mjs', import.meta.url).href;

/** What a quick look at one suite has to bring: ours beside others, with nothing of Node. */
const SUITE = 'csr';

describe.each(browsers.filter(({ name }) => name === 'Chromium'))('benchmarks in $name', ({ find, start }) => {
  const found = find();
  const unless = 'missing' in found ? ` (skipped: ${found.missing})` : '';

  test.skipIf('missing' in found)(`a suite runs from a file, without a server${unless}`, async () => {
    if ('missing' in found) return;
    const directory = mkdtempSync(join(tmpdir(), 'mayfly-benchmark-page-'));
    const session = await start(found.program);
    try {
      const { buildPage } = (await import(/* @vite-ignore */ builder)) as Builder;
      const address = pathToFileURL(await buildPage(directory, ['@mayfly/source']));
      const { page, log } = await session.open();
      await page.goto(`${address}?suite=${SUITE}`);
      await page.click('button');
      await page.waitForFunction(() => !document.querySelector('button')!.disabled, { timeout: 240_000 });
      expect(await page.$eval('[role=status]', (status) => status.textContent)).toBe('1 measured');
      const [report] = JSON.parse((await page.$eval('pre', ({ textContent }) => textContent)) ?? '');
      const impls = (name: string): readonly string[] =>
        report.cases.filter((one: { name: string }) => one.name === name).map(({ impl }: { impl: string }) => impl);
      expect(impls('csr/create')).toEqual(['mayfly', 'pkijs', '@peculiar/x509', 'jsrsasign']);
      expect(await page.$$eval('tbody tr', (rows) => rows.length)).toBe(report.cases.length);
      expect(log).toEqual({
        errors: [],
        requests: [String(address).concat(`?suite=${SUITE}`), expect.stringMatching(/page\.js$/)],
      });
    } finally {
      await session.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
