import { equalBytes } from '@mayfly/der';
import { parsePrivateKeyInfo } from '@mayfly/pkcs8';
import {
  type MLDSAParameterSet,
  mlDsaAlgorithm,
  mlDsaParameterSet,
  mlDsaPrivateKeyInfo,
  readMLDSAPrivateKey,
} from '@mayfly/pkcs8/ml-dsa';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SignedParts, SyncVerifySignature, VerifySignature } from '@mayfly/x509/signed';
import { shake256 } from '@noble/hashes/sha3.js';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { signatureAlgorithm, signatureScheme } from './algorithms.js';
import { KeysError } from './errors.js';
import { hasOwnT0 } from './ml-dsa-expanded.js';
import { encodeOnce, refused } from './private-key.js';
import { parsePublicKey } from './public-key.js';
import type { SoftwareKey } from './software.js';

export type { MLDSAParameterSet } from '@mayfly/pkcs8/ml-dsa';

export interface MLDSAOptions {
  /** Source of a new key, and of what hedges each signature. Default the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

type Primitives = typeof ml_dsa44;

/**
 * Makes a key from 32 random octets (FIPS 204 §5.1); it is exported as that seed.
 * @throws TypeError for an unknown parameter set.
 */
export function generateKey(parameterSet: MLDSAParameterSet, options: MLDSAOptions = {}): SoftwareKey {
  const { randomBytes = platformRandomBytes, ...unknown } = options;
  unknown satisfies Record<string, never>;
  const primitives = primitivesOf(parameterSet);
  const seed = Uint8Array.from(randomBytes(32));
  return fromSecret(parameterSet, { seed, ...primitives.keygen(seed) }, randomBytes);
}

/**
 * A key that signs in JavaScript, hedged (FIPS 204 §3.4), with an empty context as RFC 9881 §3 has it.
 *
 * The public key is computed anew: from the seed, with which an expanded key beside it has to agree to the octet, or from the
 * expanded key, whose vectors have to be in bounds and whose t0 and hash of the public key have to be right.
 * @param pkcs8 - DER of a PrivateKeyInfo in any of the forms of RFC 9881 §6; the key is copied out of it.
 * @throws {@link KeysError} `ERR_KEYS_PRIVATE_KEY` when parts contradict each other; `Pkcs8Error`, `DerError`.
 */
export function softwareKey(pkcs8: Uint8Array, options: MLDSAOptions = {}): SoftwareKey {
  const { randomBytes = platformRandomBytes, ...unknown } = options;
  unknown satisfies Record<string, never>;
  const { parameterSet, publicKey, ...secret } = readMLDSAPrivateKey(parsePrivateKeyInfo(pkcs8));
  const pair = expand(parameterSet, secret);
  if (publicKey !== undefined && !equalBytes(publicKey, pair.publicKey))
    throw refused('the public key beside it belongs to another');
  return fromSecret(parameterSet, pair, randomBytes);
}

/** A {@link SyncVerifySignature} for ML-DSA alone. See {@link verifier} for what it throws. */
export const verifyWithMLDSA: SyncVerifySignature = (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);

/**
 * A verifier for a key that is met often; the key is copied.
 * @returns Whether the signature is this key's; `false` for malformed signatures and for schemes of other kinds of key.
 * The function throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for schemes that are not known.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for keys of other algorithms, `ERR_KEYS_PUBLIC_KEY`.
 */
export function verifier(subjectPublicKeyInfo: Uint8Array): (signed: SignedParts) => boolean {
  const key = parsePublicKey(Uint8Array.from(subjectPublicKeyInfo));
  if (!isParameterSet(key.keyType))
    throw new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot use ${key.keyType} key here: ML-DSA alone is`);
  const { keyType } = key;
  const primitives = primitivesOf(keyType);
  const { publicKey } = key as { readonly publicKey: Uint8Array }; // as all keys of these types have
  return ({ tbs, signatureAlgorithm: identifier, signatureValue }) =>
    signatureScheme(identifier) === keyType &&
    signatureValue.length === primitives.lengths.signature &&
    primitives.verify(signatureValue, tbs, publicKey);
}

/** Verifies with ML-DSA where the key is one, and with `otherwise` where it is not. */
export function verifyMLDSAOr(otherwise: SyncVerifySignature): SyncVerifySignature;
export function verifyMLDSAOr(otherwise: VerifySignature): VerifySignature;
export function verifyMLDSAOr(otherwise: VerifySignature): VerifySignature {
  return (signed, subjectPublicKeyInfo) =>
    (isMLDSA(subjectPublicKeyInfo) ? verifyWithMLDSA : otherwise)(signed, subjectPublicKeyInfo);
}

/** Whether this is a key of ML-DSA, as far as its algorithm says; what is broken is for the other verifier to refuse. */
function isMLDSA(subjectPublicKeyInfo: Uint8Array): boolean {
  try {
    return mlDsaParameterSet(parseSubjectPublicKeyInfo(subjectPublicKeyInfo).algorithm) !== undefined;
  } catch {
    return false; // `otherwise` says what is wrong with it
  }
}

const isParameterSet = (keyType: string): keyType is MLDSAParameterSet => keyType.startsWith('ML-DSA');

function primitivesOf(parameterSet: MLDSAParameterSet): Primitives {
  switch (parameterSet) {
    case 'ML-DSA-44':
      return ml_dsa44;
    case 'ML-DSA-65':
      return ml_dsa65;
    case 'ML-DSA-87':
      return ml_dsa87;
    default:
      throw new TypeError(`Cannot use ML-DSA: unknown parameter set ${parameterSet satisfies never}`);
  }
}

/** A key with all that follows from it. */
interface KeyPair {
  readonly seed?: Uint8Array;
  /** Expanded, as FIPS 204 encodes it. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

function expand(
  parameterSet: MLDSAParameterSet,
  { seed, expandedKey }: { readonly seed?: Uint8Array; readonly expandedKey?: Uint8Array },
): KeyPair {
  const primitives = primitivesOf(parameterSet);
  if (seed !== undefined) {
    const pair = { seed: Uint8Array.from(seed), ...primitives.keygen(seed) };
    if (expandedKey !== undefined && !equalSecrets(expandedKey, pair.secretKey))
      throw refused('its seed does not expand to the key beside it');
    return pair;
  }
  const secretKey = Uint8Array.from(expandedKey!); // a key has one or the other
  let publicKey: Uint8Array;
  try {
    publicKey = primitives.getPublicKey(secretKey);
  } catch (cause) {
    throw refused('a coefficient of its vectors is out of bounds', cause);
  }
  if (!equalBytes(shake256(publicKey, { dkLen: 64 }), secretKey.subarray(64, 128)))
    throw refused('its hash of the public key is of another key');
  if (!hasOwnT0(parameterSet, secretKey)) throw refused('its vectors t0 and t1 are of different keys');
  return { secretKey, publicKey };
}

/** Looks at every octet, whatever it finds. */
function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

function fromSecret(
  parameterSet: MLDSAParameterSet,
  { seed, secretKey, publicKey }: KeyPair,
  randomBytes: (length: number) => Uint8Array,
): SoftwareKey {
  const primitives = primitivesOf(parameterSet);
  let destroyed = false;
  const alive = () => {
    if (destroyed) throw refused('it was destroyed');
  };
  return {
    signatureAlgorithm: signatureAlgorithm(parameterSet),
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({
      algorithm: mlDsaAlgorithm(parameterSet),
      subjectPublicKey: publicKey,
    }),
    sign: (tbs) => {
      alive();
      return primitives.sign(tbs, secretKey, { extraEntropy: Uint8Array.from(randomBytes(32)) });
    },
    exportPkcs8: () => {
      alive();
      return encodeOnce(mlDsaPrivateKeyInfo({ parameterSet, ...(seed ? { seed } : { expandedKey: secretKey }) }));
    },
    destroy: () => {
      destroyed = true;
      seed?.fill(0);
      secretKey.fill(0);
    },
  };
}

const platformRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
