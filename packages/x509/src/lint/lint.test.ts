import { encode, fromHex, integer, nullValue, type Seconds, sequence, toHex } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import { type Certificate, parseCertificate, type TBSCertificate } from '../certificate.js';
import { createCertificateSync } from '../create.js';
import { parseCRL } from '../crl/certificate-list.js';
import { createCRLSync } from '../crl/create.js';
import type { Extension } from '../extension.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLNumberExtension,
  deltaCRLIndicatorExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from '../extensions.js';
import { certificateLints, lintCertificate, lintCRL, lintRequest, runLints } from '../lint.js';
import { buildName, encodeName } from '../name.js';
import { encodeSubjectPublicKeyInfo } from '../spki.js';

const at: Seconds = 1_800_000_000;
const p256 = fromHex(
  '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);
/** The point is on another curve, and nobody looks. */
const secp256k1 = fromHex(`3056301006072a8648ce3d020106052b8104000a034200${toHex(p256.subarray(-65))}`);
const key = {
  signatureAlgorithm: { algorithm: '1.2.840.10045.4.3.2' },
  subjectPublicKeyInfo: p256,
  sign: () => Uint8Array.of(0),
};
const name = (commonName: string): Uint8Array => encodeName(buildName({ commonName }));
const empty = fromHex('3000');

const aki = authorityKeyIdentifierExtension({ keyIdentifier: fromHex('01') });
const ski = subjectKeyIdentifierExtension(fromHex('02'));
const leafUsage = keyUsageExtension(['digitalSignature']);
const web = subjectAltNameExtension([{ type: 'dNSName', value: 'web.example' }], false);
const caParts = [basicConstraintsExtension({ cA: true }), keyUsageExtension(['keyCertSign']), ski, aki];

interface Parts {
  readonly subject?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly extensions?: readonly Extension[];
}

const made = ({
  subject = name('leaf'),
  issuer = name('CA'),
  spki = p256,
  extensions = [aki, leafUsage, web],
}: Parts = {}): Certificate =>
  parseCertificate(
    createCertificateSync(
      {
        serialNumber: 7n,
        issuer,
        subject,
        validity: { notBefore: at, notAfter: at + 100 },
        subjectPublicKeyInfo: spki,
        extensions,
      },
      key,
    ),
  );
const idsOf = (findings: readonly { readonly id: string }[]): readonly string[] => findings.map(({ id }) => id);
const as = (extension: Extension, critical: boolean): Extension => ({ ...extension, critical });
const alternative = (type: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier', value: string): Parts => ({
  extensions: [aki, leafUsage, subjectAltNameExtension([{ type, value }], false)],
});
const rsa = (bits: bigint, exponent: number): Uint8Array =>
  encodeSubjectPublicKeyInfo({
    algorithm: { algorithm: '1.2.840.113549.1.1.1', parameters: encode(nullValue()) },
    subjectPublicKey: encode(sequence(integer((1n << bits) - 1n), integer(exponent))),
  });

test.each<readonly [string, Parts, readonly string[]]>([
  ['a good leaf', {}, []],
  ['a good CA', { extensions: caParts }, []],
  ['a root', { subject: name('CA'), extensions: caParts.slice(0, 3) }, []],
  ['no name at all', { subject: empty, extensions: [aki, leafUsage] }, ['no-name']],
  ['alternatives alone, not critical', { subject: empty }, ['subject-alt-name-critical']],
  ['alternatives alone', { subject: empty, extensions: [aki, leafUsage, as(web, true)] }, []],
  ['critical beside a subject', { extensions: [aki, leafUsage, as(web, true)] }, ['subject-alt-name-critical']],
  ['an empty issuer', { issuer: empty }, ['issuer-name']],
  ['an underscore', alternative('dNSName', 'a_b.example'), ['dns-name']],
  ['no mailbox', alternative('rfc822Name', 'web.example'), ['rfc822-name']],
  ['a relative URI', alternative('uniformResourceIdentifier', '/path'), ['uri']],
  [
    'a long common name',
    { subject: encodeName([[{ type: '2.5.4.3', value: 'x'.repeat(65), stringType: 'utf8String' }]]) },
    ['subject-value'],
  ],
  ['a small RSA key', { spki: rsa(1024n, 65_537) }, ['public-key', 'weak-key']],
  ['an exponent of 3', { spki: rsa(2048n, 3) }, ['public-key', 'weak-key']],
  ['a curve that nobody knows', { spki: secp256k1 }, ['public-key']],
  ['EC for encryption', { extensions: [aki, keyUsageExtension(['keyEncipherment']), web] }, ['key-usage-of-algorithm']],
  [
    'a broken extension',
    { extensions: [aki, leafUsage, web, { extnID: '2.5.29.30', critical: true, extnValue: fromHex('05') }] },
    ['extension-value', 'authority-alone'],
  ],
  ['a critical key identifier', { extensions: [as(aki, true), leafUsage, web] }, ['authority-key-identifier-critical']],
  ['a CA without a name', { subject: empty, extensions: [...caParts, as(web, true)] }, ['ca-subject']],
  ['a CA that is not critical', { extensions: [as(caParts[0]!, false), ...caParts.slice(1)] }, ['basic-constraints']],
  ['a CA that cannot sign', { extensions: [caParts[0]!, leafUsage, ski, aki] }, ['key-usage']],
  ['a leaf that signs', { extensions: [aki, keyUsageExtension(['keyCertSign']), web] }, ['key-usage']],
  ['usage that is not critical', { extensions: [aki, as(leafUsage, false), web] }, ['key-usage-critical']],
  [
    'any purpose, critical',
    { extensions: [aki, leafUsage, web, extKeyUsageExtension([keyPurposes.anyExtendedKeyUsage], true)] },
    ['ext-key-usage-any'],
  ],
  ['a CA without identifier', { extensions: [caParts[0]!, caParts[1]!, aki] }, ['subject-key-identifier']],
  ['no key identifier of the issuer', { extensions: [leafUsage, web] }, ['authority-key-identifier']],
  [
    'name constraints in a leaf',
    {
      extensions: [
        aki,
        leafUsage,
        web,
        nameConstraintsExtension({ permittedSubtrees: [{ base: { type: 'dNSName', value: 'a' } }] }),
      ],
    },
    ['authority-alone'],
  ],
])('%s', (_name, parts, ids) => {
  expect(idsOf(lintCertificate(made(parts)))).toEqual(ids);
});

test('findings say where, what and by which source', () => {
  expect(lintCertificate(made(alternative('dNSName', 'a_b')))).toEqual([
    {
      id: 'dns-name',
      source: 'RFC 5280 §4.2.1.6',
      severity: 'error',
      path: 'extensions.subjectAltName[0]',
      message: '"a_b" is no host name',
    },
  ]);
});

describe('what the writer does not write', () => {
  const tbs: TBSCertificate = { ...made(), signature: key.signatureAlgorithm };
  test.each<readonly [string, Partial<TBSCertificate>, string]>([
    ['version 1', { version: 1 }, 'version'],
    ['serial number 0', { serialNumber: 0n }, 'serial-number'],
    ['serial number of 21 octets', { serialNumber: 1n << 160n }, 'serial-number'],
    ['an end before its beginning', { validity: { notBefore: 2, notAfter: 1 } }, 'validity'],
    ['a unique identifier', { subjectUniqueID: { bytes: Uint8Array.of(1), unusedBits: 0 } }, 'unique-identifiers'],
  ])('%s', (_name, change, id) => {
    expect(idsOf(runLints(certificateLints, { ...tbs, ...change }))).toEqual([id]);
  });

  test('a broken hash, and critical FALSE written out', () => {
    const good = made();
    expect(idsOf(lintCertificate({ ...good, signatureAlgorithm: { algorithm: '1.2.840.113549.1.1.5' } }))).toEqual([
      'signature-algorithm',
      'der',
    ]);
  });

  test('a policy twice', () => {
    const policies = certificatePoliciesExtension([{ policyIdentifier: '1.2.3' }]);
    const twice = { ...policies, extnValue: fromHex('300c' + '300406022a03' + '300406022a03') };
    expect(idsOf(lintCertificate(made({ extensions: [aki, leafUsage, web, twice] })))).toEqual([
      'extension-value',
      'policies',
    ]);
  });
});

test('lints have ids of their own', () => {
  const ids = idsOf(certificateLints);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each<readonly [string, readonly Extension[], readonly bigint[], readonly string[]]>([
  ['a good list', [aki, cRLNumberExtension(1n)], [5n], []],
  ['no extensions', [], [5n], ['crl-number', 'crl-authority-key-identifier']],
  ['a critical number', [aki, as(cRLNumberExtension(1n), true)], [], ['crl-number']],
  ['a delta of the future', [aki, cRLNumberExtension(1n), deltaCRLIndicatorExtension(2n)], [], ['crl-delta']],
  [
    'a delta that is not critical',
    [aki, cRLNumberExtension(3n), as(deltaCRLIndicatorExtension(2n), false)],
    [],
    ['crl-delta'],
  ],
])('%s', (_name, extensions, serials, ids) => {
  const revocations = serials.map((serialNumber) => ({ serialNumber, revocationDate: at }));
  const list = createCRLSync({ issuer: name('CA'), thisUpdate: at, nextUpdate: at + 1, revocations, extensions }, key);
  expect(idsOf(lintCRL(parseCRL(list)))).toEqual(ids);
});

test('reasons that a complete list should not have', () => {
  const revocations = [
    { serialNumber: 1n, revocationDate: at, reason: 'unspecified' as const },
    { serialNumber: 2n, revocationDate: at, reason: 'removeFromCRL' as const },
  ];
  const contents = {
    issuer: name('CA'),
    thisUpdate: at,
    nextUpdate: at + 1,
    extensions: [aki, cRLNumberExtension(1n)],
  };
  const findings = lintCRL(parseCRL(createCRLSync({ ...contents, revocations }, key)));
  expect(findings.map(({ id, path }) => [id, path])).toEqual([
    ['crl-entry-reason', 'revokedCertificates[1]'],
    ['crl-entry-unspecified', 'revokedCertificates[0]'],
  ]);
});

test('requests are held against what their certificates would be', () => {
  const good = { subject: name('a'), subjectPublicKeyInfo: p256, extensions: [web] };
  expect(lintRequest(good)).toEqual([]);
  expect(idsOf(lintRequest({ ...good, subject: empty, extensions: [] }))).toEqual(['no-name']);
});
