import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browsers } from '../console/browsers.js';
import { isBuilt, unlessBuilt } from '../main-job/command.js';
import { start, withChild } from './processes.js';
import { runtimes } from './programs.js';
import { withWorker } from './workerd.js';

const examples = fileURLToPath(new URL('./csr-endpoint/', import.meta.url));
let directory: string;
let csr: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-edge-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(directory, 'key')];
  const contents = ['-subj', '/CN=web', '-addext', 'subjectAltName=DNS:web.example.org,IP:192.0.2.7'];
  csr = execFileSync('openssl', ['req', '-new', ...key, ...contents], { encoding: 'utf8', stdio: 'pipe' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The request for another name: well formed, and no longer what its key signed. */
const withOtherName = (pem: string): string => {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.indexOf('web')] = 'v'.charCodeAt(0);
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
};

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
type Ask = (body: string) => Promise<Answer>;

/** What every endpoint has to answer. */
async function expectAnswers(ask: Ask): Promise<void> {
  const names = ['DNS:web.example.org', 'IP:192.0.2.7'];
  expect(await ask(csr)).toEqual({ status: 200, body: { ownKeySigned: true, subject: 'CN=web', names } });
  expect(await ask(withOtherName(csr))).toEqual({
    status: 422,
    body: { ownKeySigned: false, subject: 'CN=veb', names },
  });
  expect(await ask('no request')).toMatchObject({ status: 400, body: { code: expect.stringMatching(/^ERR_/) } });
}

const askAt =
  (url: string): Ask =>
  async (body) => {
    const response = await fetch(url, { method: 'POST', body });
    return { status: response.status, body: await response.json() };
  };

const bundle = (name: string, format: 'esm' | 'iife'): Promise<unknown> =>
  build({
    entryPoints: [join(examples, name)],
    bundle: true,
    format,
    platform: 'browser',
    target: 'es2023',
    outfile: join(directory, name),
    logLevel: 'silent',
  });

/** Waits until a program says where it listens. */
const addressOf = (stream: AsyncIterable<Buffer>): Promise<string> =>
  (async () => {
    let seen = '';
    for await (const chunk of stream) {
      seen += chunk;
      const found = /(http:\/\/127\.0\.0\.1:\d+)/.exec(seen);
      if (found !== null) return found[1]!;
    }
    throw new Error(`Cannot find an address in ${seen}`);
  })();

interface Endpoint {
  readonly name: string;
  readonly serve: (program: string) => Promise<void>;
}

const program =
  (...args: readonly string[]) =>
  async (path: string): Promise<void> => {
    const child = start(path, args, examples);
    await withChild(child, async () => {
      const address = await addressOf(child.stdout!);
      await expectAnswers(askAt(`${address}/csr`));
    });
  };

const endpoints: readonly Endpoint[] = [
  {
    name: 'workerd',
    async serve(path) {
      await bundle('workerd.js', 'esm');
      await withWorker(path, directory, ['workerd.js'], (url) => expectAnswers(askAt(`${url}csr`)));
    },
  },
  {
    name: 'Deno',
    serve: program('run', '--no-remote', '--cached-only', '--node-modules-dir=manual', '--allow-net', 'deno.js', '0'),
  },
  { name: 'Bun', serve: program('bun.js', '0') },
];

for (const { name, serve } of endpoints) {
  const found = runtimes.find((runtime) => runtime.name === name)!.find();
  const reason = 'missing' in found ? ` (${found.missing})` : unlessBuilt;
  test.skipIf('missing' in found || !isBuilt)(`a CSR endpoint in ${name}${reason}`, () =>
    serve('program' in found ? found.program : ''),
  );
}

for (const { name, find, start: startBrowser } of browsers) {
  const found = find();
  const reason = 'missing' in found ? ` (${found.missing})` : unlessBuilt;
  test.skipIf('missing' in found || !isBuilt)(`workers of pages in ${name}${reason}`, async () => {
    await Promise.all([bundle('service-worker.js', 'iife'), bundle('web-worker.js', 'iife')]);
    const server = createServer((request, response) => {
      const script = /^\/((?:service|web)-worker\.js)$/.exec(request.url ?? '')?.[1];
      if (script !== undefined)
        response.setHeader('content-type', 'text/javascript').end(readFileSync(join(directory, script)));
      else if (request.url === '/')
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>CSR</title>');
      else response.writeHead(404).end(); // also /csr: whoever answers it is no server
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on a port
    const session = await startBrowser('program' in found ? found.program : '');
    try {
      const { page } = await session.open();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.evaluate(async () => {
        await navigator.serviceWorker.register('service-worker.js');
        while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 20));
      });
      await expectAnswers((body) =>
        page.evaluate(async (body) => {
          const response = await fetch('csr', { method: 'POST', body });
          return { status: response.status, body: await response.json() };
        }, body),
      );

      const made = await page.evaluate(
        () =>
          new Promise<{ pem: string; isExtractable: boolean }>((resolve, reject) => {
            const worker = new Worker('web-worker.js');
            worker.onerror = ({ message }) => reject(new Error(message));
            worker.onmessage = ({ data: { pem, pair } }) =>
              resolve({ pem, isExtractable: pair.privateKey.extractable });
            worker.postMessage(['orders.example.org']);
          }),
      );
      expect(made.isExtractable).toBe(false);
      const text = execFileSync('openssl', ['req', '-noout', '-verify', '-text'], { input: made.pem, stdio: 'pipe' });
      expect(text.toString()).toContain('DNS:orders.example.org');
    } finally {
      await session.close();
      server.closeAllConnections();
      server.close();
    }
  });
}
