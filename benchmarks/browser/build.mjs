import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What stands in for what a page has not, by what is imported. */
const substitutes = [
  [/^node:crypto$/, 'node-crypto.ts'],
  [/^node:assert\/strict$/, 'assert.ts'],
  [/^@mayfly\/keys\/node$/, 'keys.ts'],
  [/\/peers\.js$/, 'others.ts'],
  [/\/adapters\/openssl\.js$/, 'others.ts'],
];

/**
 * Builds the page of the benchmarks: two files, which a browser opens without a server.
 * @param {string} directory - Where they go, for example `dist/page`.
 * @param {string[]} conditions - Which exports of packages are taken besides; `@mayfly/source` spares building them.
 * @returns {Promise<string>} Path of the page.
 */
export async function buildPage(directory, conditions = []) {
  await build({
    entryPoints: [here('main.mjs')],
    outfile: `${directory}/page.js`,
    inject: [here('buffer.ts')],
    ...{ bundle: true, minify: true, format: 'iife', platform: 'browser', target: 'es2023', logLevel: 'error' },
    conditions: [...conditions, 'module'], // which esbuild has only as long as nothing is said
    define: { global: 'globalThis' },
    plugins: [
      {
        name: 'substitutes',
        setup({ onResolve }) {
          for (const [filter, file] of substitutes) onResolve({ filter }, () => ({ path: here(file) }));
          // What node-forge and jsrsasign ask for and do without.
          onResolve({ filter: /^(crypto|fs|vm)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
          onResolve({ filter: /^node:/ }, ({ path, importer }) => {
            throw new Error(`Cannot build the page: ${importer} imports ${path}`);
          });
        },
      },
      {
        name: 'absent',
        setup({ onLoad }) {
          onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {};' }));
        },
      },
    ],
  });
  await copyFile(here('page.html'), `${directory}/index.html`);
  return `${directory}/index.html`;
}
