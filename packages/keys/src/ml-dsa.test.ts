import { encodePrivateKeyInfo, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { mlDsaPrivateKeyInfo, readMLDSAPrivateKey } from '@mayfly/pkcs8/ml-dsa';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { describe, expect, test } from 'vitest';
import { signingKeyChecks, verifySignatureChecks } from './compliance.js';
import {
  generateKey,
  type MLDSAParameterSet,
  softwareKey,
  verifier,
  verifyMLDSAOr,
  verifyWithMLDSA,
} from './ml-dsa.js';
import { verifyWithNoble } from './noble.js';
import { generateKeySync, verifyWithNode } from './node.js';
import { parsePublicKey } from './public-key.js';
import { verifyWithWebCrypto } from './webcrypto.js';

/** Octets that are the same in each run. */
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
const key = generateKey('ML-DSA-44', { randomBytes: counting });
const { seed } = readMLDSAPrivateKey(parsePrivateKeyInfo(key.exportPkcs8()));
const tbs = counting(100);
const signed = { tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: key.sign(tbs) };

test.each<MLDSAParameterSet>(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'])(
  '%s',
  { timeout: 60_000 },
  async (parameterSet) => {
    const made = generateKey(parameterSet);
    for (const check of signingKeyChecks({ key: made, verify: verifyWithMLDSA, secrets: [seed!] })) await check.run();
    for (const check of verifySignatureChecks({ key: made, verify: verifyWithMLDSA })) await check.run();
    const again = softwareKey(made.exportPkcs8());
    expect(again.subjectPublicKeyInfo).toEqual(made.subjectPublicKeyInfo);
  },
);

const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
const opensslHasNone = major < 3 || (major === 3 && minor < 5);

describe.skipIf(opensslHasNone)(
  `OpenSSL 3.5${opensslHasNone ? ` (missing: Node has ${process.versions.openssl})` : ''}`,
  () => {
    test.each<MLDSAParameterSet>(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'])(
      'verifies %s through node:crypto',
      async (set) => {
        for (const check of verifySignatureChecks({ key: generateKey(set), verify: verifyWithNode })) await check.run();
      },
    );
  },
);

describe('a private key', () => {
  const info = parsePrivateKeyInfo(key.exportPkcs8());
  const { publicKey } = parsePublicKey(key.subjectPublicKeyInfo) as { readonly publicKey: Uint8Array };
  const expandedKey = ml_dsa44.keygen(seed!).secretKey;
  const parameterSet = 'ML-DSA-44';

  test.each([
    ['seed', mlDsaPrivateKeyInfo({ parameterSet, seed: seed! })],
    ['expanded', mlDsaPrivateKeyInfo({ parameterSet, expandedKey })],
    ['both', mlDsaPrivateKeyInfo({ parameterSet, seed: seed!, expandedKey })],
    ['with its public key', mlDsaPrivateKeyInfo({ parameterSet, seed: seed! }, publicKey)],
  ])('as %s', (_name, form) => {
    const read = softwareKey(encodePrivateKeyInfo(form), { randomBytes: counting });
    expect(read.subjectPublicKeyInfo).toEqual(key.subjectPublicKeyInfo);
    expect(read.sign(tbs)).toEqual(signed.signatureValue);
    expect(softwareKey(read.exportPkcs8()).subjectPublicKeyInfo).toEqual(key.subjectPublicKeyInfo);
  });

  const changed = (octets: Uint8Array, at: number): Uint8Array =>
    octets.map((octet, i) => (i === at ? octet ^ 0x10 : octet));
  test.each([
    ['a seed of another key', mlDsaPrivateKeyInfo({ parameterSet, seed: changed(seed!, 0), expandedKey })],
    ['another public key', mlDsaPrivateKeyInfo({ parameterSet, seed: seed! }, changed(publicKey, 5))],
    [
      'a vector out of bounds',
      mlDsaPrivateKeyInfo({ parameterSet, expandedKey: expandedKey.map((o, i) => (i === 200 ? 0xff : o)) }),
    ],
    ['another hash of the public key', mlDsaPrivateKeyInfo({ parameterSet, expandedKey: changed(expandedKey, 70) })],
    [
      'another t0',
      mlDsaPrivateKeyInfo({ parameterSet, expandedKey: expandedKey.map((o, i) => (i > 900 ? o ^ 0xff : o)) }),
    ],
  ])('with %s is refused', (_name, form) => {
    expect(() => softwareKey(encodePrivateKeyInfo(form))).toThrow(
      expect.objectContaining({ code: 'ERR_KEYS_PRIVATE_KEY' }),
    );
  });

  test('of the wrong length is refused', () => {
    const short = { ...info, privateKey: Uint8Array.of(0x80, 1, 0) };
    expect(() => softwareKey(encodePrivateKeyInfo(short))).toThrow(expect.objectContaining({ code: 'ERR_PKCS8_KEY' }));
    expect(() => mlDsaPrivateKeyInfo({ parameterSet })).toThrow(RangeError);
    expect(() => mlDsaPrivateKeyInfo({ parameterSet, seed: new Uint8Array(31) })).toThrow(RangeError);
  });

  test('that was destroyed signs no more', () => {
    const doomed = generateKey(parameterSet);
    doomed.destroy();
    expect(() => doomed.sign(tbs)).toThrow(expect.objectContaining({ code: 'ERR_KEYS_PRIVATE_KEY' }));
  });
});

test('providers without ML-DSA say where it is', async () => {
  for (const verify of [...(opensslHasNone ? [verifyWithNode] : []), verifyWithNoble, verifyWithWebCrypto])
    await expect((async () => verify(signed, key.subjectPublicKeyInfo))()).rejects.toThrow('@mayfly/keys/ml-dsa');
});

test('beside another verifier', () => {
  const verify = verifyMLDSAOr(verifyWithNode);
  const ecdsa = generateKeySync('P-256');
  const other = { tbs, signatureAlgorithm: ecdsa.signatureAlgorithm, signatureValue: ecdsa.sign(tbs) };
  expect([verify(signed, key.subjectPublicKeyInfo), verify(other, ecdsa.subjectPublicKeyInfo)]).toEqual([true, true]);
  expect([verify(other, key.subjectPublicKeyInfo), verify(signed, ecdsa.subjectPublicKeyInfo)]).toEqual([false, false]);
  expect(() => verifier(ecdsa.subjectPublicKeyInfo)).toThrow(
    expect.objectContaining({ code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' }),
  );
  expect(() => verify(signed, Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'ERR_KEYS_PUBLIC_KEY' }));
});
