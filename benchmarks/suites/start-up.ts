import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { directory } from '../directory.js';
import { type Contender, contender, type Measurement } from '../measure.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** What each library has to have imported before it can do a job. */
const imports = {
  csr: {
    mayfly: [
      '@mayfly/keys/webcrypto',
      '@mayfly/pkcs10',
      '@mayfly/x509/name',
      '@mayfly/x509/extensions',
      '@mayfly/der/pem',
    ],
    pkijs: ['pkijs', 'asn1js'],
    '@peculiar/x509': ['reflect-metadata', '@peculiar/x509'],
    'node-forge': ['node-forge'],
    jsrsasign: ['jsrsasign'],
  },
  parse: {
    mayfly: ['@mayfly/x509', '@mayfly/x509/name', '@mayfly/x509/extensions'],
    pkijs: ['pkijs'],
    '@peculiar/x509': ['reflect-metadata', '@peculiar/x509'],
    'node-forge': ['node-forge'],
    jsrsasign: ['jsrsasign'],
  },
  issue: {
    mayfly: ['@mayfly/ca', '@mayfly/ca/profiles', '@mayfly/keys/node', '@mayfly/x509'],
    pkijs: ['pkijs', 'asn1js'],
    '@peculiar/x509': ['reflect-metadata', '@peculiar/x509'],
    'node-forge': ['node-forge'],
  },
} as const;

/** What is below that is not told apart from nothing. */
const LEAST_NS = 0.1e6;

/** How much longer Node takes to start and end when it imports what a job needs. */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const all: Outcome[] = [];
  for (const [job, libraries] of Object.entries(imports)) {
    const name = `start-up/${job}`;
    const started = Object.entries(libraries).map(([impl, modules]) => starting(impl, modules));
    const [alone, ...others] = await measure({ name, contenders: [starting('node', []), ...started] });
    all.push(...others.map((one) => beyond(one, alone!.median))); // of the first contender
  }
  return all;
}

function starting(impl: string, modules: readonly string[]): Contender {
  const code = modules.map((name) => `import ${JSON.stringify(name)};`).join('\n');
  const cwd = fileURLToPath(directory); // where the packages are found
  return contender(
    impl,
    () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { cwd }),
    () => {}, // it ends with 0
  );
}

function beyond({ name, impl, median, interval, p99 }: Measurement, alone: number): Measurement {
  const more = (time: number): number => Math.max(LEAST_NS, time - alone);
  return {
    ...{ name, impl, median: more(median), p99: more(p99) },
    ...(interval && { interval: [more(interval[0]), more(interval[1])] as const }),
  };
}
