import { curveAlgorithm, curvePrivateKeyInfo } from '@mayfly/pkcs8';
import { ecAlgorithm, ecPrivateKeyInfo, fieldLength, type NamedCurve } from '@mayfly/pkcs8/ec';
import { encodeSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SignedParts, SyncSigningKey, SyncVerifySignature } from '@mayfly/x509/signed';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import {
  defaultScheme,
  type Hash,
  type KeyAlgorithm,
  schemes,
  signatureAlgorithm,
  signatureScheme,
} from './algorithms.js';
import type { Backend, Ecdsa } from './backend.js';
import { ecdsaSignatureFromDer, ecdsaSignatureToDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { encodeOnce, parsePrivateKey, refused, requireSamePublicKey, samePoint } from './private-key.js';
import { parsePublicKey } from './public-key.js';

/** A key in JavaScript's memory that signs without waiting. */
export interface SoftwareKey extends SyncSigningKey {
  /** DER of a PrivateKeyInfo: a new array, the caller's to wipe. */
  exportPkcs8(): Uint8Array;
  /** Overwrites the private key; signing and exporting throw {@link KeysError} `ERR_KEYS_PRIVATE_KEY` from then on. */
  destroy(): void;
}

export interface GenerateOptions {
  /** Default {@link nobleBackend}. */
  readonly backend?: Backend;
  /** Source of the key. Default the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

type Curve = typeof p256;

/** X.509 leaves s as it comes, so both values are made and accepted. */
function ecdsa(curve: Curve): Ecdsa {
  const asItComes = { prehash: false, lowS: false };
  const verifier = (publicKey: Uint8Array) => {
    if (!curve.utils.isValidPublicKey(publicKey)) throw new RangeError('Cannot use point: it is not on the curve');
    return (signature: Uint8Array, digest: Uint8Array) => curve.verify(signature, digest, publicKey, asItComes);
  };
  return {
    sign: (digest, secretKey) => curve.sign(digest, secretKey, asItComes),
    verify: (signature, digest, publicKey) => verifier(publicKey)(signature, digest),
    verifier,
    getPublicKey: (secretKey) => curve.getPublicKey(secretKey, false),
  };
}

/** The reference: audited JavaScript, as constant in time as the language allows. */
export const nobleBackend: Backend = /* @__PURE__ */ (() => ({
  name: 'noble',
  sha256,
  sha384,
  sha512,
  p256: ecdsa(p256),
  p384: ecdsa(p384),
  p521: ecdsa(p521),
  ed25519: {
    sign: (message: Uint8Array, seed: Uint8Array) => ed25519.sign(message, seed),
    verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) =>
      ed25519.verify(signature, message, publicKey, { zip215: false }),
    getPublicKey: (seed: Uint8Array) => ed25519.getPublicKey(seed),
  },
}))();

/**
 * A key that signs in JavaScript, or with the backend given. ECDSA is deterministic (RFC 6979).
 * @param pkcs8 - DER of a PrivateKeyInfo; the key is copied out of it.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for RSA and for a curve that the backend lacks,
 * `ERR_KEYS_PRIVATE_KEY` when private and public key do not belong together; `Pkcs8Error`, `DerError`.
 */
export function softwareKey(pkcs8: Uint8Array, backend: Backend = nobleBackend): SoftwareKey {
  const key = parsePrivateKey(pkcs8);
  if (key.keyType === 'RSA') throw noRsa();
  return fromSecret(
    key.keyType === 'EC' ? key.curve : key.keyType,
    Uint8Array.from(key.privateKey),
    key.publicKey,
    backend,
  );
}

/**
 * Makes a key from random octets (FIPS 186-5 §A.2.2 for the curves of NIST).
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for RSA and for a curve that the backend lacks.
 */
export function generateKey(
  algorithm: KeyAlgorithm,
  { backend = nobleBackend, randomBytes = platformRandomBytes, ...unknown }: GenerateOptions = {},
): SoftwareKey {
  unknown satisfies Record<string, never>;
  switch (algorithm) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return fromSecret(algorithm, randomScalar(algorithm, randomBytes), undefined, backend);
    case 'Ed25519':
      return fromSecret(algorithm, Uint8Array.from(randomBytes(32)), undefined, backend);
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096':
      throw noRsa();
    default:
      throw new TypeError(`Cannot generate key: unknown algorithm ${algorithm satisfies never}`);
  }
}

/** A {@link SyncVerifySignature} in JavaScript, for elliptic curves. See {@link verifier} for what it throws. */
export const verifyWithNoble: SyncVerifySignature = (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);

/**
 * A verifier for a key that is met often; the key is copied.
 * @returns Whether the signature is this key's; `false` for malformed signatures and for schemes of other kinds of key.
 * The function throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for schemes that are not known.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, also for RSA keys; `ERR_KEYS_PUBLIC_KEY`.
 */
export function verifier(
  subjectPublicKeyInfo: Uint8Array,
  backend: Backend = nobleBackend,
): (signed: SignedParts) => boolean {
  const key = parsePublicKey(Uint8Array.from(subjectPublicKeyInfo));
  if (key.keyType === 'RSA') throw noRsa();
  if (key.keyType === 'Ed25519')
    return ({ tbs, signatureAlgorithm: identifier, signatureValue }) =>
      schemes[signatureScheme(identifier)].keyType === 'Ed25519' &&
      signatureValue.length === 64 &&
      backend.ed25519.verify(signatureValue, tbs, key.publicKey);
  const { curve, point } = key;
  const verify = pointVerifier(ecdsaOf(curve, backend), point);
  return ({ tbs, signatureAlgorithm: identifier, signatureValue }) => {
    const { keyType, hash } = schemes[signatureScheme(identifier)];
    if (keyType !== 'EC') return false;
    const compact = ecdsaSignatureFromDer(signatureValue, fieldLength(curve));
    return compact !== undefined && verify(compact, hashWith(backend, hash!, tbs));
  };
}

function pointVerifier(curve: Ecdsa, point: Uint8Array): (signature: Uint8Array, digest: Uint8Array) => boolean {
  try {
    return curve.verifier(point);
  } catch (cause) {
    throw new KeysError('ERR_KEYS_PUBLIC_KEY', 'Cannot use public key: it is no point of the curve', { cause });
  }
}

function fromSecret(
  key: NamedCurve | 'Ed25519',
  secret: Uint8Array,
  expectedPublicKey: Uint8Array | undefined,
  backend: Backend,
): SoftwareKey {
  const { publicKey, sign, signMany } =
    key === 'Ed25519' ? eddsaSigner(secret, backend) : ecdsaSigner(key, secret, backend);
  if (expectedPublicKey !== undefined) requireSamePublicKey(samePoint(expectedPublicKey, publicKey));
  let destroyed = false;
  const alive = () => {
    if (destroyed) throw refused('it was destroyed');
  };
  return {
    signatureAlgorithm: signatureAlgorithm(defaultScheme(key)),
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({
      algorithm: key === 'Ed25519' ? curveAlgorithm(key) : ecAlgorithm(key),
      subjectPublicKey: publicKey,
    }),
    sign: (tbs) => {
      alive();
      return sign(tbs);
    },
    ...(signMany && {
      signMany: (batch: readonly Uint8Array[]) => {
        alive();
        return signMany(batch);
      },
    }),
    exportPkcs8: () => {
      alive();
      return encodeOnce(
        key === 'Ed25519'
          ? curvePrivateKeyInfo(key, secret)
          : ecPrivateKeyInfo({ curve: key, privateKey: secret, publicKey }),
      );
    },
    destroy: () => {
      destroyed = true;
      secret.fill(0);
    },
  };
}

interface Signer {
  readonly publicKey: Uint8Array;
  readonly sign: (tbs: Uint8Array) => Uint8Array;
  readonly signMany?: (batch: readonly Uint8Array[]) => readonly Uint8Array[];
}

const eddsaSigner = (seed: Uint8Array, { ed25519: eddsa }: Backend): Signer => ({
  publicKey: eddsa.getPublicKey(seed),
  sign: (tbs) => eddsa.sign(tbs, seed),
});

function ecdsaSigner(curve: NamedCurve, secret: Uint8Array, backend: Backend): Signer {
  const primitives = ecdsaOf(curve, backend);
  const hash = schemes[defaultScheme(curve)].hash!;
  const { signMany } = primitives;
  return {
    publicKey: publicPoint(primitives, curve, secret),
    sign: (tbs) => ecdsaSignatureToDer(primitives.sign(hashWith(backend, hash, tbs), secret)),
    ...(signMany && {
      signMany: (batch) =>
        signMany(
          batch.map((tbs) => hashWith(backend, hash, tbs)),
          secret,
        ).map(ecdsaSignatureToDer),
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

function ecdsaOf(curve: NamedCurve, backend: Backend): Ecdsa {
  const primitives = curve === 'P-256' ? backend.p256 : curve === 'P-384' ? backend.p384 : backend.p521;
  if (primitives === undefined)
    throw new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot use key: backend ${backend.name} lacks ${curve}`);
  return primitives;
}

function hashWith(backend: Backend, hash: Hash, data: Uint8Array): Uint8Array {
  switch (hash) {
    case 'SHA-256':
      return backend.sha256(data);
    case 'SHA-384':
      return backend.sha384(data);
    case 'SHA-512':
      return backend.sha512(data);
  }
}

/** Draws until the value is in [1, n - 1]; the first draw nearly always is. */
function randomScalar(curve: NamedCurve, randomBytes: (length: number) => Uint8Array): Uint8Array {
  const { Fn } = (curve === 'P-256' ? p256 : curve === 'P-384' ? p384 : p521).Point;
  for (let attempt = 0; attempt < 64; attempt++) {
    const candidate = Uint8Array.from(randomBytes(fieldLength(curve)));
    if (curve === 'P-521') candidate[0]! &= 1;
    if (Fn.isValidNot0(Fn.fromBytes(candidate, true))) return candidate;
  }
  throw new RangeError('Cannot generate key: 64 draws in a row are out of range, randomBytes is not random');
}

const noRsa = (): KeysError =>
  new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    'Cannot use RSA key: software keys are elliptic, take @mayfly/keys/node or @mayfly/keys/webcrypto',
  );

const platformRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
