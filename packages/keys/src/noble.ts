import type { NamedCurve } from '@mayfly/pkcs8/ec';
import { fieldLength } from '@mayfly/pkcs8/ec';
import type { SignedParts, SyncVerifySignature } from '@mayfly/x509/signed';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { KeyAlgorithm } from './algorithms.js';
import type { Backend, Ecdsa, Eddsa } from './backend.js';
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

const eddsa = (): Eddsa => {
  const verify: Eddsa['verify'] = (signature, message, publicKey) =>
    ed25519.verify(signature, message, publicKey, { zip215: false });
  return {
    sign: (message, seed) => ed25519.sign(message, seed),
    verify,
    verifier: (publicKey) => (signature, message) => verify(signature, message, publicKey),
    getPublicKey: (seed) => ed25519.getPublicKey(seed),
    generateKeyPair(randomBytes) {
      const secretKey = Uint8Array.from(randomBytes(32));
      return { secretKey, publicKey: ed25519.getPublicKey(secretKey) };
    },
  };
};

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
export const softwareKey = (pkcs8: Uint8Array, options: software.SoftwareKeyOptions = {}): software.SoftwareKey =>
  software.softwareKey(pkcs8, nobleBackend, options);

/** {@link software.generateKey} of `@mayfly/keys/software` with {@link nobleBackend}. */
export const generateKey = (algorithm: KeyAlgorithm, options: software.SoftwareKeyOptions = {}): software.SoftwareKey =>
  software.generateKey(algorithm, nobleBackend, options);

/** {@link software.verifier} of `@mayfly/keys/software` with {@link nobleBackend}. */
export const verifier = (subjectPublicKeyInfo: Uint8Array): ((signed: SignedParts) => boolean) =>
  software.verifier(subjectPublicKeyInfo, nobleBackend);

/** A {@link SyncVerifySignature} in JavaScript, for elliptic curves. */
export const verifyWithNoble: SyncVerifySignature = (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);
