/** PBMAC1 (RFC 9579), which OpenSSL knows from 3.4 and Java's own provider not yet: by Bouncy Castle and pyca/cryptography. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describePfx, keyEntries, keyStore, pbmac1, readPfx, trustedEntries, writePfx } from '@mayfly/pkcs12';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, java, openStoreBench, orMissing, PASSWORD } from './store-bench.js';

const bench = openStoreBench();
afterAll(bench.remove);
const file = bench.at('pbmac1.p12');
const entry = bench.pair('elliptic', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
beforeAll(async () => {
  const trusted = [{ certificate: entry.certificates[0]!, friendlyName: 'authority' }];
  const store = keyStore({ keys: [entry], trusted });
  writeFileSync(file, await writePfx(store, PASSWORD, { profile: pbmac1, iterations: 2048 }));
});

/** Where `mvn dependency:get` puts the newest Bouncy Castle. */
function bouncyCastle(): string | undefined {
  const versions = join(homedir(), '.m2/repository/org/bouncycastle/bcprov-jdk18on');
  if (!existsSync(versions)) return undefined;
  const numbered = readdirSync(versions).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return numbered.map((version) => join(versions, version, `bcprov-jdk18on-${version}.jar`)).findLast(existsSync);
}

const jar = isMissing('java', '-version') ? undefined : bouncyCastle();
const bouncy = (source: string, ...args: readonly string[]): string =>
  bench.run('java', '-cp', jar!, java(source), ...args, 'org.bouncycastle.jce.provider.BouncyCastleProvider');

describe.skipIf(jar === undefined)(
  `Bouncy Castle${orMissing('java and org.bouncycastle:bcprov-jdk18on', jar === undefined)}`,
  { timeout: 120_000 },
  () => {
    test('opens what is written', () => {
      expect(bouncy('ReadStore.java', file, PASSWORD)).toBe('authority trusted\nelliptic key chain=1 fits=true\n');
      expect(() => bouncy('ReadStore.java', file, 'another')).toThrow(/mac invalid/);
    });

    test('writes what is opened', async () => {
      bouncy('CopyStore.java', file, 'PKCS12', bench.at('copy.p12'), 'PKCS12-PBMAC1', PASSWORD);
      const copy = readFileSync(bench.at('copy.p12'));
      expect(describePfx(copy).mac).toMatchObject({ scheme: 'PBMAC1' });
      const opened = await readPfx(copy, PASSWORD, { limits: { derivationTime: 60_000 } });
      expect(keyEntries(opened)).toEqual([expect.objectContaining({ friendlyName: 'elliptic' })]);
      expect(trustedEntries(opened)).toEqual([expect.objectContaining({ friendlyName: 'authority' })]);
    });
  },
);

/** Prints the names in a key store, or that the password is wrong. */
const reader = `
import sys
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
try:
    store = load_pkcs12(open(sys.argv[1], "rb").read(), sys.argv[2].encode())
except ValueError:
    sys.exit("wrong password")
assert store.key.public_key() == store.cert.certificate.public_key()
print(store.cert.friendly_name.decode(), *[one.friendly_name.decode() for one in store.additional_certs])
`;
/** Wheels bring an OpenSSL of their own; 3.4 was the first with PBMAC1. */
const hasPyca =
  spawnSync('python3', [
    '-c',
    'from cryptography.hazmat.backends.openssl import backend; assert backend.openssl_version_number() >= 0x30400000',
  ]).status === 0;

describe.skipIf(!hasPyca)(`pyca/cryptography${orMissing('python3 with cryptography on OpenSSL 3.4', !hasPyca)}`, () => {
  test('opens what is written', () => {
    expect(bench.run('python3', '-c', reader, file, PASSWORD)).toBe('elliptic authority\n');
    expect(() => bench.run('python3', '-c', reader, file, 'another')).toThrow(/wrong password/);
  });
});
