import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { concatBytes, type DerError, encode, fromHex, octetString, toHex } from '@mayfly/der';
import { decodePem } from '@mayfly/der/pem';
import { describe, expect, test } from 'vitest';
import {
  algorithmIdentifierNode,
  encodeTBSCertificate,
  extensionNode,
  inspectCertificate,
  type KnownParts,
  lifetime,
  parseCertificate,
  parseCertificates,
  parseTBSCertificate,
  X509Error,
} from './index.js';
import { assemble } from './signed.js';

const pem = execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    '/dev/null',
    '-days',
    '30',
  ].concat([
    '-subj',
    '/O=Shop/CN=web',
    '-addext',
    'subjectAltName=DNS:web.shop.svc',
    '-addext',
    'keyUsage=critical,digitalSignature',
  ]),
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
);
const der = decodePem(pem, 'CERTIFICATE');

/** Replaces the one place where `before` stands by `after` of the same length. */
function edit(bytes: Uint8Array, before: string, after: string): Uint8Array {
  const hex = toHex(bytes);
  expect(hex.split(before)).toHaveLength(2);
  return fromHex(hex.replace(before, after));
}

test('an algorithm that fills the input does not fill the message', () => {
  const { tbsCertificate, signatureValue } = parseCertificate(der);
  const signatureAlgorithm = { algorithm: '1.2.3', parameters: encode(octetString(new Uint8Array(60_000))) };
  expect(() => parseCertificate(assemble({ tbs: tbsCertificate, signatureAlgorithm, signatureValue }))).toThrow(
    expect.objectContaining({ code: 'ERR_X509_ALGORITHM_MISMATCH', message: expect.stringMatching(/^.{1,500}$/) }),
  );
});

describe('parseTBSCertificate', () => {
  const { tbsCertificate, extensions, signatureAlgorithm } = parseCertificate(der);
  const known = {
    signature: { der: encode(algorithmIdentifierNode(signatureAlgorithm)), value: signatureAlgorithm },
    extensions: extensions.map((value) => ({ der: encode(extensionNode(value)), value })),
  };
  const outcome = (octets: Uint8Array, parts?: KnownParts) => {
    try {
      return parseTBSCertificate(octets, parts);
    } catch (error) {
      const { code, offset, path } = error as DerError; // X509Error has the same
      return { code, offset, path };
    }
  };

  test('takes over what is known to the octet', () => {
    const tbs = parseTBSCertificate(tbsCertificate, known);
    expect(tbs).toEqual(parseTBSCertificate(tbsCertificate));
    expect(tbs.signature).toBe(signatureAlgorithm);
    for (const [i, extension] of tbs.extensions.entries()) expect(extension).toBe(extensions[i]);
  });

  test('reads whatever differs as if nothing were known', () => {
    for (let at = 0; at < tbsCertificate.length; at++)
      for (const change of [0x01, 0x20, 0x80]) {
        const octets = tbsCertificate.map((octet, i) => (i === at ? octet ^ change : octet));
        expect(outcome(octets, known)).toEqual(outcome(octets));
      }
  });

  test('known or not, an extension stands there once', () => {
    const twice = encodeTBSCertificate({
      ...parseTBSCertificate(tbsCertificate),
      extensions: [extensions[0]!, extensions[0]!],
    });
    expect(outcome(twice, known)).toMatchObject({ code: 'ERR_X509_DUPLICATE_EXTENSION' });
    expect(outcome(twice, { ...known, extensions: [known.extensions[0]!, known.extensions[0]!] })).toEqual(
      outcome(twice),
    );
  });
});

describe('parseCertificate', () => {
  test('reads what node:crypto reads', () => {
    const certificate = parseCertificate(der);
    const theirs = new X509Certificate(pem);
    expect(certificate.version).toBe(3);
    expect(certificate.serialNumber).toBe(BigInt('0x' + theirs.serialNumber));
    expect(certificate.validity.notBefore).toBe(Date.parse(theirs.validFrom) / 1000);
    expect(certificate.validity.notAfter).toBe(Date.parse(theirs.validTo) / 1000);
    expect(lifetime(certificate.validity)).toBe(30 * 86400 + 1);
    expect(Buffer.from(certificate.subjectPublicKeyInfo)).toEqual(
      theirs.publicKey.export({ format: 'der', type: 'spki' }),
    );
    expect(certificate.extensions.map(({ extnID, critical }) => [extnID, critical])).toContainEqual([
      '2.5.29.15',
      true,
    ]);
    expect(certificate.signatureAlgorithm).toEqual({ algorithm: '1.2.840.10045.4.3.2' });
  });

  test('keeps the signed bytes and writes them again from the fields', () => {
    const certificate = parseCertificate(der);
    const tbs = { ...certificate, signature: certificate.signatureAlgorithm };
    expect(toHex(encodeTBSCertificate(tbs))).toBe(toHex(certificate.tbsCertificate));
    expect(certificate.tbsCertificate.buffer).toBe(der.buffer);
  });

  test('names the place of a fault from the outermost input', () => {
    const broken = edit(der, '301e170d', '301e170c');
    expect.assertions(3);
    try {
      parseCertificate(broken);
    } catch (error) {
      expect((error as DerError).path).toBe('certificate.tbsCertificate.validity.notBefore');
      expect(broken[(error as DerError).offset]).toBe(0x17);
    }
  });

  test.each([
    ['a trailing octet', (b: Uint8Array) => concatBytes(b, Uint8Array.of(0)), 'ERR_DER_TRAILING_DATA', 'certificate'],
    ['an octet too few', (b: Uint8Array) => b.subarray(0, b.length - 1), 'ERR_DER_TRUNCATED', 'certificate'],
    [
      'v1 written out',
      (b: Uint8Array) => edit(b, 'a003020102', 'a003020100'),
      'ERR_X509_VERSION',
      'certificate.tbsCertificate.version',
    ],
    [
      'version 5',
      (b: Uint8Array) => edit(b, 'a003020102', 'a003020104'),
      'ERR_X509_VERSION',
      'certificate.tbsCertificate.version',
    ],
    [
      'extensions in v2',
      (b: Uint8Array) => edit(b, 'a003020102', 'a003020101'),
      'ERR_X509_VERSION',
      'certificate.tbsCertificate.version',
    ],
    [
      'BOOLEAN 01',
      (b: Uint8Array) => edit(b, '0603551d0f0101ff', '0603551d0f010101'),
      'ERR_DER_BOOLEAN',
      'certificate.tbsCertificate.extensions[4].critical',
    ],
    [
      'the same extension twice',
      (b: Uint8Array) => edit(b, '0603551d0f', '0603551d11'),
      'ERR_X509_DUPLICATE_EXTENSION',
      'certificate.tbsCertificate.extensions[4]',
    ],
  ])('refuses %s', (_name, change, code, path) => {
    expect(() => parseCertificate(change(der))).toThrow(expect.objectContaining({ code, path }));
  });

  test('a negative serial number is refused, and shown by inspectCertificate', () => {
    const serial = toHex(der).match(/a0030201020214([0-9a-f]{40})/)![1]!;
    const negative = edit(der, `0214${serial}`, `02148f${serial.slice(2)}`);
    expect(() => parseCertificate(negative)).toThrow(expect.objectContaining({ code: 'ERR_X509_SERIAL_NUMBER' }));
    expect(inspectCertificate(negative).serialNumber < 0n).toBe(true);
  });
});

test('parseCertificates reads PEM with text around, DER, and says when there is nothing', () => {
  expect(parseCertificates(`root\n${pem}\n# next\n${pem}`)).toHaveLength(2);
  expect(parseCertificates(der)).toHaveLength(1);
  expect(parseCertificates(new TextEncoder().encode(pem))).toHaveLength(1);
  expect(() => parseCertificates('nothing')).toThrow(X509Error);
});
