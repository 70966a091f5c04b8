import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { type Contender, contender } from '../measure.js';

const impl = 'noble';
type Algorithm = 'P-256' | 'P-384' | 'Ed25519';

const curveOf = (algorithm: 'P-256' | 'P-384'): typeof p256 => (algorithm === 'P-256' ? p256 : p384);

/** It hashes messages itself, and X.509 has its signatures in DER with s as it comes. */
const options = { format: 'der', lowS: false } as const;

/** @param secretKey - The scalar, or for Ed25519 the seed. */
export function signer(
  algorithm: Algorithm,
  secretKey: Uint8Array,
  message: Uint8Array,
  check: (signature: Uint8Array) => void,
): Contender {
  const run =
    algorithm === 'Ed25519'
      ? () => ed25519.sign(message, secretKey)
      : () => curveOf(algorithm).sign(message, secretKey, options);
  run(); // makes its tables
  return contender(impl, run, check);
}

/** @param publicKey - The point without compression, or for Ed25519 its 32 octets. */
export function verifier(
  algorithm: Algorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  check: (good: boolean) => void,
): Contender {
  const run =
    algorithm === 'Ed25519'
      ? () => ed25519.verify(signature, message, publicKey)
      : () => curveOf(algorithm).verify(signature, message, publicKey, options);
  return contender(impl, run, check);
}
