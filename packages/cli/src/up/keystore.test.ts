import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { toHex } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { keyEntries, readPfx, trustedEntries } from '@mayfly/pkcs12';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readManifests } from '../manifests/read-manifests.js';
import { manifestsOf, startRun } from './testing/local-run.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-keystores-'));
  writeFileSync(join(directory, 'password'), 'changeit\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const manifest = (annotations: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  annotations:
${annotations}
spec:
  containers: [{ name: main, image: none, volumeMounts: [{ name: tls, mountPath: /tls }] }]
  volumes:
  - name: tls
    projected:
      sources:
      - podCertificate: { signerName: mayfly.dev/workload, keyType: ECDSAP256, maxExpirationSeconds: 3600, keyPath: tls.key, certificateChainPath: tls.crt }
      - clusterTrustBundle: { signerName: mayfly.dev/workload, labelSelector: {}, path: ca.crt }
`;
const lines = (annotations: Readonly<Record<string, string>>): string =>
  Object.entries(annotations)
    .map(([key, value]) => `    mayfly.dev/${key}: ${JSON.stringify(value)}`)
    .join('\n');
const asked = (more: Readonly<Record<string, string>> = {}): string =>
  manifest(lines({ keystore: 'pkcs12', 'keystore-password-file': join(directory, 'password'), ...more }));
const file = (name: string): Buffer => readFileSync(join(directory, 'state/pods/shop/web/volumes/tls', name));
const pemOf = (name: string): readonly string[] => parsePem(file(name).toString()).map(({ bytes }) => toHex(bytes));

/** Waits for key derivations, which the simulated clock does not know of. */
const agrees = (password: string): Promise<void> => vi.waitFor(() => isAgreed(password), { timeout: 20_000 });

async function isAgreed(password: string): Promise<void> {
  const [entry] = keyEntries(await readPfx(file('keystore.p12'), password));
  expect(entry!.friendlyName).toBe('web');
  expect(toHex(entry!.privateKeyInfo)).toBe(pemOf('tls.key')[0]);
  expect(entry!.certificates.map(toHex)).toEqual(pemOf('tls.crt'));
  const trusted = trustedEntries(await readPfx(file('truststore.p12'), password));
  expect(trusted.map(({ certificate }) => toHex(certificate))).toEqual(pemOf('ca.crt'));
}

test('key store and trust store hold what the PEM files hold, through rotations', async () => {
  const run = await startRun(manifestsOf(asked()), join(directory, 'state'));
  await agrees('changeit');
  expect(statSync(join(directory, 'state/pods/shop/web/volumes/tls/keystore.p12')).mode & 0o777).toBe(0o600);
  const before = file('keystore.p12');
  const trust = file('truststore.p12');
  await run.clock.advance(3000);
  // Keys are derived in real time, whatever the clock of the run says.
  await vi.waitFor(() => expect(file('keystore.p12').equals(before)).toBe(false), 60_000);
  await agrees('changeit');
  // Nothing else changed, so that nobody reads it anew for nothing.
  expect(file('truststore.p12').equals(trust)).toBe(true);
  await run.stop();
});

test('nothing is mounted without a password, and all is when it comes', async () => {
  rmSync(join(directory, 'password'));
  const run = await startRun(manifestsOf(asked()), join(directory, 'state'));
  expect(() => file('tls.key')).toThrow();
  expect(JSON.stringify(run.events)).toMatch(/Cannot write key stores: the password in .*no such file/);
  writeFileSync(join(directory, 'password'), 'later');
  await run.clock.advance(120);
  await agrees('later');
  await run.stop();
});

describe('annotations', () => {
  const where = 'metadata.annotations["mayfly.dev/';
  test.each<[string, Readonly<Record<string, string>>, string, string, RegExp]>([
    [
      'another kind',
      { keystore: 'jks', 'keystore-password-env': 'X' },
      'ERR_CLI_VALUE',
      'keystore"]',
      /known is pkcs12/,
    ],
    ['no password', { keystore: 'pkcs12' }, 'ERR_CLI_VALUE', 'keystore"]', /needs a password/],
    [
      'two passwords',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-password-file': 'x' },
      'ERR_CLI_VALUE',
      'keystore-password-env"]',
      /write one of them/,
    ],
    [
      'a profile that is none',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-profile': 'best' },
      'ERR_CLI_VALUE',
      'keystore-profile"]',
      /known are modern/,
    ],
    [
      'iterations that are none',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-iterations': 'many' },
      'ERR_CLI_VALUE',
      'keystore-iterations"]',
      /no whole number/,
    ],
    [
      'a path out of the volume',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-path': '../x' },
      'ERR_CLI_VALUE',
      'keystore-path"]',
      /contains ".."/,
    ],
    [
      'a path that is taken',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'truststore-path': 'ca.crt' },
      'ERR_CLI_DUPLICATE',
      'keystore"]',
      /is also at/,
    ],
    [
      'a volume that is none',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-volume': 'data' },
      'ERR_CLI_NOT_FOUND',
      'keystore-volume"]',
      /no volume with a podCertificate/,
    ],
    [
      'a misspelt one',
      { keystore: 'pkcs12', 'keystore-password-env': 'X', 'keystore-pass': 'x' },
      'ERR_CLI_VALUE',
      'keystore-pass"]',
      /is not known/,
    ],
    [
      'one that does nothing',
      { 'keystore-profile': 'modern' },
      'ERR_CLI_VALUE',
      'keystore-profile"]',
      /does nothing without/,
    ],
  ])('%s', (_name, annotations, code, path, message) => {
    const result = readManifests([{ path: 'pods.yaml', text: manifest(lines(annotations)) }]);
    expect(result).toMatchObject({
      ok: false,
      errors: [{ code, path: where + path, message: expect.stringMatching(message) }],
    });
    if (!result.ok) expect(result.errors[0]!.line).toBeGreaterThan(7);
  });

  test('of others are left alone', () => {
    expect(manifestsOf(manifest('    example.com/x: "y"')).pods[0]!.volumes[0]!.keystore).toBeUndefined();
  });
});

const noJava = spawnSync('java', ['-version'], { stdio: 'ignore' }).error !== undefined;

test.skipIf(noJava)(
  `a Java program serves TLS through five rotations${noJava ? ' (missing: java)' : ''}`,
  { timeout: 180_000 },
  async () => {
    const run = await startRun(manifestsOf(asked()), join(directory, 'state'));
    await agrees('changeit');
    const source = fileURLToPath(new URL('../../testing/java/ServeStore.java', import.meta.url));
    const store = join(directory, 'state/pods/shop/web/volumes/tls/keystore.p12');
    const server = spawn('java', [source, store, 'changeit'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const failures: string[] = [];
    try {
      const port = await portOf(server, failures);
      const serials = new Set<string>();
      for (let rotation = 0; rotation <= 5; rotation++) {
        if (rotation > 0) await run.clock.advance(3000);
        await agrees('changeit');
        for (let i = 0; i < 3; i++) serials.add(await handshake(port, file('ca.crt')));
      }
      expect(failures).toEqual([]);
      expect(serials.size).toBeGreaterThan(5);
    } finally {
      if (server.exitCode === null) {
        server.kill();
        await once(server, 'exit');
      }
      await run.stop();
    }
  },
);

/** The port that the program tells first; what it tells later went wrong. */
function portOf(server: ChildProcess, failures: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    createInterface({ input: server.stdout! }).on('line', (line) => {
      if (line.startsWith('port ')) resolve(Number(line.slice(5)));
      else failures.push(line);
    });
    server.once('exit', (code) => reject(new Error(`java ended with ${code}`)));
  });
}

/** Connects as a client that trusts the bundle; the serial number that it was shown. Times are simulated, so not looked at. */
async function handshake(port: number, ca: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca, servername: 'web.shop.svc', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  const error = socket.authorizationError as Error | string | null | undefined; // a code in Node 20, declared as an Error
  if (!socket.authorized) expect(String(error)).toMatch(/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/);
  socket.resume();
  await once(socket, 'close');
  return serialNumber;
}
