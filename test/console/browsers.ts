import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { type Found, runtimes } from '../runtimes/programs.js';

/** A browser of the system that pages are looked at in. */
export interface PageBrowser {
  readonly name: 'Chromium' | 'Firefox';
  readonly find: () => Found;
  readonly start: (program: string) => Promise<Session>;
}

/** A browser that runs, and what its pages complained of. */
export interface Session {
  readonly browser: Browser;
  /** Where downloads arrive. */
  readonly downloads: string;
  /** A new page that tells {@link PageLog}. */
  open(viewport?: Viewport): Promise<{ readonly page: Page; readonly log: PageLog }>;
  close(): Promise<void>;
}

/** What a page is seen through. */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** What a page did that a person does not see. */
export interface PageLog {
  /** Errors of scripts, of the console and of the policy. */
  readonly errors: readonly string[];
  /** Addresses that it asked others for: no `blob:` of its own, and no `data:`, by which browsers draw their controls. */
  readonly requests: readonly string[];
}

export const DESKTOP: Viewport = { width: 1280, height: 900 };
export const PHONE: Viewport = { width: 390, height: 844 };

const find = (name: string) => (): Found => runtimes.find((runtime) => runtime.name === name)!.find();

/** The browsers that the pages are made for. */
export const browsers: readonly PageBrowser[] = [
  {
    name: 'Chromium',
    find: find('Chromium'),
    start: (program) =>
      startSession((downloads) =>
        launch({
          browser: 'chrome',
          executablePath: program,
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
          ],
          downloadBehavior: { policy: 'allow', downloadPath: downloads },
        }),
      ),
  },
  {
    name: 'Firefox',
    find: find('Firefox'),
    start: (program) =>
      startSession((downloads) =>
        launch({
          browser: 'firefox',
          executablePath: program,
          extraPrefsFirefox: {
            'browser.download.folderList': 2, // a directory that is named
            'browser.download.dir': downloads,
            'browser.download.useDownloadDir': true,
            'browser.download.always_ask_before_handling_new_types': false,
          },
        }),
      ),
  },
];

async function startSession(start: (downloads: string) => Promise<Browser>): Promise<Session> {
  const downloads = mkdtempSync(join(tmpdir(), 'mayfly-downloads-'));
  const browser = await start(downloads);
  return {
    browser,
    downloads,
    async open(viewport = DESKTOP) {
      const page = await browser.newPage();
      await page.setViewport(viewport);
      const [errors, requests]: [string[], string[]] = [[], []];
      page.on('pageerror', (error) => errors.push(error instanceof Error ? error.message : String(error)));
      page.on('console', (message) => {
        // What Chromium thinks of the document, as of forms that no password manager understands, it says in a whisper.
        if (message.type() === 'error' || message.text().startsWith('[DOM]')) errors.push(message.text());
      });
      page.on('request', (request) => {
        if (!/^(?:blob|data):/.test(request.url())) requests.push(request.url());
      });
      await page.evaluateOnNewDocument(() => {
        addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
          console.error(`policy: ${violatedDirective} ${blockedURI} ${sample}`),
        );
      });
      return { page, log: { errors, requests } };
    },
    async close() {
      await browser.close();
      rmSync(downloads, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const screenshots: string = fileURLToPath(new URL('screenshots/', import.meta.url));

/** Keeps what a person would see, as `screenshots/<name>.png`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) as `${string}.png` });
}

/** What axe-core finds at fault in a page as it is shown now, each as rule, place and what is the matter. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }; // what was evaluated above
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    );
  });
}

/** Chooses the colours by the page's own button. */
export async function chooseColours(page: Page, theme: 'light' | 'dark'): Promise<void> {
  const button = await page.waitForSelector('::-p-text(Colours:)');
  for (let i = 0; i < 3; i++) {
    if ((await page.evaluate(() => document.documentElement.dataset['theme'])) === theme) return;
    await button!.click();
  }
  throw new Error(`Cannot choose ${theme} colours: the button does not offer them`);
}
