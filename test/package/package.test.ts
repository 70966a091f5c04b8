import { readdirSync, readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData, type ResolutionKind } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, test } from 'vitest';
import { packTarballs, type Tarball } from './tarballs.js';

const packages = new URL('../../packages/', import.meta.url);
const names = readdirSync(packages);
const license = readFileSync(new URL('../LICENSE', packages), 'utf8');
const tarballs = new Map<string, Tarball>();

/** Packages are ESM only, so resolution by `require` and by directories is not offered. */
const offered: ReadonlySet<ResolutionKind> = new Set<ResolutionKind>(['node16-esm', 'bundler']);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  /** A path alone is data. */
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
}

const readManifest = (path: string): Manifest => JSON.parse(readFileSync(new URL(path, packages), 'utf8'));

beforeAll(() => {
  for (const tarball of packTarballs(names)) tarballs.set(tarball.name, tarball);
});

describe.each(names)('%s', (name) => {
  test('package.json has the common shape and version', () => {
    const root = readManifest('../package.json');
    const { exports, ...manifest } = readManifest(`${name}/package.json`);
    expect(manifest).toMatchObject({
      name: `@mayfly/${name}`,
      version: root.version,
      license: root.license,
      type: 'module',
      engines: root.engines,
    });
    for (const [subpath, conditions] of Object.entries(exports)) {
      if (typeof conditions === 'string') continue; // data
      const source = conditions['@mayfly/source'];
      const module = source?.replace(/^\.\/src\//, '').replace(/\.ts$/, '');
      expect([subpath, Object.entries(conditions)]).toEqual([
        subpath,
        [
          ['@mayfly/source', source],
          ['types', `./dist/${module}.d.ts`],
          ['default', `./dist/${module}.js`],
        ],
      ]);
    }
  });

  test('the tarball holds every entry point, its source, a README and the LICENSE, and no test nor help for tests', () => {
    const { files } = tarballs.get(name)!;
    const wanted = Object.values(readManifest(`${name}/package.json`).exports).flatMap((conditions) =>
      typeof conditions === 'string' ? [conditions] : Object.values(conditions),
    );
    const missing = ['README.md', 'LICENSE', ...wanted.map((path) => path.replace('./', ''))].filter(
      (path) => !files.includes(path),
    );
    expect(missing).toEqual([]);
    expect(files.filter((path) => path.includes('.test.'))).toEqual([]);
    const published = wanted.some((path) => path.includes('/testing/'));
    expect(files.filter((path) => !published && path.includes('/testing/'))).toEqual([]);
  });

  test('the licence is that of the repository', () => {
    expect(readFileSync(new URL(`${name}/LICENSE`, packages), 'utf8')).toBe(license);
  });

  test('publint has nothing to say', async () => {
    const { messages, pkg } = await publint({
      pack: { tarball: tarballs.get(name)!.bytes.buffer },
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test('attw finds types that agree with the modules', async () => {
    const result = await checkPackage(createPackageFromTarballData(tarballs.get(name)!.bytes));
    if (result.types === false) expect.fail('the tarball has no types');
    const isData = (problem: object) => 'entrypoint' in problem && String(problem.entrypoint).endsWith('.wasm');
    const problems = result.problems.filter(
      (problem) => !isData(problem) && (!('resolutionKind' in problem) || offered.has(problem.resolutionKind)),
    );
    expect(problems).toEqual([]);
  });
});
