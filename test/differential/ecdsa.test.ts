import type { Ecdsa } from '@mayfly/keys/backend';
import { nobleBackend } from '@mayfly/keys/noble';
import { createP256 } from '@mayfly/wasm/p256';
import { createP384 } from '@mayfly/wasm/p384';
import { scalarKernels } from '@mayfly/wasm/scalar';
import { describe, expect, test } from 'vitest';
import { type Curve, p256, p384 } from './curves.js';
import {
  compareBatch,
  compareOnce,
  digestLengths,
  edgeDigests,
  edgeScalars,
  exceptionalVerifications,
  impossibleSignatures,
  knownVerifier,
} from './ecdsa.js';
import { multiplyBase, sign } from './ecdsa-oracle.js';
import { octetsOf } from './numbers.js';
import { randomNumbers } from './random.js';

interface Provider {
  readonly name: string;
  readonly ecdsa: Ecdsa;
  readonly curve: Curve;
  /** Random cases that a run affords. */
  readonly cases: number;
  /** Edge cases of each kind. */
  readonly edges: number;
}

const withoutSimd = { simd: false, scalar: scalarKernels } as const;

const providers: readonly Provider[] = [
  { name: 'WebAssembly P-256', ecdsa: createP256(), curve: p256, cases: 7000, edges: 500 },
  { name: 'WebAssembly P-256 without SIMD', ecdsa: createP256(withoutSimd), curve: p256, cases: 3000, edges: 100 },
  { name: 'WebAssembly P-384', ecdsa: createP384(), curve: p384, cases: 300, edges: 30 },
  { name: 'WebAssembly P-384 without SIMD', ecdsa: createP384(withoutSimd), curve: p384, cases: 100, edges: 20 },
  // Says that the definition is right.
  { name: 'noble P-256', ecdsa: nobleBackend.p256, curve: p256, cases: 20, edges: 5 },
  { name: 'noble P-384', ecdsa: nobleBackend.p384, curve: p384, cases: 5, edges: 2 },
];

describe.each(providers)('$name and the definition agree on', ({ ecdsa, curve, cases, edges }) => {
  const keys = edgeScalars(curve);
  /** As many as are afforded, from everywhere in the list. */
  const some = <T>(items: readonly T[]): readonly T[] =>
    items.filter((_, i) => i % Math.ceil(items.length / edges) === 0);

  test('random keys and digests', () => {
    const random = randomNumbers(1);
    for (let i = 0; i < cases; i++) compareOnce(ecdsa, curve, random, keys);
  });

  test('batches', () => {
    const random = randomNumbers(2);
    const sizes = [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65].slice(0, edges);
    for (const size of edges > 200 ? [...sizes, 127, 128, 255, 256, 257] : sizes)
      compareBatch(ecdsa, curve, random, size);
  });

  test('edge keys', () => {
    for (const scalar of some(keys)) {
      const secretKey = octetsOf(scalar, curve.byteLength);
      expect(ecdsa.getPublicKey(secretKey), `key ${scalar}`).toEqual(multiplyBase(curve, scalar));
      const digest = new Uint8Array(curve.byteLength).fill(0x5a);
      const signature = ecdsa.sign(digest, secretKey);
      expect(signature, `key ${scalar}`).toEqual(sign(curve, digest, scalar));
      expect(ecdsa.verify(signature, digest, ecdsa.getPublicKey(secretKey)), `key ${scalar}`).toBe(true);
    }
  });

  test('edge digests, and digests of other lengths', () => {
    const secret = keys.at(-7)!;
    const secretKey = octetsOf(secret, curve.byteLength);
    const publicKey = ecdsa.getPublicKey(secretKey);
    for (const digest of [...edgeDigests(curve), ...digestLengths.map((length) => new Uint8Array(length).fill(0xc3))]) {
      const signature = ecdsa.sign(digest, secretKey);
      expect(signature, Buffer.from(digest).toString('hex')).toEqual(sign(curve, digest, secret));
      expect(ecdsa.verify(signature, digest, publicKey), Buffer.from(digest).toString('hex')).toBe(true);
    }
  });

  test('sums of equal, of opposite and of single points', () => {
    for (const { name, publicKey, digest, signature, valid } of some(
      exceptionalVerifications(curve, randomNumbers(3)),
    )) {
      expect(ecdsa.verify(signature, digest, publicKey), name).toBe(valid);
      expect(knownVerifier(ecdsa, publicKey, signature, digest)(signature, digest), `${name}, known key`).toBe(valid);
    }
  });

  test('signatures that cannot be', () => {
    const publicKey = multiplyBase(curve, 7n);
    const digest = new Uint8Array(curve.byteLength).fill(1);
    for (const [name, signature] of impossibleSignatures(curve)) {
      expect(ecdsa.verify(signature, digest, publicKey), name).toBe(false);
      expect(knownVerifier(ecdsa, publicKey, signature, digest)(signature, digest), `${name}, known key`).toBe(false);
    }
  });
});
