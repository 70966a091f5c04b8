import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, fromHex, sequence, unsignedInteger } from '@mayfly/der';
import { decodePem, encodePem } from '@mayfly/der/pem';
import { curvePrivateKeyInfo, encodePrivateKeyInfo, parsePrivateKeyInfo, readCurvePrivateKey } from '@mayfly/pkcs8';
import { ecPrivateKeyInfo, readECPrivateKey } from '@mayfly/pkcs8/ec';
import { encodeRSAPrivateKey, parseRSAPrivateKey, type RSAPrivateKey, rsaAlgorithm } from '@mayfly/pkcs8/rsa';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SigningKey } from '@mayfly/x509/signed';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyAlgorithm, SignatureScheme } from './algorithms.js';
import { ecdsaSignatureFromDer, ecdsaSignatureToDer } from './ecdsa-signature.js';
import * as noble from './noble.js';
import * as node from './node.js';
import { parsePublicKey } from './public-key.js';
import { encodeSignature, encodeSignatures } from './signature-octets.js';
import * as webcrypto from './webcrypto.js';

const refusal = (code: string) => expect.objectContaining({ code });
const p256 = readECPrivateKey(parsePrivateKeyInfo(node.generateKeySync('P-256').exportPkcs8()));
const otherP256 = readECPrivateKey(parsePrivateKeyInfo(node.generateKeySync('P-256').exportPkcs8()));
const seed = readCurvePrivateKey(parsePrivateKeyInfo(node.generateKeySync('Ed25519').exportPkcs8())).privateKey;
const rsaKey = node.generateKeySync('RSA-2048').exportPkcs8();
const rsa = parseRSAPrivateKey(parsePrivateKeyInfo(rsaKey).privateKey);

const compressed = (point: Uint8Array) => Uint8Array.of(2 + (point[64]! & 1), ...point.subarray(1, 33));
const withRsa = (changes: Partial<RSAPrivateKey>) =>
  encodePrivateKeyInfo({
    privateKeyAlgorithm: rsaAlgorithm(),
    privateKey: encodeRSAPrivateKey({ ...rsa, ...changes }),
  });
const plus2 = (octets: Uint8Array) => octets.map((octet, i) => (i === octets.length - 1 ? octet ^ 2 : octet));

/** Each provider's import, as a promise. */
const imports: readonly [string, (pkcs8: Uint8Array) => Promise<SigningKey>][] = [
  ['node', async (pkcs8) => node.fromPkcs8(pkcs8)],
  ['webcrypto', (pkcs8) => webcrypto.fromPkcs8(pkcs8)],
  ['noble', async (pkcs8) => noble.softwareKey(pkcs8)],
];

describe.each(imports)('%s', (_provider, open) => {
  const { curve, privateKey, publicKey } = p256;
  const expected = noble.softwareKey(encodePrivateKeyInfo(ecPrivateKeyInfo(p256))).subjectPublicKeyInfo;

  test.each([
    ['with its point', publicKey],
    ['without a point', undefined],
    ['with a compressed point', compressed(publicKey!)],
  ])('P-256 %s', async (_name, point) => {
    const pkcs8 = encodePrivateKeyInfo(ecPrivateKeyInfo({ curve, privateKey, ...(point && { publicKey: point }) }));
    const before = pkcs8.slice();
    expect((await open(pkcs8)).subjectPublicKeyInfo).toEqual(expected);
    expect(pkcs8).toEqual(before);
  });

  test('Ed25519 of version 2', async () => {
    const { subjectPublicKeyInfo } = noble.softwareKey(encodePrivateKeyInfo(curvePrivateKeyInfo('Ed25519', seed)));
    const pkcs8 = encodePrivateKeyInfo(curvePrivateKeyInfo('Ed25519', seed, subjectPublicKeyInfo.subarray(-32)));
    expect((await open(pkcs8)).subjectPublicKeyInfo).toEqual(subjectPublicKeyInfo);
  });

  const order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  test.each([
    ['the point of another key', ecPrivateKeyInfo({ curve, privateKey, publicKey: otherP256.publicKey! })],
    [
      'the compressed point of another key',
      ecPrivateKeyInfo({ curve, privateKey, publicKey: compressed(otherP256.publicKey!) }),
    ],
    ['a private key that is the order', ecPrivateKeyInfo({ curve, privateKey: order })],
    ['an Ed25519 key beside another public key', curvePrivateKeyInfo('Ed25519', seed, new Uint8Array(32).fill(9))],
  ])('%s is refused', async (_name, info) => {
    await expect(open(encodePrivateKeyInfo(info))).rejects.toThrow(refusal('ERR_KEYS_PRIVATE_KEY'));
  });

  test.each([
    ['P-256', ecPrivateKeyInfo(p256)],
    ['Ed25519', curvePrivateKeyInfo('Ed25519', seed)],
  ])('%s shares no memory with the Buffer it came from', async (_name, info) => {
    const tbs = Uint8Array.of(1, 2, 3);
    const pkcs8 = Buffer.from(encodePrivateKeyInfo(info));
    const { signatureAlgorithm, subjectPublicKeyInfo, sign } = await open(pkcs8);
    pkcs8.fill(0);
    const signatureValue = await sign(tbs);
    expect(node.verifyWithNode({ tbs, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
  });

  test('what cannot sign is refused', async () => {
    const pkcs8 = encodePrivateKeyInfo(curvePrivateKeyInfo('X25519', seed));
    await expect(open(pkcs8)).rejects.toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
    await expect(open(fromHex('3000'))).rejects.toThrow(refusal('ERR_DER_TRUNCATED'));
  });

  test.each([
    ['exponent1', { exponent1: plus2(rsa.exponent1) }],
    ['exponent2', { exponent2: plus2(rsa.exponent2) }],
    ['coefficient', { coefficient: plus2(rsa.coefficient) }],
    ['privateExponent', { privateExponent: plus2(rsa.privateExponent) }],
    ['privateExponent, for one prime only', { privateExponent: rsa.exponent1 }],
    ['modulus', { modulus: plus2(rsa.modulus) }],
    ['even publicExponent', { publicExponent: Uint8Array.of(4) }],
    ['publicExponent 1', { publicExponent: Uint8Array.of(1) }],
    ['prime1 of 1', { prime1: Uint8Array.of(1) }],
  ])('RSA with a wrong %s is refused', async (_name, changes) => {
    await expect(open(withRsa(changes))).rejects.toThrow(refusal('ERR_KEYS_PRIVATE_KEY'));
  });

  test('RSA of 1024 bits is refused', async () => {
    const { privateKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pkcs8 = new Uint8Array(weak.export({ format: 'der', type: 'pkcs8' }));
    await expect(open(pkcs8)).rejects.toThrow(refusal('ERR_KEYS_PRIVATE_KEY'));
  });
});

describe('SubjectPublicKeyInfo', () => {
  const { algorithm, subjectPublicKey } = parseSubjectPublicKeyInfo(node.generateKeySync('P-256').subjectPublicKeyInfo);
  const rsaInfo = parseSubjectPublicKeyInfo(node.fromPkcs8(rsaKey).subjectPublicKeyInfo);
  const edInfo = parseSubjectPublicKeyInfo(node.generateKeySync('Ed25519').subjectPublicKeyInfo);
  const ed25519Info = (hex: string) => ({ ...edInfo, subjectPublicKey: fromHex(hex) });
  test.each([
    ['a compressed point', { algorithm, subjectPublicKey: compressed(subjectPublicKey) }, 'UNSUPPORTED_ALGORITHM'],
    [
      'a curve that is not here',
      { algorithm: { ...algorithm, parameters: fromHex('06052b8104000a') }, subjectPublicKey },
      'UNSUPPORTED_ALGORITHM',
    ],
    ['no curve', { algorithm: { algorithm: algorithm.algorithm }, subjectPublicKey }, 'UNSUPPORTED_ALGORITHM'],
    ['a short point', { algorithm, subjectPublicKey: subjectPublicKey.subarray(1) }, 'PUBLIC_KEY'],
    ['a short Ed25519 key', { ...edInfo, subjectPublicKey: new Uint8Array(31) }, 'PUBLIC_KEY'],
    [
      'Ed25519 with NULL',
      { ...edInfo, algorithm: { ...edInfo.algorithm, parameters: fromHex('0500') } },
      'UNSUPPORTED_ALGORITHM',
    ],
    ['Ed25519 of order 1', ed25519Info(`01${'00'.repeat(31)}`), 'PUBLIC_KEY'],
    ['Ed25519 of order 2, x negative', ed25519Info(`ec${'ff'.repeat(31)}`), 'PUBLIC_KEY'],
    ['Ed25519 of order 4', ed25519Info('00'.repeat(32)), 'PUBLIC_KEY'],
    [
      'Ed25519 of order 8',
      ed25519Info('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'),
      'PUBLIC_KEY',
    ],
    ['Ed25519 past the prime', ed25519Info(`ed${'ff'.repeat(30)}7f`), 'PUBLIC_KEY'],
    ['Ed25519 at the end of its octets', ed25519Info('ff'.repeat(32)), 'PUBLIC_KEY'],
    ['RSA without NULL', { ...rsaInfo, algorithm: { algorithm: rsaInfo.algorithm.algorithm } }, 'PUBLIC_KEY'],
    ['RSA of three bits', { ...rsaInfo, subjectPublicKey: fromHex('3006020107020103') }, 'PUBLIC_KEY'],
  ])('%s is refused', (_name, info, code) => {
    expect(() => parsePublicKey(encodeSubjectPublicKeyInfo(info))).toThrow(refusal(`ERR_KEYS_${code}`));
  });
});

test.each([
  ['node', node.verifier],
  ['webcrypto', webcrypto.verifier],
  ['noble', noble.verifier],
] as const)('a verifier of %s keeps its key when the Buffer that it came from changes', async (_provider, verifier) => {
  const tbs = Uint8Array.of(1, 2, 3);
  const { signatureAlgorithm, subjectPublicKeyInfo, sign } = node.generateKeySync('P-256');
  const spki = Buffer.from(subjectPublicKeyInfo);
  const verify = verifier(spki);
  spki.fill(0);
  expect(await verify({ tbs, signatureAlgorithm, signatureValue: sign(tbs) })).toBe(true);
});

describe('Ecdsa-Sig-Value', () => {
  test.each([32, 48, 66])('one by one or many at once, r‖s of %d octets each is what DER writes', (half) => {
    const number = fc.oneof(
      fc.uint8Array({ minLength: half, maxLength: half }),
      fc.constantFrom(new Uint8Array(half), new Uint8Array(half).fill(0xff), new Uint8Array(half).fill(0x80, -1)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { maxLength: 5 }), (pairs) => {
        const batch = pairs.map(([r, s]) => Uint8Array.from([...r, ...s]));
        const wanted = pairs.map(([r, s]) => encode(sequence(unsignedInteger(r), unsignedInteger(s))));
        expect(batch.map(ecdsaSignatureToDer)).toEqual(wanted);
        expect(batch.map(encodeSignature)).toEqual(wanted);
        expect(encodeSignatures(batch)).toEqual(wanted);
      }),
      { seed: 3279 },
    );
  });

  test.each([0, 63, 250])('%d octets are no halves', (length) => {
    expect(() => encodeSignature(new Uint8Array(length))).toThrow(RangeError);
  });

  test('r‖s there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (compact) => {
        expect(ecdsaSignatureFromDer(ecdsaSignatureToDer(compact), 32)).toEqual(compact);
      }),
      { seed: 3279 },
    );
  });

  test.each([
    ['padded r', '300702020001020101'],
    ['negative s', '30060201010201ff'],
    ['long form', '308106020101020101'],
    ['trailing octet', '300602010102010100'],
    ['three integers', '3009020101020101020101'],
    ['too long for the curve', `3026022101${'00'.repeat(32)}020101`],
  ])('%s is none', (_name, hex) => {
    expect(ecdsaSignatureFromDer(fromHex(hex), 32)).toBeUndefined();
  });
});

describe('WebCrypto', () => {
  test('keys stay inside unless asked otherwise', async () => {
    const key = await webcrypto.generateKey('P-256');
    await expect(key.exportPkcs8()).rejects.toThrow(refusal('ERR_KEYS_NOT_EXTRACTABLE'));
    const imported = await webcrypto.fromPkcs8(node.generateKeySync('Ed25519').exportPkcs8());
    await expect(imported.exportPkcs8()).rejects.toThrow(refusal('ERR_KEYS_NOT_EXTRACTABLE'));
  });

  test('a pair that does not sign is refused', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    await expect(webcrypto.fromCryptoKeyPair(pair)).rejects.toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
  });

  test('Ed25519 keys that anybody can sign for verify nothing, in any provider', async () => {
    const spki = encodeSubjectPublicKeyInfo({
      algorithm: { algorithm: '1.3.101.112' },
      subjectPublicKey: fromHex(`01${'00'.repeat(31)}`),
    });
    const signatureValue = fromHex(`01${'00'.repeat(63)}`);
    const signed = { tbs: Uint8Array.of(1), signatureAlgorithm: { algorithm: '1.3.101.112' }, signatureValue };
    for (const verify of [node.verifyWithNode, webcrypto.verifyWithWebCrypto, noble.verifyWithNoble])
      await expect((async () => verify(signed, spki))()).rejects.toThrow(refusal('ERR_KEYS_PUBLIC_KEY'));
  });

  test.each<[object, SignatureScheme | undefined]>([
    [{ name: 'ECDSA', namedCurve: 'P-384' }, 'ecdsa-with-SHA384'],
    [{ name: 'ECDSA', namedCurve: 'P-521' }, 'ecdsa-with-SHA512'],
    [{ name: 'Ed25519' }, 'Ed25519'],
    [
      { name: 'RSA-PSS', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-384' },
      'RSASSA-PSS-SHA384',
    ],
    [
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-512' },
      'sha512WithRSAEncryption',
    ],
    [
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-1' },
      undefined,
    ],
  ])('a pair of %o', async (algorithm, scheme) => {
    const generate = crypto.subtle.generateKey.bind(crypto.subtle) as (
      ...args: unknown[]
    ) => Promise<webcrypto.PlatformKeyPair>; // pairs alone are asked for
    const pair = await generate(algorithm, false, ['sign', 'verify']);
    if (scheme === undefined) {
      await expect(webcrypto.fromCryptoKeyPair(pair)).rejects.toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
      return;
    }
    const key = await webcrypto.fromCryptoKeyPair(pair, { scheme });
    const tbs = Uint8Array.of(1, 2, 3);
    const { signatureAlgorithm, subjectPublicKeyInfo } = key;
    const signatureValue = await key.sign(tbs);
    expect(node.verifyWithNode({ tbs, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
  });
});

describe('software keys', () => {
  test('RSA is not for them', () => {
    expect(() => noble.softwareKey(rsaKey)).toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
    expect(() => noble.generateKey('RSA-2048')).toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
    const { subjectPublicKeyInfo } = node.fromPkcs8(rsaKey);
    expect(() => noble.verifier(subjectPublicKeyInfo)).toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
  });

  test('the same random octets give the same key, and draws out of range are passed over', () => {
    const draws = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(1)];
    const key = noble.generateKey('P-256', { randomBytes: () => draws.shift()! });
    expect(readECPrivateKey(parsePrivateKeyInfo(key.exportPkcs8())).privateKey).toEqual(new Uint8Array(32).fill(1));
    expect(() => noble.generateKey('P-384', { randomBytes: (length) => new Uint8Array(length) })).toThrow(RangeError);
  });

  test('ECDSA is that of RFC 6979 §A.2.5, s as it comes', () => {
    const privateKey = fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
    const key = noble.softwareKey(encodePrivateKeyInfo(ecPrivateKeyInfo({ curve: 'P-256', privateKey })));
    const compact = ecdsaSignatureFromDer(key.sign(new TextEncoder().encode('sample')), 32);
    expect(compact).toEqual(
      fromHex(
        'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
          'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
      ),
    );
  });

  test('destroying a key leaves what it was read from', () => {
    const pkcs8 = Buffer.from(encodePrivateKeyInfo(curvePrivateKeyInfo('Ed25519', seed)));
    const before = pkcs8.toString('hex');
    noble.softwareKey(pkcs8).destroy();
    expect(pkcs8.toString('hex')).toBe(before);
  });

  test('a destroyed key does nothing more', () => {
    const key = noble.generateKey('Ed25519');
    key.destroy();
    expect(() => key.sign(Uint8Array.of(1))).toThrow(refusal('ERR_KEYS_PRIVATE_KEY'));
    expect(() => key.exportPkcs8()).toThrow(refusal('ERR_KEYS_PRIVATE_KEY'));
  });
});

describe('openssl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-keys-'));
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const algorithms: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'];
  const pss = ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest'];
  beforeAll(() => file('tbs', 'signed by one, verified by the other'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ...algorithms.map((algorithm) => [algorithm, undefined] as const),
    ['RSA-2048', 'RSASSA-PSS-SHA256'] as const,
  ])('%s %s, both ways', (algorithm, scheme) => {
    const made = node.generateKeySync(algorithm, scheme && { scheme });
    const keys = algorithm.startsWith('RSA') ? [made] : [made, noble.softwareKey(made.exportPkcs8())];
    const hash = { 'P-384': 'sha384', 'P-521': 'sha512' }[algorithm as string] ?? 'sha256';
    const options = [...(algorithm === 'Ed25519' ? [] : ['-digest', hash]), ...(scheme ? pss : []), '-rawin'];
    const secret = file('key', encodePem('PRIVATE KEY', made.exportPkcs8()));
    const spki = file('spki', encodePem('PUBLIC KEY', made.subjectPublicKeyInfo));
    const input = join(folder, 'tbs');
    const tbs = new TextEncoder().encode('signed by one, verified by the other');
    for (const key of keys) {
      const signature = file('signature', key.sign(tbs));
      const said = openssl(
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        spki,
        '-in',
        input,
        '-sigfile',
        signature,
        ...options,
      );
      expect(said.toString()).toMatch(/Verified Successfully/);
    }
    const signatureValue = new Uint8Array(openssl('pkeyutl', '-sign', '-inkey', secret, '-in', input, ...options));
    const { signatureAlgorithm, subjectPublicKeyInfo } = made;
    expect(node.verifyWithNode({ tbs, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
    expect(decodePem(openssl('pkey', '-in', secret, '-pubout').toString())).toEqual(subjectPublicKeyInfo);
  });
});
