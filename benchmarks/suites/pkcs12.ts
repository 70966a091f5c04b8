import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { parsePem } from '@mayfly/der/pem';
import { keyEntries, keyStore, readPfx, writePfx } from '@mayfly/pkcs12';
import * as forge from '../adapters/node-forge-pkcs12.js';
import * as pkijs from '../adapters/pkijs-pkcs12.js';
import { type Contender, contender, type Measurement } from '../measure.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

const PASSWORD = 'a long password';
/** 2,048 is what OpenSSL writes unless told otherwise, 600,000 what Mayfly does. */
const COUNTS = [2048, 600_000] as const;
/** How long the derivations of a file may take here, in milliseconds: other programs measure beside. */
const limits = { derivationTime: 60_000 };

/** An RSA key, because node-forge has no other, and its certificate: opened, and put into a file. */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
  try {
    const pem = execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '-', '-subj', '/CN=web', '-days', '30'],
      { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' },
    );
    await writeFile(join(directory, 'pair.pem'), pem);
    const [key, certificate] = parsePem(pem);
    const entry = { friendlyName: 'web', privateKeyInfo: key!.bytes, certificates: [certificate!.bytes] };
    const all: Outcome[] = [...(await measure({ name: 'pkcs12/structure', contenders: [await structure(entry)] }))];
    const [start] = await measure({ name: 'openssl version', contenders: [opensslStart] });
    for (const iterations of COUNTS) {
      const file = await writePfx(keyStore({ keys: [entry] }), PASSWORD, { iterations });
      await writeFile(join(directory, 'store.p12'), file);
      const checkKey = (found: Uint8Array | undefined) =>
        assert.deepEqual(Buffer.from(found ?? []), Buffer.from(entry.privateKeyInfo));
      const checkFile = async (made: Uint8Array) =>
        checkKey(keyEntries(await readPfx(made, PASSWORD, { limits }))[0]?.privateKeyInfo);
      const job = { file, password: PASSWORD, entry, iterations };
      all.push(
        await held(`pkcs12/held/${iterations}`, () => readPfx(file, PASSWORD, { limits })),
        ...withoutStart(
          start!, // of the one contender
          await measure({
            name: `pkcs12/open/${iterations}`,
            contenders: [
              contender(
                'mayfly',
                () => readPfx(file, PASSWORD, { limits }),
                (pfx) => checkKey(keyEntries(pfx)[0]?.privateKeyInfo),
              ),
              openssl(directory, ['-in', 'store.p12', '-passin', `pass:${PASSWORD}`, '-nodes']),
              contender(
                'node-forge',
                () => forge.open(job),
                (found) => checkKey(asPkcs8(found)),
              ),
              contender('pkijs', () => pkijs.open(job), checkKey),
            ],
          }),
        ),
        ...withoutStart(
          start!,
          await measure({
            name: `pkcs12/create/${iterations}`,
            contenders: [
              contender('mayfly', () => writePfx(keyStore({ keys: [entry] }), PASSWORD, { iterations }), checkFile),
              openssl(directory, [
                '-export',
                '-in',
                'pair.pem',
                '-passout',
                `pass:${PASSWORD}`,
                '-iter',
                `${iterations}`,
              ]),
              contender(
                'node-forge',
                () => forge.create(job),
                () => {},
              ),
              contender('pkijs', () => pkijs.create(job), checkFile),
            ],
          }),
        ),
      );
    }
    return all;
  } finally {
    await rm(directory, { recursive: true });
  }
}

const asPkcs8 = (pem: string): Uint8Array => createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });

const execute = promisify(execFile);

/** The whole process. */
const openssl = (cwd: string, args: readonly string[]): Contender =>
  contender(
    'openssl',
    () => execute('openssl', ['pkcs12', ...args], { cwd, encoding: 'buffer' }),
    ({ stdout }) => assert.ok(stdout.length > 500),
  );
/** One that only starts. */
const opensslStart: Contender = contender(
  'openssl',
  () => execute('openssl', ['version']),
  () => {},
);

/** What openssl takes once it runs. */
const withoutStart = (start: Measurement, measurements: readonly Measurement[]): readonly Measurement[] =>
  measurements.map((one) =>
    one.impl === 'openssl'
      ? { ...one, median: Math.max(0, one.median - start.median), p99: Math.max(0, one.p99 - start.median) }
      : one,
  );

/** The longest time that a run kept the event loop from anything else: of three runs the median, and as p99 the longest. */
async function held(name: string, run: () => Promise<unknown>): Promise<Outcome> {
  const longest: number[] = [];
  for (let i = 0; i < 3; i++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await run();
    delay.disable();
    longest.push(delay.max);
  }
  longest.sort((a, b) => a - b);
  return { name, impl: 'mayfly', median: longest[1]!, p99: longest[2]! };
}

/** Everything but the derivations: they give at once what they gave before. */
async function structure(entry: Parameters<typeof keyStore>[0]['keys'][number]): Promise<Contender> {
  const derive = ({ keyLength }: { readonly keyLength: number }) => Promise.resolve(new Uint8Array(keyLength).fill(7));
  const file = await writePfx(keyStore({ keys: [entry] }), PASSWORD, { derive });
  return contender(
    'mayfly',
    () => readPfx(file, PASSWORD, { derive }),
    (pfx) => assert.equal(keyEntries(pfx).length, 1),
  );
}
