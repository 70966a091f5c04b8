import type { CertificateStatus, StatusSummary } from '@mayfly/console';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStatusFeed } from '../../packages/cli/src/status/feed.js';
import { serveStatus } from '../../packages/cli/src/status/serve-status.js';
import { isBuilt, mayfly, newDirectory, type Running } from '../main-job/command.js';
import { accessibilityFaults, browsers, chooseColours, keepScreenshot, PHONE, type Session } from './browsers.js';

/** Seconds that certificates of the run live. */
const LIFETIME = 12;

/** One run that all browsers look at. */
let run: Running | undefined;
let url: string;
beforeAll(async () => {
  if (!isBuilt || browsers.every(({ find }) => 'missing' in find())) return;
  run = mayfly(['up', '--lifetime', `${LIFETIME}s`, '--run', 'shop/orders-server'], newDirectory());
  await run.seen(/status page {2}(http:\S+)/);
  url = /status page {2}(http:\S+)/.exec(run.stdout())![1]!;
});
afterAll(async () => {
  run?.child.kill('SIGTERM');
  await run?.ended;
});

for (const { name, find, start } of browsers) {
  const found = find();
  const missing = 'missing' in found ? found.missing : isBuilt ? undefined : 'not built: npm run build';

  describe.skipIf(missing !== undefined)(`the status page in ${name}${missing ? ` (${missing})` : ''}`, () => {
    let session: Session;
    beforeAll(async () => {
      session = await start('program' in found ? found.program : '');
    });
    afterAll(async () => {
      await session?.close();
    });

    async function onPage(use: (page: Page) => Promise<void>, address = url, viewport?: typeof PHONE) {
      const { page, log } = await session.open(viewport);
      try {
        await page.goto(address);
        await page.waitForSelector('[role=option]');
        await use(page);
        expect(log.errors).toEqual([]);
        expect(log.requests.filter((request) => !request.startsWith(address))).toEqual([]);
      } finally {
        await page.close();
      }
    }

    test('follows a run: lanes, rotations, authorities and what is next', () =>
      onPage(async (page) => {
        await page.waitForSelector('.notice.good');
        expect(await page.$$eval('[role=option]', (rows) => rows.length)).toBeGreaterThanOrEqual(4);
        await page.waitForFunction(
          () => Number(document.querySelector('.figure:nth-child(5) dd')!.textContent) > 0, // rotations
          { timeout: 3 * LIFETIME * 1000 },
        );
        await page.waitForSelector('.bar.past');
        expect(await page.$eval('.authorities', (list) => list.textContent)).toMatch(/active.*signs since/);
        expect(await page.$eval('.bundles', (list) => list.textContent)).toMatch(/:mayfly.*1 anchor/);
        expect(await page.$eval('.steps', (list) => list.textContent)).toMatch(/[Rr]efresh(es,)? of shop\//);
        await page.waitForSelector('::-p-text(Rotated)');
        await keepScreenshot(page, `${name}-status`);
      }));

    test('chooses certificates by keyboard, and finds them by text', () =>
      onPage(async (page) => {
        await page.focus('[role=listbox]');
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowDown');
        await page.waitForSelector('[role=option]:nth-child(2)[aria-selected=true]');
        await page.waitForSelector('.chosen table');
        await page.type('input[type=search]', 'orders-server');
        await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 1);
      }));

    test.each(['light', 'dark'] as const)('has nothing that axe-core finds at fault in %s colours', (theme) =>
      onPage(async (page) => {
        await chooseColours(page, theme);
        await page.click('[role=option]');
        await page.waitForSelector('.chosen table');
        expect(await accessibilityFaults(page)).toEqual([]);
        await keepScreenshot(page, `${name}-status-${theme}`);
      }),
    );

    test('fits a phone', () =>
      onPage(
        async (page) => {
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
          await keepScreenshot(page, `${name}-phone-status`);
        },
        url,
        PHONE,
      ));

    test('stays quick with ten thousand pods', async () => {
      const server = await serveStatus('127.0.0.1:0', createStatusFeed(manyPods(10_000)));
      try {
        await onPage(async (page) => {
          expect(await page.$$eval('[role=option]', (rows) => rows.length)).toBeLessThan(60);
          await page.type('input[type=search]', 'pod-123');
          await page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 11);
          await page.click('input[type=search]', { count: 3 });
          await page.keyboard.press('Backspace');
          await page.focus('[role=listbox]');
          await page.keyboard.press('End');
          await page.waitForSelector('[aria-posinset="10000"][aria-selected=true]');
          await keepScreenshot(page, `${name}-status-10000`);
          await page.keyboard.press('Home');
          await page.waitForSelector('[aria-posinset="1"][aria-selected=true]');
          await page.$eval('[role=listbox]', (list) => list.scrollTo(0, 100_000));
          await page.waitForFunction(() => document.querySelector('[aria-posinset="1"]') === null);
          await page.select('select[aria-label=Order]', 'trouble');
          await page.waitForSelector('[aria-posinset="1"].trouble');
          await page.waitForFunction(() => document.querySelector('[role=listbox]')!.scrollTop === 0);
        }, `${server.url}/`);
      } finally {
        await server.close();
      }
    });

    test('says that it connects until it knows something, and then that it is live', async () => {
      const server = await serveStatus('127.0.0.1:0', createStatusFeed(manyPods(1)));
      try {
        const { page } = await session.open();
        await page.goto(`${server.url}/`);
        await page.waitForSelector('.connection.live');
        expect(await page.$eval('.tools [role=status]', ({ textContent }) => textContent)).toBe('1 certificate');
        await page.evaluateOnNewDocument(() => {
          // Opens, and says nothing more.
          Object.assign(globalThis, {
            EventSource: class {
              addEventListener = (type: string, listener: () => void) => type === 'open' && setTimeout(listener);
              close() {}
            },
          });
        });
        await page.reload();
        await page.waitForSelector('::-p-text(Asking the command)');
        expect(await page.$eval('.connection', ({ textContent }) => textContent)).toBe('Connecting');
        await page.close();
      } finally {
        await server.close();
      }
    });

    test('waits for a place where eight look already', async () => {
      const server = await serveStatus('127.0.0.1:0', createStatusFeed(manyPods(3)));
      const { page } = await session.open();
      try {
        const others = Array.from({ length: 8 }, () => new AbortController());
        await Promise.all(others.map(({ signal }) => fetch(`${server.url}/status/events`, { signal })));
        await page.goto(server.url);
        await page.waitForSelector('.connection.lost');
        for (const other of others) other.abort();
        await page.waitForSelector('[role=option]', { timeout: 15_000 });
      } finally {
        await page.close();
        await server.close();
      }
    });

    test('says when the command is gone', async () => {
      const server = await serveStatus('127.0.0.1:0', createStatusFeed(manyPods(3)));
      const { page } = await session.open();
      await page.goto(server.url);
      await page.waitForSelector('[role=option]');
      await server.close();
      await page.waitForSelector('.connection.lost');
      await page.waitForSelector('::-p-text(does not answer)');
      await page.close();
    });
  });
}

/** Pods whose certificates stand at every point of their lives, and some in trouble. */
function manyPods(count: number) {
  const now = Math.floor(Date.now() / 1000);
  const certificates = Array.from({ length: count }, (_, i): CertificateStatus => {
    const notBefore = now - ((i * 7919) % 3600);
    const held = {
      serialNumber: (0xa000000 + i).toString(16),
      notBefore,
      refreshAt: notBefore + 3600,
      notAfter: notBefore + 5400,
    };
    const earlier = {
      serialNumber: i.toString(16),
      notBefore: notBefore - 3600,
      refreshAt: notBefore,
      notAfter: notBefore + 1800,
    };
    return {
      id: `shop/pod-${i}/tls`,
      pod: `shop/pod-${i}`,
      volume: 'tls',
      signerName: 'example.com/workload',
      held: [earlier, held],
      rotations: 1,
      ...(i % 997 === 0 && { problem: 'denied: the policy does not grant payments.shop.svc', retryAt: now + 40 }),
    };
  });
  const summary = (): StatusSummary => ({
    command: 'up',
    now: Math.floor(Date.now() / 1000),
    startedAt: now - 7200,
    problems: [],
    problemCount: 0,
    counts: { issued: 2 * count, rotations: count, overdue: 0, refused: 0 },
    authorities: [],
    trustBundles: [],
    steps: [],
  });
  return { certificates: () => certificates, summary };
}
