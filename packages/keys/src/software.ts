import { curveAlgorithm, curvePrivateKeyInfo } from '@mayfly/pkcs8';
import { ecAlgorithm, ecPrivateKeyInfo, type NamedCurve } from '@mayfly/pkcs8/ec';
import { encodeSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SyncSigningKey } from '@mayfly/x509/signed';
import { defaultScheme, type KeyAlgorithm, schemes, signatureAlgorithm } from './algorithms.js';
import type { Backend, Ecdsa, Eddsa, KeyPair, RandomBytes } from './backend.js';
import { bufferedEntropy, platformRandomBytes } from './entropy.js';
import { encodeOnce, parsePrivateKey, refused, requireSamePublicKey, samePoint } from './private-key.js';
import { encodeSignature, encodeSignatures } from './signature-octets.js';
import { ecdsaOf, hashManyWith, hashWith, notInSoftware } from './software-primitives.js';

export { type Verifier, type VerifyWithOptions, verifier, verifyWith } from './software-verifier.js';

/** A key in this thread's memory that signs without waiting. */
export interface SoftwareKey extends SyncSigningKey {
  /** DER of a PrivateKeyInfo: a new array, the caller's to wipe. */
  exportPkcs8(): Uint8Array;
  /** Overwrites the private key; signing and exporting throw {@link KeysError} `ERR_KEYS_PRIVATE_KEY` from then on. */
  destroy(): void;
}

/** How a software key signs. */
export interface SoftwareKeyOptions {
  /**
   * Where the nonce of an ECDSA signature comes from: from key and digest alone, so that the same message gives the same
   * signature, or from fresh entropy besides, so that a fault or a trace of one signature tells nothing about another.
   * Without meaning for Ed25519. Default `rfc6979`, which needs no generator that one would have to trust.
   */
  readonly nonce?: 'rfc6979' | 'hedged';
  /** Source of entropy, and of a new key. Default the platform's generator. */
  readonly randomBytes?: RandomBytes;
}

/**
 * A key that signs with a backend.
 * @param pkcs8 - DER of a PrivateKeyInfo; the key is copied out of it.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for RSA and for a curve that the backend lacks,
 * `ERR_KEYS_PRIVATE_KEY` when private and public key do not belong together; `Pkcs8Error`, `DerError`.
 */
export function softwareKey(pkcs8: Uint8Array, backend: Backend, options: SoftwareKeyOptions = {}): SoftwareKey {
  const key = parsePrivateKey(pkcs8);
  if (key.keyType === 'RSA' || key.keyType === 'Ed448') throw notInSoftware(key.keyType);
  const secretKey = Uint8Array.from(key.privateKey);
  return wipingOnFailure(secretKey, () => {
    const publicKey =
      key.keyType === 'Ed25519'
        ? backend.ed25519.getPublicKey(secretKey)
        : publicPoint(ecdsaOf(key.curve, backend), key.curve, secretKey);
    if (key.publicKey !== undefined) requireSamePublicKey(samePoint(key.publicKey, publicKey));
    return fromKeyPair(key.keyType === 'EC' ? key.curve : key.keyType, { secretKey, publicKey }, backend, options);
  });
}

/**
 * Makes a key from random octets (FIPS 186-5 §A.2.2 for the curves of NIST).
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for RSA and for a curve that the backend lacks; RangeError when
 * `randomBytes` is not random.
 */
export function generateKey(algorithm: KeyAlgorithm, backend: Backend, options: SoftwareKeyOptions = {}): SoftwareKey {
  switch (algorithm) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return fromNewPair(algorithm, ecdsaOf(algorithm, backend), backend, options);
    case 'Ed25519':
      return fromNewPair(algorithm, backend.ed25519, backend, options);
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096':
      throw notInSoftware('RSA');
    case 'Ed448':
      throw notInSoftware(algorithm);
    default:
      throw new TypeError(`Cannot generate key: unknown algorithm ${algorithm satisfies never}`);
  }
}

function fromNewPair(
  name: NamedCurve | 'Ed25519',
  primitives: Ecdsa | Eddsa,
  backend: Backend,
  options: SoftwareKeyOptions,
): SoftwareKey {
  const pair = primitives.generateKeyPair(options.randomBytes ?? platformRandomBytes);
  return wipingOnFailure(pair.secretKey, () => fromKeyPair(name, pair, backend, options));
}

/** Makes something that keeps a secret, which is wiped when that fails. */
function wipingOnFailure<T>(secretKey: Uint8Array, make: () => T): T {
  try {
    return make();
  } catch (error) {
    secretKey.fill(0);
    throw error;
  }
}

/** @param pair - Both halves belong together; the secret is wiped by {@link SoftwareKey.destroy}. */
function fromKeyPair(
  name: NamedCurve | 'Ed25519',
  { secretKey, publicKey }: KeyPair,
  backend: Backend,
  options: SoftwareKeyOptions,
): SoftwareKey {
  const signer = name === 'Ed25519' ? eddsaSigner(secretKey, backend) : ecdsaSigner(name, secretKey, backend, options);
  let destroyed = false;
  const alive = () => {
    if (destroyed) throw refused('it was destroyed');
  };
  return {
    signatureAlgorithm: signatureAlgorithm(defaultScheme(name)),
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({
      algorithm: name === 'Ed25519' ? curveAlgorithm(name) : ecAlgorithm(name),
      subjectPublicKey: publicKey,
    }),
    sign: (tbs) => {
      alive();
      requireOctets(tbs);
      return signer.sign(tbs);
    },
    ...(signer.signMany && {
      signMany: (batch: readonly Uint8Array[]) => {
        alive();
        batch.forEach(requireOctets);
        return batch.length === 0 ? [] : signer.signMany!(batch); // seen above
      },
    }),
    exportPkcs8: () => {
      alive();
      return encodeOnce(
        name === 'Ed25519'
          ? curvePrivateKeyInfo(name, secretKey)
          : ecPrivateKeyInfo({ curve: name, privateKey: secretKey, publicKey }),
      );
    },
    destroy: () => {
      destroyed = true;
      secretKey.fill(0);
      signer.destroy?.();
    },
  };
}

interface Signer {
  readonly sign: (tbs: Uint8Array) => Uint8Array;
  readonly signMany?: (batch: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly destroy?: () => void;
}

function eddsaSigner(seed: Uint8Array, { ed25519: eddsa }: Backend): Signer {
  const signer = eddsa.signer?.(seed);
  return signer ?? { sign: (tbs) => eddsa.sign(tbs, seed) };
}

function ecdsaSigner(
  curve: NamedCurve,
  secret: Uint8Array,
  backend: Backend,
  { nonce = 'rfc6979', randomBytes = platformRandomBytes, ...unknown }: SoftwareKeyOptions,
): Signer {
  unknown satisfies Record<string, never>;
  if (nonce !== 'rfc6979' && nonce !== 'hedged') throw new TypeError(`Cannot sign with nonce ${nonce satisfies never}`);
  const primitives = ecdsaOf(curve, backend);
  const hash = schemes[defaultScheme(curve)].hash!;
  const entropy = nonce === 'hedged' ? bufferedEntropy(randomBytes) : undefined;
  /** Signs with what hedges it, which is worth nothing to anybody afterwards. */
  const hedging = <T>(signatures: number, sign: (entropy?: Uint8Array) => T): T => {
    if (entropy === undefined) return sign();
    const octets = entropy.draw(signatures);
    try {
      return sign(octets);
    } finally {
      octets.fill(0);
    }
  };
  return {
    sign: (tbs) => {
      const digest = hashWith(backend, hash, tbs);
      return encodeSignature(hedging(1, (octets) => primitives.sign(digest, secret, octets)));
    },
    ...(primitives.signMany && {
      signMany: (batch: readonly Uint8Array[]) => {
        const digests = hashManyWith(backend, hash, batch);
        const compact = hedging(batch.length, (octets) => primitives.signMany!(digests, secret, octets)); // seen above
        return encodeSignatures(compact);
      },
    }),
  };
}

function publicPoint(primitives: Ecdsa, curve: NamedCurve, secret: Uint8Array): Uint8Array {
  try {
    return primitives.getPublicKey(secret);
  } catch (cause) {
    throw refused(`it is not below the order of ${curve}`, cause);
  }
}

function requireOctets(tbs: Uint8Array): void {
  if (!(tbs instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array');
}
