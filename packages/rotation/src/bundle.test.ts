import { encodePem } from '@mayfly/der/pem';
import { expect, test } from 'vitest';
import { encodeBundle, parseBundle } from './bundle.js';
import { unsignedCertificate } from './testing/index.js';

const key = new Uint8Array([0x30, 0x03, 0x02, 0x01, 0x00]);
const leaf = unsignedCertificate({ notBefore: 0, notAfter: 3599 }, 1n);
const intermediate = unsignedCertificate({ notBefore: 0, notAfter: 9999 }, 2n);

test('is one PEM text, the key first, and reads back', () => {
  const pem = encodeBundle({ privateKeyInfo: key, chain: [leaf, intermediate] });
  expect(pem.match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----',
  ]);
  expect(parseBundle(pem)).toEqual({ privateKeyInfo: key, chain: [leaf, intermediate] });
});

test('an empty chain is no bundle', () => {
  expect(() => encodeBundle({ privateKeyInfo: key, chain: [] })).toThrow(RangeError);
});

test.each([
  ['nothing', ''],
  ['the certificate first', encodePem('CERTIFICATE', leaf) + encodePem('PRIVATE KEY', key)],
  ['a key alone', encodePem('PRIVATE KEY', key)],
  ['a key of another form', encodePem('EC PRIVATE KEY', key) + encodePem('CERTIFICATE', leaf)],
  ['something else behind', encodePem('PRIVATE KEY', key) + encodePem('X509 CRL', leaf)],
  ['a torn file', (encodePem('PRIVATE KEY', key) + encodePem('CERTIFICATE', leaf)).slice(0, -20)],
])('refuses %s', (_name, pem) => {
  expect(() => parseBundle(pem)).toThrow(expect.objectContaining({ code: 'ERR_ROTATION_BUNDLE' }));
});
