import { concatBytes, equalBytes } from '@mayfly/der';
import type { NamedCurve } from '@mayfly/pkcs8/ec';
import { fieldLength } from '@mayfly/pkcs8/ec';
import type { SignedParts, SyncVerifySignature } from '@mayfly/x509/signed';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { KeyAlgorithm } from './algorithms.js';
import type { Backend, Ecdsa, Eddsa } from './backend.js';
import type { SoftwareKey, SoftwareKeyOptions } from './software.js';
import * as software from './software.js';

export type { SoftwareKey, SoftwareKeyOptions } from './software.js';

type Curve = typeof p256;

/** X.509 leaves s as it comes, so both values are made and accepted. */
function ecdsa(curve: Curve, name: NamedCurve): Ecdsa {
  const asItComes = { prehash: false, lowS: false };
  const verifier = (publicKey: Uint8Array) => {
    if (!curve.utils.isValidPublicKey(publicKey)) throw new RangeError('Cannot use point: it is not on the curve');
    return (signature: Uint8Array, digest: Uint8Array) => curve.verify(signature, digest, publicKey, asItComes);
  };
  return {
    // RFC 6979 §3.6 appends what hedges a signature to the seed of its nonces.
    sign: (digest, secretKey, entropy) =>
      curve.sign(digest, secretKey, entropy === undefined ? asItComes : { ...asItComes, extraEntropy: entropy }),
    verify: (signature, digest, publicKey) => verifier(publicKey)(signature, digest),
    verifier,
    getPublicKey: (secretKey) => curve.getPublicKey(secretKey, false),
    generateKeyPair(randomBytes) {
      const { Fn } = curve.Point;
      for (let attempt = 0; attempt < 64; attempt++) {
        const secretKey = Uint8Array.from(randomBytes(fieldLength(name)));
        if (name === 'P-521') secretKey[0]! &= 1;
        if (Fn.isValidNot0(Fn.fromBytes(secretKey, true)))
          return { secretKey, publicKey: curve.getPublicKey(secretKey, false) };
      }
      throw new RangeError('Cannot generate key: 64 draws in a row are out of range, randomBytes is not random');
    },
  };
}

const eddsa = (): Eddsa => ({
  sign: (message, seed) => ed25519.sign(message, seed),
  verify: verifyEd25519,
  verifier: (publicKey) => (signature, message) => verifyEd25519(signature, message, publicKey),
  getPublicKey: (seed) => ed25519.getPublicKey(seed),
  generateKeyPair(randomBytes) {
    const secretKey = Uint8Array.from(randomBytes(32));
    return { secretKey, publicKey: ed25519.getPublicKey(secretKey) };
  },
});

/**
 * RFC 8032 §5.1.7 by the equation without the cofactor, [S]B = R + [k]A, as OpenSSL and WebCrypto have it. noble's own
 * `verify` multiplies both sides by eight, and so accepts what a signer made with a torsion component.
 */
function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  const { Point } = ed25519;
  const encodedR = signature.subarray(0, 32);
  const s = bytesToNumberLE(signature.subarray(32));
  if (s >= Point.Fn.ORDER) return false;
  const a = decodePoint(publicKey);
  if (a === undefined || a.isSmallOrder()) return false;
  const k = Point.Fn.create(bytesToNumberLE(sha512(concatBytes(encodedR, publicKey, message))));
  // Compared as octets, so that an R that is not canonical fits nothing.
  return equalBytes(Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes(), encodedR);
}

function decodePoint(publicKey: Uint8Array): InstanceType<typeof ed25519.Point> | undefined {
  try {
    return ed25519.Point.fromBytes(publicKey, false);
  } catch {
    return undefined; // it verifies nothing, and is no error
  }
}

/** The reference: audited JavaScript, as constant in time as the language allows. */
export const nobleBackend: Backend = /* @__PURE__ */ (() => ({
  name: 'noble',
  sha256,
  sha384,
  sha512,
  p256: ecdsa(p256, 'P-256'),
  p384: ecdsa(p384, 'P-384'),
  p521: ecdsa(p521, 'P-521'),
  ed25519: eddsa(),
}))();

/** {@link software.softwareKey} of `@mayfly/keys/software` with {@link nobleBackend}. */
export const softwareKey = (pkcs8: Uint8Array, options: SoftwareKeyOptions = {}): SoftwareKey =>
  software.softwareKey(pkcs8, nobleBackend, options);

/** {@link software.generateKey} of `@mayfly/keys/software` with {@link nobleBackend}. */
export const generateKey = (algorithm: KeyAlgorithm, options: SoftwareKeyOptions = {}): SoftwareKey =>
  software.generateKey(algorithm, nobleBackend, options);

/** {@link software.verifier} of `@mayfly/keys/software` with {@link nobleBackend}. */
export const verifier = (subjectPublicKeyInfo: Uint8Array): ((signed: SignedParts) => boolean) =>
  software.verifier(subjectPublicKeyInfo, nobleBackend);

/** A {@link SyncVerifySignature} in JavaScript, for elliptic curves. */
export const verifyWithNoble: SyncVerifySignature = (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);
