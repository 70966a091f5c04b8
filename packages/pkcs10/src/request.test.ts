import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { encode, fromHex, sequence, setOf, toHex, utf8String } from '@mayfly/der';
import { decodePem, encodePem } from '@mayfly/der/pem';
import { extensionsNode } from '@mayfly/x509';
import type { SignedParts, SyncSigningKey } from '@mayfly/x509/signed';
import { describe, expect, test } from 'vitest';
import {
  createCertificationRequest,
  createCertificationRequestSync,
  encodeCertificationRequestInfo,
  parseCertificationRequest,
  verifyCertificationRequest,
} from './index.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key: SyncSigningKey = {
  signatureAlgorithm: { algorithm: '1.2.840.10045.4.3.2' },
  subjectPublicKeyInfo: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
  sign: (tbs) => new Uint8Array(sign('sha256', tbs, privateKey)),
};
const verifyEcdsa = ({ tbs, signatureValue }: SignedParts, spki: Uint8Array): boolean =>
  verify('sha256', tbs, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signatureValue);

const subject = fromHex('300e310c300a06035504030c03776562'); // CN=web
const subjectAltName = { extnID: '2.5.29.17', critical: false, extnValue: fromHex('300582036e6574') }; // DNS:net

const openssl = (args: readonly string[], input: string): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });

describe('createCertificationRequest', () => {
  test('writes what openssl reads and verifies', async () => {
    const challenge = { type: '1.2.840.113549.1.9.7', values: [encode(utf8String('once'))] };
    const der = await createCertificationRequest(
      { subject, extensions: [subjectAltName], attributes: [challenge] },
      key,
    );
    const text = openssl(['req', '-noout', '-text', '-verify'], encodePem('CERTIFICATE REQUEST', der));
    expect(text).toContain('Subject: CN = web');
    expect(text).toContain('DNS:net');
    expect(text).toContain('challengePassword');
  });

  test('reads back what it wrote', async () => {
    const request = parseCertificationRequest(
      createCertificationRequestSync({ subject, extensions: [subjectAltName] }, key),
    );
    expect(toHex(request.subject)).toBe(toHex(subject));
    expect(request.extensions).toEqual([subjectAltName]);
    expect(request.subjectPublicKeyInfo).toEqual(key.subjectPublicKeyInfo);
    expect(await verifyCertificationRequest(request, verifyEcdsa)).toBe(true);
  });

  test('an empty request has an empty subject and empty attributes, as a kubelet sends it', async () => {
    const info = encodeCertificationRequestInfo({}, key.subjectPublicKeyInfo);
    expect(toHex(info)).toMatch(/^30620201003000/);
    expect(toHex(info)).toMatch(/a000$/);
    const request = parseCertificationRequest(createCertificationRequestSync({}, key));
    expect([request.attributes, request.extensions]).toEqual([[], []]);
  });
});

describe('parseCertificationRequest', () => {
  const pem = openssl(
    ['req', '-new', '-newkey', 'ed25519', '-nodes', '-keyout', '/dev/null', '-subj', '/O=Shop/CN=web'].concat([
      '-addext',
      'subjectAltName=DNS:web.shop.svc,IP:10.0.0.1',
    ]),
    '',
  );

  test('reads a request of openssl field by field', () => {
    const request = parseCertificationRequest(decodePem(pem, 'CERTIFICATE REQUEST'));
    expect(request.signatureAlgorithm).toEqual({ algorithm: '1.3.101.112' });
    expect(request.attributes.map(({ type }) => type)).toEqual(['1.2.840.113549.1.9.14']);
    expect(request.extensions.map(({ extnID }) => extnID)).toEqual(['2.5.29.17']);
    expect(request.signature).toHaveLength(64);
  });

  test('a changed bit in the signed part no longer verifies', async () => {
    const der = createCertificationRequestSync({ subject }, key);
    const changed = der.slice();
    const at = toHex(changed).indexOf('776562') / 2; // "web"
    changed[at]! ^= 1;
    expect(await verifyCertificationRequest(parseCertificationRequest(changed), verifyEcdsa)).toBe(false);
  });

  const infoStart = 'certificationRequest.certificationRequestInfo';
  const withAttributes = (...attributes: readonly { type: string; values: readonly Uint8Array[] }[]): Uint8Array =>
    createCertificationRequestSync({ attributes }, key);
  const extensionRequest = (...values: readonly Uint8Array[]) => ({ type: '1.2.840.113549.1.9.14', values });
  const noExtensions = encode(sequence());
  test.each([
    [
      'version 1',
      createCertificationRequestSync({}, key).map((octet, i) => (i === 7 ? 1 : octet)),
      'ERR_PKCS10_VERSION',
      `${infoStart}.version`,
    ],
    [
      'an attribute twice',
      withAttributes({ type: '1.2.3', values: [noExtensions] }, { type: '1.2.3', values: [encode(setOf())] }),
      'ERR_PKCS10_ATTRIBUTE',
      `${infoStart}.attributes[1]`,
    ],
    [
      'an attribute without values',
      withAttributes({ type: '1.2.3', values: [] }),
      'ERR_PKCS10_ATTRIBUTE',
      `${infoStart}.attributes[0].values`,
    ],
    [
      'two lists of extensions',
      withAttributes(extensionRequest(noExtensions, encode(extensionsNode([subjectAltName])))),
      'ERR_PKCS10_ATTRIBUTE',
      `${infoStart}.attributes[0].values`,
    ],
  ])('refuses %s', (_name, der, code, path) => {
    expect(() => parseCertificationRequest(der)).toThrow(expect.objectContaining({ code, path }));
  });

  test('thousands of attributes are read', () => {
    const attributes = Array.from({ length: 5000 }, (_, i) => ({ type: `1.2.${200 + i}`, values: [noExtensions] }));
    expect(parseCertificationRequest(withAttributes(...attributes)).attributes).toHaveLength(5000);
  });
});
