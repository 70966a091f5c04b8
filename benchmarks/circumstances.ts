import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { directory } from './directory.js';
import type { Circumstances, Effort, Outcome } from './report.js';

const require = createRequire(import.meta.url);

/** What tells the version of each implementation that can take part; others have none of their own. */
const versionOf: Readonly<Record<string, () => string>> = {
  mayfly: () => ownPackage().version,
  pkijs: () => installed('pkijs'),
  '@peculiar/x509': () => installed('@peculiar/x509'),
  'node-forge': () => installed('node-forge'),
  jsrsasign: () => installed('jsrsasign'),
  noble: () => installed('@noble/curves'),
  'node:crypto': () => `OpenSSL ${process.versions.openssl}`,
  WebCrypto: () => `OpenSSL ${process.versions.openssl}`,
  openssl: () => said('openssl', ['version']).split(' ').slice(0, 2).join(' '),
  go: () => said('go', ['version']).split(' ')[2]!, // go version go1.26.8 linux/amd64
  rust: () => [said('rustc', ['--version']).split(' ').slice(0, 2).join(' '), ...crates()].join(', '),
  python: () => said('python3', ['-c', PYTHON_VERSIONS]),
};

const PYTHON_VERSIONS =
  'import platform, cryptography; print(f"Python {platform.python_version()}, cryptography {cryptography.__version__}")';

/** Where and how what came out was measured. */
export function circumstances(effort: Effort, outcomes: readonly Outcome[]): Circumstances {
  const impls = outcomes.flatMap((outcome) => ('reason' in outcome ? [] : [outcome.impl]));
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    date: new Date().toISOString(),
    effort,
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
    versions: Object.fromEntries(
      Object.entries(versionOf).flatMap(([impl, version]) => (impls.includes(impl) ? [[impl, version()]] : [])),
    ),
  };
}

const ownPackage = (): { readonly version: string } =>
  JSON.parse(readFileSync(new URL('package.json', directory), 'utf8'));

/** Version of a package: that of the package.json above its entry, whose subpath need not be exported. */
function installed(name: string): string {
  let directory = dirname(name === '@noble/curves' ? require.resolve(`${name}/nist.js`) : require.resolve(name));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      if (found.name === name) return found.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const above = dirname(directory);
    if (above === directory) throw new Error(`Cannot tell the version of ${name}: no package.json above its entry`);
    directory = above;
  }
}

/** The crates that do the work of the program in `peers/rust`, with their versions. */
const crates = (): readonly string[] =>
  [
    ...readFileSync(new URL('peers/rust/Cargo.toml', directory), 'utf8').matchAll(
      /^(rcgen|ring|x509-parser) = .*?"=([\d.]+)"/gm,
    ),
  ].map(([, name, version]) => `${name} ${version}`);

const said = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
