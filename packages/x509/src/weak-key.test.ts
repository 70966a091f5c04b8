import { generateKeyPairSync } from 'node:crypto';
import { encode, integer, nullValue, sequence } from '@mayfly/der';
import { expect, test } from 'vitest';
import { encodeSubjectPublicKeyInfo } from './spki.js';
import { keyWeakness, modulusWeakness } from './weak-key.js';

/** The next prime from a number on, by Fermat's test for a few bases: enough for fixed inputs. */
function primeFrom(start: bigint): bigint {
  for (let candidate = start | 1n; ; candidate += 2n)
    if ([2n, 3n, 5n, 7n].every((base) => power(base, candidate - 1n, candidate) === 1n)) return candidate;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus)
    if (e & 1n) result = (result * b) % modulus;
  return result;
}

const spki = (modulus: bigint): Uint8Array =>
  encodeSubjectPublicKeyInfo({
    algorithm: { algorithm: '1.2.840.113549.1.1.1', parameters: encode(nullValue()) },
    subjectPublicKey: encode(sequence(integer(modulus), integer(65_537))),
  });

const p = primeFrom(1n << 511n);
const far = primeFrom((1n << 511n) + (1n << 500n));

/** A prime k·M + (65537^a mod M), as the library of CVE-2017-15361 made them. */
function rocaPrime(k: bigint, a: bigint): bigint {
  let m = 1n;
  for (const prime of [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
  ])
    m *= BigInt(prime);
  const residue = power(65_537n, a, m);
  for (let factor = k; ; factor++) {
    const candidate = factor * m + residue;
    if (power(2n, candidate - 1n, candidate) === 1n) return candidate;
  }
}

test.each<readonly [string, bigint, string | undefined]>([
  ['two primes far apart', p * far, undefined],
  ['a factor of 751', 751n * far * p, 'SmallFactor'],
  ['a factor of 757', 757n * far * p, undefined],
  ['two primes side by side', p * primeFrom(p + 2n), 'ClosePrimes'],
  ['a square', p * p, 'ClosePrimes'],
  ['primes that differ by 2^250', p * primeFrom(p + (1n << 250n)), 'ClosePrimes'],
  ['the primes of ROCA', rocaPrime(1n << 36n, 12_345n) * rocaPrime(3n << 35n, 54_321n), 'ROCA'],
])('%s', (_name, modulus, reason) => {
  expect(modulusWeakness(modulus)?.reason).toBe(reason);
  expect(keyWeakness(spki(modulus))?.reason).toBe(reason);
});

test('keys that OpenSSL makes, and keys that are not RSA, have none', () => {
  for (const pair of [generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('ed25519')])
    expect(keyWeakness(new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' })))).toBeUndefined();
});
