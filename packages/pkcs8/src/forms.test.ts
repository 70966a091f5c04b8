import { fromHex, toHex } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { describe, expect, test } from 'vitest';
import { type Curve, curveAlgorithm, curveOf, curvePrivateKeyInfo, readCurvePrivateKey } from './curve.js';
import {
  ecAlgorithm,
  ecFromPrivateKeyInfo,
  ecPrivateKeyInfo,
  ecToPrivateKeyInfo,
  encodeECPrivateKey,
  parseECPrivateKey,
  readECPrivateKey,
} from './ec.js';
import { parsePrivateKeyPem } from './pem.js';
import { encodePrivateKeyInfo, parsePrivateKeyInfo } from './private-key-info.js';
import {
  encodeRSAPrivateKey,
  modulusLength,
  parseRSAPrivateKey,
  parseRSAPublicKey,
  readRSAPrivateKeyInfo,
  rsaAlgorithm,
  rsaToPrivateKeyInfo,
} from './rsa.js';

const scalar = '49c9a8c18c4b885638c431cf1df1c994131609b580d4fd43a0cab17db2f13eee';
const point =
  '047772656f814b399279d5e1f1781fac6f099a3c5ca1b0e35351834b08b65e0b57' +
  '2590cdaf8f769361bcf34acfc11e5e074e8426bdde04be6e653945449617de45';
const sec1 = fromHex(`30770201010420${scalar}a00a06082a8648ce3d030107a144034200${point}`);
/** p = 11, q = 13, e = 7: small enough to read. */
const pkcs1 = fromHex(
  '301c' + '020100' + '0202008f' + '020107' + '020167' + '02010b' + '02010d' + '020103' + '020107' + '020106',
);
const refusal = (code: string) => expect.objectContaining({ code });

describe('RFC 5915', () => {
  test('SEC 1 to PKCS#8 and back', () => {
    const info = ecToPrivateKeyInfo(sec1);
    expect(info.privateKeyAlgorithm).toEqual(ecAlgorithm('P-256'));
    expect(toHex(info.privateKey)).toBe(`306b0201010420${scalar}a144034200${point}`);
    expect(ecFromPrivateKeyInfo(info)).toEqual(sec1);
  });

  test('the key of a named curve', () => {
    expect(readECPrivateKey(ecToPrivateKeyInfo(sec1))).toEqual({
      curve: 'P-256',
      privateKey: fromHex(scalar),
      publicKey: fromHex(point),
    });
  });

  test('a public key in the outer place counts where the inner one is missing', () => {
    const info = ecPrivateKeyInfo({ curve: 'P-256', privateKey: fromHex(scalar) });
    expect(readECPrivateKey({ ...info, publicKey: fromHex(point) }).publicKey).toEqual(fromHex(point));
  });

  test('leading zeros that a writer dropped come back', () => {
    const privateKey = fromHex(scalar).subarray(1);
    const info = { privateKeyAlgorithm: ecAlgorithm('P-256'), privateKey: encodeECPrivateKey({ privateKey }) };
    expect(toHex(readECPrivateKey(info).privateKey)).toBe(`00${scalar.slice(2)}`);
  });

  const within =
    (hex: string, algorithm = ecAlgorithm('P-256')) =>
    () =>
      readECPrivateKey({ privateKeyAlgorithm: algorithm, privateKey: fromHex(hex) });
  const key = encodeECPrivateKey({ privateKey: fromHex(scalar) });
  test.each([
    ['version 2', () => parseECPrivateKey(fromHex('3006020102040101')), 'ERR_DER_VALUE'],
    ['empty [0]', () => parseECPrivateKey(fromHex('30070201010400a000')), 'ERR_DER_TRUNCATED'],
    ['SEC 1 without a curve', () => ecToPrivateKeyInfo(key), 'ERR_PKCS8_PARAMETERS'],
    ['another algorithm', within(toHex(key), curveAlgorithm('Ed25519')), 'ERR_PKCS8_ALGORITHM'],
    [
      'a curve that is not here',
      within(toHex(key), { algorithm: '1.2.840.10045.2.1', parameters: fromHex('06052b8104000a') }),
      'ERR_PKCS8_UNSUPPORTED',
    ],
    [
      'a specified curve',
      within(toHex(key), { algorithm: '1.2.840.10045.2.1', parameters: fromHex('3000') }),
      'ERR_PKCS8_UNSUPPORTED',
    ],
    ['no curve at all', within(toHex(key), { algorithm: '1.2.840.10045.2.1' }), 'ERR_PKCS8_PARAMETERS'],
    ['two curves', within(toHex(sec1), ecAlgorithm('P-384')), 'ERR_PKCS8_PARAMETERS'],
    ['zero', within(`30250201010420${'00'.repeat(32)}`), 'ERR_PKCS8_KEY'],
    ['too long', within(`3026020101042100${scalar}`), 'ERR_PKCS8_KEY'],
    [
      'a point of another length',
      within(toHex(encodeECPrivateKey({ privateKey: fromHex(scalar), publicKey: fromHex(point).subarray(0, 64) }))),
      'ERR_PKCS8_KEY',
    ],
  ])('%s is refused', (_name, read, code) => {
    expect(read).toThrow(refusal(code));
  });
});

describe('RFC 8410', () => {
  const lengths: readonly [Curve, number][] = [
    ['X25519', 32],
    ['X448', 56],
    ['Ed25519', 32],
    ['Ed448', 57],
  ];
  test.each(lengths)('%s', (curve, length) => {
    const privateKey = new Uint8Array(length).fill(7);
    const info = parsePrivateKeyInfo(encodePrivateKeyInfo(curvePrivateKeyInfo(curve, privateKey, privateKey)));
    expect(readCurvePrivateKey(info)).toEqual({ curve, privateKey, publicKey: privateKey });
    expect(() => readCurvePrivateKey({ ...info, publicKey: privateKey.subarray(1) })).toThrow(refusal('ERR_PKCS8_KEY'));
    expect(() => readCurvePrivateKey({ ...info, privateKey: fromHex('0401aa') })).toThrow(refusal('ERR_PKCS8_KEY'));
    expect(() => curvePrivateKeyInfo(curve, privateKey.subarray(1))).toThrow(RangeError);
  });

  test('parameters, even NULL, make it another algorithm', () => {
    const algorithm = { ...curveAlgorithm('Ed25519'), parameters: fromHex('0500') };
    expect(curveOf(algorithm)).toBeUndefined();
    const info = { ...curvePrivateKeyInfo('Ed25519', new Uint8Array(32)), privateKeyAlgorithm: algorithm };
    expect(() => readCurvePrivateKey(info)).toThrow(refusal('ERR_PKCS8_ALGORITHM'));
  });
});

describe('RFC 8017', () => {
  test('two primes', () => {
    const key = parseRSAPrivateKey(pkcs1);
    expect(key.modulus).toEqual(Uint8Array.of(0x8f));
    expect(key.coefficient).toEqual(Uint8Array.of(6));
    expect(modulusLength(key)).toBe(8);
    expect(encodeRSAPrivateKey(key)).toEqual(pkcs1);
    expect(readRSAPrivateKeyInfo(rsaToPrivateKeyInfo(pkcs1))).toEqual(key);
  });

  test('three primes', () => {
    const three = fromHex(toHex(pkcs1).replace('301c020100', '3029020101') + '300b3009020111020103020102');
    const key = parseRSAPrivateKey(three);
    expect(key.otherPrimeInfos).toEqual([
      { prime: Uint8Array.of(0x11), exponent: Uint8Array.of(3), coefficient: Uint8Array.of(2) },
    ]);
    expect(encodeRSAPrivateKey(key)).toEqual(three);
  });

  const hex = toHex(pkcs1);
  test.each([
    ['version 1 with two primes', hex.replace('301c020100', '301c020101'), 'ERR_DER_VALUE'],
    ['version 0 with three', `${hex.replace('301c', '3029')}300b3009020111020103020102`, 'ERR_DER_VALUE'],
    ['an empty list of primes', `${hex.replace('301c020100', '301e020101')}3000`, 'ERR_DER_VALUE'],
    ['a negative prime', hex.replace('02010d', '0201fd'), 'ERR_DER_INTEGER'],
    ['a number too few', hex.replace('301c', '3019').slice(0, -6), 'ERR_DER_TRUNCATED'],
  ])('%s is refused', (_name, der, code) => {
    expect(() => parseRSAPrivateKey(fromHex(der))).toThrow(refusal(code));
  });

  test('more than ten primes are refused', () => {
    const infos = '3009020111020103020102'.repeat(9);
    const der = `308181020101${hex.slice(10)}3063${infos}`;
    expect(() => parseRSAPrivateKey(fromHex(der))).toThrow(refusal('ERR_DER_TOO_LARGE'));
  });

  test('the parameters of rsaEncryption are NULL', () => {
    const info = { ...rsaToPrivateKeyInfo(pkcs1), privateKeyAlgorithm: { algorithm: rsaAlgorithm().algorithm } };
    expect(() => readRSAPrivateKeyInfo(info)).toThrow(refusal('ERR_PKCS8_PARAMETERS'));
    expect(() => readRSAPrivateKeyInfo(ecToPrivateKeyInfo(sec1))).toThrow(refusal('ERR_PKCS8_ALGORITHM'));
  });

  test('a public key is two numbers', () => {
    expect(parseRSAPublicKey(fromHex('30070202008f020107'))).toEqual({
      modulus: Uint8Array.of(0x8f),
      publicExponent: Uint8Array.of(7),
    });
    expect(() => parseRSAPublicKey(fromHex('30040202008f'))).toThrow(refusal('ERR_DER_TRUNCATED'));
  });
});

describe('PEM', () => {
  const info = encodePrivateKeyInfo(ecToPrivateKeyInfo(sec1));
  test.each([
    ['PRIVATE KEY', info, info],
    ['EC PRIVATE KEY', sec1, info],
    ['RSA PRIVATE KEY', pkcs1, encodePrivateKeyInfo(rsaToPrivateKeyInfo(pkcs1))],
  ])('%s', (label, der, privateKeyInfo) => {
    expect(parsePrivateKeyPem(encodePem(label, der))).toEqual({ label, privateKeyInfo });
  });

  test('ENCRYPTED PRIVATE KEY stays closed', () => {
    const encrypted = parsePrivateKeyPem(encodePem('ENCRYPTED PRIVATE KEY', fromHex('3000')));
    expect(encrypted).toEqual({ label: 'ENCRYPTED PRIVATE KEY', encryptedPrivateKeyInfo: fromHex('3000') });
  });

  test('what openssl writes before the key is passed over', () => {
    const text = encodePem('EC PARAMETERS', fromHex('06082a8648ce3d030107')) + encodePem('EC PRIVATE KEY', sec1);
    expect(parsePrivateKeyPem(text).label).toBe('EC PRIVATE KEY');
  });

  const proc =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
  test.each([
    ['no key', encodePem('CERTIFICATE', fromHex('3000')), 'ERR_PKCS8_PEM', /no private key/],
    ['two keys', encodePem('PRIVATE KEY', info).repeat(2), 'ERR_PKCS8_PEM', /at line 6: a second/],
    ['DSA', encodePem('DSA PRIVATE KEY', fromHex('3000')), 'ERR_PKCS8_UNSUPPORTED', /DSA PRIVATE KEY/],
    ['RFC 1421 encryption', proc, 'ERR_PKCS8_UNSUPPORTED', /AES-128-CBC.*openPrivateKeyPem/],
    [
      'RFC 1421 encryption by something unspeakable',
      proc.replace('AES-128-CBC', '\u001b[2J'),
      'ERR_PKCS8_UNSUPPORTED',
      /headers, which/,
    ],
    ['a label that lies', encodePem('PRIVATE KEY', sec1), 'ERR_DER_TAG', /privateKeyAlgorithm/],
  ])('%s is refused', (_name, text, code, message) => {
    expect(() => parsePrivateKeyPem(text)).toThrow(refusal(code));
    expect(() => parsePrivateKeyPem(text)).toThrow(message);
  });
});
