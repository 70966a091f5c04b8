import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import { root } from './step.mjs';

/**
 * Tests that depend on the same files: those of a package, of a directory of `test`, or of the benchmarks.
 * @typedef {{ readonly name: string, readonly files: readonly string[] }} Group Paths from the root.
 */

/** What no test reads, or what is made from other files. */
const IGNORED = new Set(['node_modules', 'dist', 'coverage', '.git', '.turbo', '.examples', '.mayfly']);
/** What every test stands on. */
const COMMON = ['package.json', 'package-lock.json', 'tsconfig.json', 'test/vitest.config.ts', '.ci'];
/** Programs that tests ask for their judgement, or are skipped without. */
const TOOLS = [
  'openssl',
  'go',
  'keytool',
  'script',
  'mkfifo',
  'npm',
  'sh',
  'stty',
  'chromium',
  'firefox-esr',
  'firefox',
  'softhsm2-util',
];
/** Tell which other runtimes, and which binding to tokens, are installed. */
const INSTALLED = ['runtimes', 'pkcs11'].map((name) => join(root, 'test', name, 'node_modules/.package-lock.json'));
/** `'@mayfly/der'`, and paths that lead upwards: what a module imports, and what it reads. */
const MENTIONS = /['"]@mayfly\/([a-z0-9-]+)|['"`]((?:\.\.\/)+[^'"`$]*)/g;

/** @returns {readonly Group[]} */
export function testGroups() {
  const groups = new Map();
  for (const path of ['packages', 'test', 'benchmarks'].flatMap((directory) => filesBelow(join(root, directory)))) {
    if (!path.endsWith('.test.ts')) continue;
    const file = slashes(relative(root, path));
    const [top, second] = file.split('/');
    const name = top === 'benchmarks' ? top : `${top}/${second}`;
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return [...groups].map(([name, files]) => ({ name, files }));
}

/**
 * A digest of all that the outcome of a group's tests depends on: for a package its files, those of every package that
 * they import, directly or not, but its tests, and whatever else they lead to by a path; for others the whole repository, and where
 * paths lead out of it. The versions of Node and of the programs that judge are part of it.
 * @param {Group} group
 * @returns {string}
 */
export function digestOf({ name }) {
  const inputs = new Set();
  const isPackage = name.startsWith('packages/');
  const waiting = isPackage ? [name, ...COMMON] : ['.'];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const path of filesBelow(join(root, next))) {
      if (inputs.has(path) || (isPackage && next !== name && path.endsWith('.test.ts'))) continue;
      inputs.add(path);
      if (/\.(ts|mts|mjs|js|json)$/.test(path)) waiting.push(...mentionsOf(path));
    }
  const hash = createHash('sha256').update(JSON.stringify([name, surroundings()]));
  for (const path of [...inputs].sort()) hash.update(`\0${relative(root, path)}\0${digestOfFile(path)}`);
  return hash.digest('hex');
}

/** @type {Map<string, readonly string[]>} */
const mentions = new Map();

/** Packages and paths, from the root, that a file names. */
function mentionsOf(path) {
  const known = mentions.get(path);
  if (known !== undefined) return known;
  const found = new Set();
  if (!path.endsWith('package-lock.json'))
    for (const [, packageName, upwards] of readFileSync(path, 'utf8').matchAll(MENTIONS)) {
      const target = packageName ? `packages/${packageName}` : relative(root, resolve(dirname(path), upwards)) || '.';
      if (isInput(target) && exists(join(root, target))) found.add(target);
    }
  mentions.set(path, [...found]);
  return [...found];
}

/** Below the root; the suites of others, of which CONTRIBUTING.md tells, stand beside it. */
const isInput = (path) => (path.startsWith('..') ? path.startsWith('../shared/') : path !== '.' && path !== 'packages');

/** @type {Map<string, string>} */
const digests = new Map();

function digestOfFile(path) {
  const digest = digests.get(path) ?? createHash('sha256').update(readFileSync(path)).digest('hex');
  digests.set(path, digest);
  return digest;
}

/** Forgets which files there were and what they held, before a second look at them. */
export function lookAnew() {
  listings.clear();
  digests.clear();
  mentions.clear();
}

function surroundings() {
  const tools = TOOLS.map((tool) => {
    const path = (process.env.PATH ?? '')
      .split(delimiter)
      .map((directory) => join(directory, tool))
      .find(exists);
    const { size, mtimeMs } = path === undefined ? { size: 0, mtimeMs: 0 } : statSync(path);
    return [tool, path, size, mtimeMs];
  });
  const installed = INSTALLED.map((path) => (exists(path) ? digestOfFile(path) : ''));
  return [process.version, process.versions.openssl, process.platform, process.arch, process.env.TZ, tools, installed];
}

/** @type {Map<string, readonly string[]>} */
const listings = new Map();

/** Every file below a directory, or the file itself; nothing where there is nothing. */
function filesBelow(path) {
  const listing = listings.get(path) ?? listFiles(path);
  listings.set(path, listing);
  return listing;
}

function listFiles(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !IGNORED.has(entry.name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : entry.isFile() ? [join(path, entry.name)] : [],
    );
}

const exists = (path) => statSync(path, { throwIfNoEntry: false }) !== undefined;

const slashes = (path) => path.split(sep).join('/');
