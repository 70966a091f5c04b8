import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, toHex } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, parseCertificate, parseTBSCertificate, type TBSCertificate } from './certificate.js';
import {
  type CertificateContents,
  createCertificate,
  createCertificateSync,
  intermediateContents,
  rootContents,
} from './create.js';
import {
  authorityKeyIdentifier,
  authorityKeyIdentifierExtension,
  basicConstraints,
  extKeyUsageExtension,
  keyPurposes,
  keyUsage,
  keyUsageExtension,
  subjectAltNameExtension,
  subjectKeyIdentifier,
} from './extensions.js';
import { rfc5280KeyIdentifier, rfc7093KeyIdentifier } from './key-identifier.js';
import { buildName, encodeName } from './name.js';
import { validatePath } from './path.js';
import type { SyncSigningKey, VerifySignature } from './signed.js';

/** A P-256 key of node:crypto. */
function newKey(): SyncSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    signatureAlgorithm: { algorithm: '1.2.840.10045.4.3.2' },
    subjectPublicKeyInfo: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    sign: (tbs) => new Uint8Array(sign('sha256', tbs, privateKey)),
  };
}

const verifyEcdsa: VerifySignature = ({ tbs, signatureValue }, spki) =>
  verify('sha256', tbs, { key: Buffer.from(spki), format: 'der', type: 'spki' }, signatureValue);

const validity = { notBefore: 1_767_225_600, notAfter: 2_082_758_399 };
const at = 1_800_000_000;
const name = (commonName: string): Uint8Array => encodeName(buildName({ organization: 'Example', commonName }));

const rootKey = newKey();
const intermediateKey = newKey();
const leafKey = newKey();
const rootOf = (key: SyncSigningKey, serialNumber: bigint, commonName: string): CertificateContents =>
  rootContents(
    {
      serialNumber,
      validity,
      subject: name(commonName),
      subjectKeyIdentifier: rfc7093KeyIdentifier(key.subjectPublicKeyInfo),
    },
    key,
  );

const root = parseCertificate(createCertificateSync(rootOf(rootKey, 1n, 'Root'), rootKey));
const intermediateInput = {
  serialNumber: (1n << 159n) - 1n,
  validity,
  subject: name('Intermediate'),
  subjectKeyIdentifier: rfc7093KeyIdentifier(intermediateKey.subjectPublicKeyInfo),
  pathLenConstraint: 0,
};
const intermediate = parseCertificate(
  createCertificateSync(intermediateContents(intermediateInput, intermediateKey.subjectPublicKeyInfo, root), rootKey),
);
const leafContents: CertificateContents = {
  serialNumber: 3n,
  issuer: intermediate.subject,
  validity,
  subject: encodeName([]),
  subjectPublicKeyInfo: leafKey.subjectPublicKeyInfo,
  extensions: [
    authorityKeyIdentifierExtension({ keyIdentifier: subjectKeyIdentifier(intermediate)! }),
    keyUsageExtension(['digitalSignature']),
    extKeyUsageExtension([keyPurposes.clientAuth]),
    subjectAltNameExtension(
      [
        { type: 'dNSName', value: 'web.example.org' },
        { type: 'iPAddress', value: fromHex('c0000201') },
      ],
      true,
    ),
  ],
};
const leaf = parseCertificate(createCertificateSync(leafContents, intermediateKey));

describe('created certificates', () => {
  test('a root says what RFC 5280 asks of an authority', () => {
    expect(root).toMatchObject({ version: 3, serialNumber: 1n, validity });
    expect(root.issuer).toEqual(root.subject);
    expect(basicConstraints(root)).toEqual({ cA: true });
    expect(keyUsage(root)).toEqual(new Set(['keyCertSign', 'cRLSign']));
    expect(root.extensions.map(({ critical }) => critical)).toEqual([true, true, false]);
  });

  test('an intermediate names the key that signed it', () => {
    expect(intermediate.issuer).toEqual(root.subject);
    expect(authorityKeyIdentifier(intermediate)).toEqual({ keyIdentifier: subjectKeyIdentifier(root)! });
    expect(basicConstraints(intermediate)).toEqual({ cA: true, pathLenConstraint: 0 });
  });

  test('with and without waiting are the same but for the signature', async () => {
    const awaited = parseCertificate(await createCertificate(leafContents, intermediateKey));
    expect(awaited.tbsCertificate).toEqual(leaf.tbsCertificate);
  });

  test('what was read of another certificate brings neither its version nor its algorithm along', () => {
    const foreign: TBSCertificate = {
      ...parseTBSCertificate(root.tbsCertificate),
      version: 1,
      signature: { algorithm: '1.2.840.113549.1.1.11', parameters: fromHex('0500') },
    };
    const { version, signatureAlgorithm } = parseCertificate(createCertificateSync(foreign, rootKey));
    expect({ version, signatureAlgorithm }).toEqual({ version: 3, signatureAlgorithm: rootKey.signatureAlgorithm });
  });

  test('an authority that another one cross-signs leads to both', async () => {
    const otherKey = newKey();
    const other = parseCertificate(createCertificateSync(rootOf(otherKey, 5n, 'Other root'), otherKey));
    const crossSigned = parseCertificate(
      createCertificateSync(
        intermediateContents(
          { serialNumber: 6n, validity, subject: root.subject, subjectKeyIdentifier: subjectKeyIdentifier(root)! },
          root.subjectPublicKeyInfo,
          other,
        ),
        otherKey,
      ),
    );
    const chainTo = async (anchor: Certificate) => {
      const result = await validatePath(leaf, {
        anchors: [anchor],
        intermediates: [crossSigned, intermediate],
        at,
        verify: verifyEcdsa,
      });
      return result.ok ? result.chain : result.reason;
    };
    expect(await chainTo(root)).toEqual([leaf, intermediate, root]);
    expect(await chainTo(other)).toEqual([leaf, intermediate, crossSigned, other]);
  });

  test.each<[string, Partial<CertificateContents>]>([
    ['serial number of zero', { serialNumber: 0n }],
    ['negative serial number', { serialNumber: -1n }],
    ['serial number of 21 octets', { serialNumber: 1n << 159n }],
    ['end before the beginning', { validity: { notBefore: 1, notAfter: 0 } }],
    ['an extension twice', { extensions: [keyUsageExtension(['cRLSign']), keyUsageExtension(['cRLSign'])] }],
  ])('refuses %s', (_name, wrong) => {
    expect(() => createCertificateSync({ ...leafContents, ...wrong }, intermediateKey)).toThrow(RangeError);
  });

  test('refuses an issuer without subjectKeyIdentifier', () => {
    expect(() =>
      intermediateContents(intermediateInput, intermediateKey.subjectPublicKeyInfo, { ...root, extensions: [] }),
    ).toThrow(TypeError);
  });
});

describe('foreign readers', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mayfly-x509-'));
    for (const [file, { der }] of Object.entries({ root, intermediate, leaf }))
      writeFileSync(join(folder, `${file}.pem`), encodePem('CERTIFICATE', der));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('openssl accepts the chain', () => {
    const out = execFileSync(
      'openssl',
      [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslclient',
        '-attime',
        String(at),
        '-CAfile',
        'root.pem',
        '-untrusted',
        'intermediate.pem',
        'leaf.pem',
      ],
      { cwd: folder },
    ).toString();
    expect(out).toBe('leaf.pem: OK\n');
  });

  test('openssl shows the same names and extensions', () => {
    const text = execFileSync('openssl', ['x509', '-in', 'leaf.pem', '-noout', '-text'], { cwd: folder }).toString();
    expect(text).toMatch(/X509v3 Subject Alternative Name: critical\s+DNS:web\.example\.org, IP Address:192\.0\.2\.1/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature/);
    expect(text).toMatch(/X509v3 Extended Key Usage: \s+TLS Web Client Authentication/);
    expect(text).toContain('Issuer: O = Example, CN = Intermediate');
  });

  test('node:crypto reads and verifies the same', () => {
    const parsed = new X509Certificate(leaf.der);
    expect(parsed.subjectAltName).toBe('DNS:web.example.org, IP Address:192.0.2.1');
    expect(parsed.verify(new X509Certificate(intermediate.der).publicKey)).toBe(true);
    expect(new X509Certificate(intermediate.der).serialNumber.toLowerCase()).toBe(
      intermediate.serialNumber.toString(16),
    );
  });

  test('openssl makes the same SHA-1 key identifier', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(folder, 'key.pem'), key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    execFileSync(
      'openssl',
      ['req', '-x509', '-new', '-key', 'key.pem', '-subj', '/CN=a', '-outform', 'DER', '-out', 'self.der'],
      { cwd: folder },
    );
    const made = parseCertificate(new Uint8Array(readFileSync(join(folder, 'self.der'))));
    expect(subjectKeyIdentifier(made)).toEqual(rfc5280KeyIdentifier(made.subjectPublicKeyInfo));
  });
});

test('key identifiers of a known key', () => {
  const spki = fromHex('302a300506032b6570032100' + '00'.repeat(32));
  expect(toHex(rfc5280KeyIdentifier(spki))).toBe('de8a847bff8c343d69b853a215e6ee775ef2ef96');
  expect(toHex(rfc7093KeyIdentifier(spki))).toBe(
    '66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925'.slice(0, 40),
  );
});
