import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRsa, type HashName, type RsaPublicKey } from './rsa.js';

const hashes: readonly HashName[] = ['SHA-256', 'SHA-384', 'SHA-512'];

/** Made anew in each run: Node has no way to give its generator a seed. */
const makeKey = (modulusLength: number, publicExponent = 65_537): { readonly privateKey: KeyObject } & RsaPublicKey => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  return { privateKey, ...publicKeyOf(privateKey) };
};

function publicKeyOf(key: KeyObject): RsaPublicKey {
  const { n, e } = createPublicKey(key).export({ format: 'jwk' });
  return { modulus: Buffer.from(n!, 'base64url'), publicExponent: Buffer.from(e!, 'base64url') };
}

const number = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));

const value = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString('hex')}`);

describe.each([
  [2048, 65_537],
  [2048, 3],
  [2049, 65_537],
  [2055, 17],
  [3072, 65_537],
  [4096, 65_539],
])('a key of %i bits with exponent %i', (bits, exponent) => {
  const { privateKey, modulus, publicExponent } = makeKey(bits, exponent);
  const verifier = createRsa().verifier({ modulus, publicExponent });
  const message = new TextEncoder().encode('message');

  test.each(hashes)('PKCS#1 v1.5 with %s', (hash) => {
    const signature = sign(hash.replace('-', ''), message, privateKey);
    expect(verifier.verifyPkcs1(hash, message, signature)).toBe(true);
    expect(verifier.verifyPkcs1(hash, message.subarray(1), signature)).toBe(false);
    for (const other of hashes) if (other !== hash) expect(verifier.verifyPkcs1(other, message, signature)).toBe(false);
    expect(verifier.verifyPss(hash, message, signature)).toBe(false);
    expect(verifier.verifyPkcs1(hash, message, signature.subarray(1))).toBe(false);
    expect(verifier.verifyPkcs1(hash, message, Buffer.concat([Buffer.alloc(1), signature]))).toBe(false);
    for (const at of [0, 1, signature.length >> 1, signature.length - 1]) {
      const wrong = Uint8Array.from(signature);
      wrong[at]! ^= 1;
      expect(verifier.verifyPkcs1(hash, message, wrong)).toBe(false);
    }
  });

  test.each(hashes)('PSS with %s', (hash) => {
    for (const saltLength of [0, 20, 32, 64]) {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const signature = sign(hash.replace('-', ''), message, { key: privateKey, padding, saltLength });
      expect(verifier.verifyPss(hash, message, signature, saltLength)).toBe(true);
      expect(verifier.verifyPss(hash, message, signature, saltLength + 1)).toBe(false);
      expect(verifier.verifyPss(hash, message.subarray(1), signature, saltLength)).toBe(false);
      expect(verifier.verifyPkcs1(hash, message, signature)).toBe(false);
    }
  });

  test('a signature and the modulus more', () => {
    const signature = sign('sha256', message, privateKey);
    const more = value(signature) + value(modulus);
    if (more < 1n << BigInt(8 * modulus.length))
      expect(verifier.verifyPkcs1('SHA-256', message, number(more, modulus.length))).toBe(false);
    expect(verifier.verifyPkcs1('SHA-256', message, modulus)).toBe(false);
  });
});

test('keys take turns', () => {
  const rsa = createRsa();
  const keys = [makeKey(2048), makeKey(3072), makeKey(2048)];
  const message = Uint8Array.of(1, 2, 3);
  const verifiers = keys.map((key) => rsa.verifier(key));
  for (let turn = 0; turn < 6; turn++)
    for (const [i, verifier] of verifiers.entries()) {
      const signature = sign('sha256', message, keys[(i + turn) % 3]!.privateKey);
      expect(verifier.verifyPkcs1('SHA-256', message, signature)).toBe(turn % 3 === 0);
    }
});

const odd = (bits: number): Uint8Array => number((1n << BigInt(bits - 1)) + 1n, Math.ceil(bits / 8));

test.each([
  ['2047 bits', odd(2047), [1, 0, 1], 'a modulus of 2047 bits, 2048 to 8192 are used'],
  ['8193 bits', odd(8193), [1, 0, 1], 'a modulus of 8193 bits, 2048 to 8192 are used'],
  ['no octet', new Uint8Array(), [1, 0, 1], 'a modulus of 0 bits, 2048 to 8192 are used'],
  ['zeros', new Uint8Array(256), [1, 0, 1], 'a modulus of 0 bits, 2048 to 8192 are used'],
  ['even', number(1n << 2047n, 256), [1, 0, 1], 'an even modulus'],
  ['exponent 1', odd(2048), [1], 'a public exponent that is even, below 3 or not below 2³³'],
  ['exponent 0', odd(2048), [], 'a public exponent that is even, below 3 or not below 2³³'],
  ['exponent 4', odd(2048), [4], 'a public exponent that is even, below 3 or not below 2³³'],
  ['exponent 2^33 + 1', odd(2048), [2, 0, 0, 0, 1], 'a public exponent that is even, below 3 or not below 2³³'],
  ['exponent of 6 octets', odd(2048), [1, 0, 0, 0, 0, 1], 'a public exponent that is even, below 3 or not below 2³³'],
])('a key is refused: %s', (_, modulus, exponent, state) => {
  expect(() => createRsa().verifier({ modulus, publicExponent: Uint8Array.from(exponent) })).toThrow(
    expect.objectContaining({ code: 'ERR_WASM_PUBLIC_KEY', message: `Cannot use RSA key: it has ${state}` }),
  );
});

test('zeros in front of a key do not count', () => {
  const { privateKey, modulus, publicExponent } = makeKey(2048);
  const padded = (octets: Uint8Array) => Buffer.concat([Buffer.alloc(3), octets]);
  const verifier = createRsa().verifier({ modulus: padded(modulus), publicExponent: padded(publicExponent) });
  expect(verifier.verifyPkcs1('SHA-256', Uint8Array.of(1), sign('sha256', Uint8Array.of(1), privateKey))).toBe(true);
});
