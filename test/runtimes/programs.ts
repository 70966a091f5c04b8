import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleSuite, type Shape } from './bundle.js';
import { start, text, withChild } from './processes.js';
import type { Outcome } from './suite.js';
import { withWorker } from './workerd.js';

/** A runtime that the suite runs in. */
export interface Runtime {
  readonly name: string;
  /** The program, or what is missing. */
  readonly find: () => Found;
  /** What the program says of its version. */
  readonly version: (program: string) => string;
  readonly run: (program: string) => Promise<readonly Outcome[]>;
}

/** Where a program is, or why it is not there; `installable` where package.json beside this names it. */
export type Found = { readonly program: string } | { readonly missing: string; readonly installable?: true };

const here: string = fileURLToPath(new URL('.', import.meta.url));
/** So that the packages are found from there, as they are from an application. */
const output = join(here, 'dist');
const printed = (program: string): string => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();

const installed = (path: string): Found => {
  const program = join(here, 'node_modules', path);
  return existsSync(program)
    ? { program }
    : { missing: `${path} is not installed: npm run test:runtimes`, installable: true };
};

const onPath = (...names: readonly string[]): Found => {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const program = names.flatMap((name) => directories.map((directory) => join(directory, name))).find(existsSync);
  return program === undefined ? { missing: `${names[0]} is not installed` } : { program };
};

const node = (major: number): Runtime => ({
  name: `Node ${major}`,
  find: () =>
    process.versions.node.startsWith(`${major}.`) ? { program: process.execPath } : installed(`node-${major}/bin/node`),
  version: printed,
  run: (program) => runProgram(program, []),
});

/** Every runtime that the packages are made for. */
export const runtimes: readonly Runtime[] = [
  node(20),
  node(22),
  node(24),
  node(26),
  {
    name: 'Bun',
    find: () => installed('@oven/bun-linux-x64/bin/bun'),
    version: printed,
    run: (program) => runProgram(program, []),
  },
  {
    name: 'Deno',
    find: () => installed('@deno/linux-x64-glibc/deno'),
    version: (program) => printed(program).split('\n')[0]!,
    run: (program) => runProgram(program, ['run', '--no-remote', '--cached-only', '--node-modules-dir=manual']),
  },
  {
    name: 'workerd',
    find: () => installed('@cloudflare/workerd-linux-64/bin/workerd'),
    version: printed,
    run: runWorker,
  },
  {
    name: 'Chromium',
    find: () => onPath('chromium'),
    version: (program) => printed(program).replace(/ built on.*/, ''),
    run: (program) =>
      runPage(program, (directory, address) => [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
        ...[`--user-data-dir=${directory}`, address],
      ]),
  },
  {
    name: 'Firefox',
    find: () => onPath('firefox-esr', 'firefox'),
    version: printed,
    run: (program) =>
      runPage(program, (directory, address) => ['--headless', '--no-remote', '--profile', directory, address]),
  },
];

const bundles = new Map<Shape, ReturnType<typeof bundleSuite>>();

/** Made once. */
function bundled(shape: Shape): ReturnType<typeof bundleSuite> {
  const made = bundles.get(shape) ?? bundleSuite(shape, join(output, shape));
  bundles.set(shape, made);
  return made;
}

/** A runtime that runs a file and prints. */
async function runProgram(program: string, args: readonly string[]): Promise<readonly Outcome[]> {
  const [main] = await bundled('program');
  const child = start(program, [...args, join(output, 'program', main!)], output);
  return withChild(child, async () => {
    const [printedText, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return read(printedText.trim().split('\n').at(-1) ?? '', `${program}: ${printedText}${errors}`);
  });
}

/** workerd compiles no WebAssembly: kernels are modules of the worker's. */
async function runWorker(program: string): Promise<readonly Outcome[]> {
  const modules = await bundled('worker');
  return withWorker(program, join(output, 'worker'), modules, async (url) =>
    read(await (await fetch(url)).text(), 'workerd'),
  );
}

/** A browser that loads a page, whose script sends what came out to the server of the page. */
async function runPage(
  program: string,
  args: (directory: string, address: string) => readonly string[],
): Promise<readonly Outcome[]> {
  const [main] = await bundled('page');
  const script = readFileSync(join(output, 'page', main!));
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-browser-'));
  let tell = (_: string): void => {};
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      void text(request).then(tell);
      response.end();
    } else if (request.url === '/suite.mjs') response.setHeader('content-type', 'text/javascript').end(script);
    else
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>Mayfly</title><script type="module" src="suite.mjs"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const child = start(program, args(directory, `http://127.0.0.1:${port}/`), output);
  try {
    return await withChild(child, async () => {
      const errors = text(child.stderr);
      const ended = new Promise<never>((_, reject) => {
        child.once('close', () => void errors.then((said) => reject(new Error(`${program} ended: ${said}`))));
      });
      return read(await Promise.race([told, ended]), program);
    });
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

function read(json: string, source: string): readonly Outcome[] {
  try {
    return JSON.parse(json) as readonly Outcome[]; // what the suite wrote
  } catch (cause) {
    throw new Error(`Cannot read outcomes of ${source}`, { cause });
  }
}
