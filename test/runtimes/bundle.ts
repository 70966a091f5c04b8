import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import type { Fixtures } from './suite.js';

const here: string = fileURLToPath(new URL('.', import.meta.url));
const vectors: string = fileURLToPath(new URL('../../vectors/', import.meta.url));
const kernels: string = fileURLToPath(new URL('../../packages/wasm/src/kernels/', import.meta.url));

/** What the suite is wrapped in. */
export type Shape = 'program' | 'page' | 'worker';

/** What the suite's own outcomes are told by: a line of standard output, a request to the server of the page, or an answer. */
const endings: Readonly<Record<Shape, string>> = {
  program: 'console.log(JSON.stringify(await runSuite(fixtures)));',
  page: "await fetch('/outcomes', { method: 'POST', body: JSON.stringify(await runSuite(fixtures)) });",
  worker: `import * as modules from 'kernels';
    export default { fetch: async () => new Response(JSON.stringify(await runSuite(fixtures, modules))) };`,
};

/**
 * Writes the suite for one kind of runtime into a directory, from the packages as they are built.
 *
 * - `program`: one module that imports the packages by their names, as an application does.
 * - `page`: one file with all of them inside.
 * - `worker`: the same, with the kernels beside it as modules of WebAssembly.
 * @returns The names of the files, the main one first.
 */
export async function bundleSuite(shape: Shape, directory: string): Promise<readonly string[]> {
  const contents = `import { runSuite } from './suite.js';
    const fixtures = ${JSON.stringify(fixtures())};
    ${endings[shape]}`;
  const options: BuildOptions = {
    stdin: { contents, resolveDir: here, loader: 'ts', sourcefile: `${shape}.ts` },
    bundle: true,
    format: 'esm',
    target: 'es2023',
    logLevel: 'silent',
    outfile: join(directory, `${shape}.mjs`),
    ...(shape === 'program' ? { platform: 'node', packages: 'external' } : { platform: 'browser' }),
  };
  rmSync(directory, { recursive: true, force: true });
  if (shape === 'worker') {
    await build({
      ...options,
      loader: { '.wasm': 'copy' },
      assetNames: '[name]',
      plugins: [
        {
          name: 'kernels',
          setup: ({ onResolve, onLoad }) => {
            onResolve({ filter: /^kernels$/ }, () => ({ path: 'kernels', namespace: 'kernels' }));
            onLoad({ filter: /.*/, namespace: 'kernels' }, () => ({ contents: kernelExports(), resolveDir: here }));
          },
        },
      ],
    });
  } else await build(options);
  const main = `${shape}.mjs`;
  return [main, ...readdirSync(directory).filter((name) => name !== main)];
}

/** A module that exports every kernel under its name, imported as a worker imports it. */
const kernelExports = (): string =>
  readdirSync(kernels)
    .filter((name) => name.endsWith('.wasm'))
    .map((name) => {
      const specifier = JSON.stringify(`@mayfly/wasm/kernels/${name}`);
      return `export { default as ${JSON.stringify(name.replace('.wasm', ''))} } from ${specifier};`;
    })
    .join('\n');

function fixtures(): Fixtures {
  const base64 = (path: string) =>
    readFileSync(join(vectors, path), 'utf8')
      .replace(/^[\s\S]*?-----BEGIN [^-]+-----/, '')
      .replace(/-----END[\s\S]*/, '')
      .replaceAll(/\s/g, '');
  const [key, certificate] = [join(vectors, 'keys/p256.pem'), join(vectors, 'certificates/algorithm-p256-sha256.pem')];
  const store = ['-export', '-inkey', key, '-in', certificate, '-name', 'web', '-passout', 'pass:mayfly'];
  return {
    certificate: base64('certificates/algorithm-p256-sha256.pem'),
    privateKey: base64('keys/p256.pem'),
    request: base64('requests/algorithm-p256-sha256.pem'),
    pfx: execFileSync('openssl', ['pkcs12', ...store], { cwd: tmpdir() }).toString('base64'),
  };
}
