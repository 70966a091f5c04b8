import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  sign as signSync,
  verify as verifySync,
} from 'node:crypto';
import { promisify } from 'node:util';
import { curveAlgorithm, curvePrivateKeyInfo } from '@mayfly/pkcs8';
import { ecAlgorithm, encodeECPrivateKey, type NamedCurve } from '@mayfly/pkcs8/ec';
import { encodeRSAPublicKey, rsaAlgorithm } from '@mayfly/pkcs8/rsa';
import { encodeSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SignedParts, SyncSigningKey, SyncVerifySignature } from '@mayfly/x509/signed';
import {
  chooseScheme,
  type KeyAlgorithm,
  type KeyType,
  type SchemeInfo,
  type SignatureScheme,
  schemes,
  signatureAlgorithm,
} from './algorithms.js';
import { KeysError } from './errors.js';
import { encodeOnce, parsePrivateKey, refused, requireSamePublicKey, samePoint } from './private-key.js';
import { verificationScheme } from './pss.js';
import { fitsScheme, type PublicKey, parsePublicKey } from './public-key.js';

/** A key in OpenSSL's memory that signs without waiting. */
export interface NodeSigningKey extends SyncSigningKey {
  /** DER of a PrivateKeyInfo: a new array, the caller's to wipe. */
  exportPkcs8(): Uint8Array;
}

export interface NodeKeyOptions {
  /** What to sign with. Default: the hash that fits the curve; PKCS#1 v1.5 with SHA-256 for RSA. */
  readonly scheme?: SignatureScheme;
}

/**
 * Imports a PKCS#8 key, once; signing then costs the signature alone.
 * @param der - DER of a PrivateKeyInfo; not kept, not wiped. Copies made on the way are wiped.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, `ERR_KEYS_PRIVATE_KEY` when its parts contradict each other;
 * `Pkcs8Error`, `DerError`; TypeError when the key cannot sign with `scheme`.
 */
export function fromPkcs8(der: Uint8Array, options: NodeKeyOptions = {}): NodeSigningKey {
  const key = parsePrivateKey(der);
  switch (key.keyType) {
    case 'EC':
      return fromKeyObjects(importEc(key), options);
    case 'Ed25519':
    case 'Ed448': {
      // As JWK this is ten times as fast, but leaves the seed in a string that cannot be wiped.
      const info = encodeOnce(curvePrivateKeyInfo(key.keyType, key.privateKey));
      const pair = importPrivate(info, 'pkcs8');
      const { publicKey } = key;
      if (publicKey !== undefined)
        requireSamePublicKey(samePoint(publicKey, octets(pair.publicKey.export({ format: 'jwk' }).x)));
      return fromKeyObjects(pair, options);
    }
    case 'RSA':
      return fromKeyObjects(importPrivate(Uint8Array.from(key.privateKey), 'pkcs1'), options);
  }
}

/**
 * Makes a key in a thread of the pool.
 * @throws TypeError when the key cannot sign with `scheme`.
 */
export async function generateKey(algorithm: KeyAlgorithm, options: NodeKeyOptions = {}): Promise<NodeSigningKey> {
  return fromKeyObjects(await generatePair(algorithm), options);
}

/**
 * Makes a key in this thread: tens of microseconds for P-256 and Ed25519, most of a second for RSA.
 * @throws TypeError when the key cannot sign with `scheme`.
 */
export function generateKeySync(algorithm: KeyAlgorithm, options: NodeKeyOptions = {}): NodeSigningKey {
  return fromKeyObjects(generatePairSync(algorithm), options);
}

const notHere = (kind: KeyType, cause: unknown): KeysError =>
  new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    `Cannot use ${kind} key here: this OpenSSL has none, take @mayfly/keys/ml-dsa`,
    { cause },
  );

/** A {@link SyncVerifySignature} through OpenSSL; ML-DSA where that is 3.5, as in Node from 24.7 on. See {@link verifier} for what it throws. */
export const verifyWithNode: SyncVerifySignature = (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);

/**
 * A verifier for a key that is met often: imported once.
 * @returns Whether the signature is this key's; `false` for malformed signatures and for schemes of other kinds of key.
 * The function throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for schemes that are not known.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, `ERR_KEYS_PUBLIC_KEY`.
 */
export function verifier(subjectPublicKeyInfo: Uint8Array): (signed: SignedParts) => boolean {
  const publicKey = parsePublicKey(subjectPublicKeyInfo);
  const key = importPublic(publicKey, subjectPublicKeyInfo);
  return ({ tbs, signatureAlgorithm: identifier, signatureValue }) => {
    const scheme = verificationScheme(identifier);
    return fitsScheme(publicKey, scheme) && verifySync(digest(scheme), tbs, withPadding(key, scheme), signatureValue);
  };
}

interface KeyObjects {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const openSslCurves: Readonly<Record<NamedCurve, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

function fromKeyObjects({ privateKey, publicKey }: KeyObjects, { scheme: asked }: NodeKeyOptions): NodeSigningKey {
  const { subjectPublicKeyInfo, key } = describe(publicKey);
  const name = chooseScheme(key, asked);
  const scheme = schemes[name];
  const hash = digest(scheme);
  const input = withPadding(privateKey, scheme);
  return {
    signatureAlgorithm: signatureAlgorithm(name),
    subjectPublicKeyInfo,
    sign: (tbs) => {
      if (!(tbs instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array'); // node:crypto signs text too
      return bare(signSync(hash, tbs, input));
    },
    exportPkcs8: () => bare(privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

const digest = ({ hash }: SchemeInfo): string | null => (hash === undefined ? null : hash.replace('-', ''));

const withPadding = (key: KeyObject, { saltLength }: SchemeInfo) =>
  saltLength === undefined ? key : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };

/** A plain array over the octets of a Buffer. */
const bare = (octets: Buffer): Uint8Array => new Uint8Array(octets.buffer, octets.byteOffset, octets.length);

const octets = (base64url: string | undefined): Uint8Array => bare(Buffer.from(base64url!, 'base64url'));

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const text = (bytes: Uint8Array): string => buffer(bytes).toString('base64url');

/** Exporting a public key as JWK takes a twentieth of the time that OpenSSL 3 takes for its SubjectPublicKeyInfo. */
function describe(publicKey: KeyObject): {
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly key: NamedCurve | 'Ed25519' | 'Ed448' | 'RSA';
} {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'EC') {
    const curve = crv as NamedCurve; // generated or imported here, on one of the three
    const subjectPublicKey = Buffer.concat([Uint8Array.of(4), octets(x), octets(y)]);
    return {
      key: curve,
      subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({ algorithm: ecAlgorithm(curve), subjectPublicKey }),
    };
  }
  if (kty === 'OKP') {
    const key = crv as 'Ed25519' | 'Ed448'; // generated or imported here
    const info = { algorithm: curveAlgorithm(key), subjectPublicKey: octets(x) };
    return { key, subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(info) };
  }
  const subjectPublicKey = encodeRSAPublicKey({ modulus: octets(n), publicExponent: octets(e) });
  return {
    key: 'RSA',
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({ algorithm: rsaAlgorithm(), subjectPublicKey }),
  };
}

/** Through SEC 1: OpenSSL 3 reads it in a third of the time of PKCS#8, and unlike a JWK it can be wiped. */
function importEc({
  curve,
  privateKey,
  publicKey,
}: Extract<ReturnType<typeof parsePrivateKey>, { keyType: 'EC' }>): KeyObjects {
  const ecdh = createECDH(openSslCurves[curve]);
  try {
    ecdh.setPrivateKey(privateKey);
  } catch (cause) {
    throw refused(`it is not below the order of ${curve}`, cause);
  }
  const point = ecdh.getPublicKey();
  if (publicKey !== undefined) requireSamePublicKey(samePoint(publicKey, point));
  const { parameters } = ecAlgorithm(curve);
  return importPrivate(encodeECPrivateKey({ privateKey, parameters: parameters!, publicKey: point }), 'sec1');
}

/** @param der - Wiped. */
function importPrivate(der: Uint8Array, type: 'pkcs8' | 'sec1' | 'pkcs1'): KeyObjects {
  try {
    const privateKey = createPrivateKey({ key: buffer(der), format: 'der', type });
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch (cause) {
    throw refused('OpenSSL refuses it', cause);
  } finally {
    der.fill(0);
  }
}

/**
 * Through the form that OpenSSL 3 reads fastest: JWK for P-256 and Ed25519, PKCS#1 for RSA (4 µs instead of 100); for the
 * larger curves a JWK costs a multiplication by the order, more than the search for a decoder.
 */
function importPublic(publicKey: PublicKey, subjectPublicKeyInfo: Uint8Array): KeyObject {
  try {
    if (publicKey.keyType === 'Ed25519' || publicKey.keyType === 'Ed448')
      return createPublicKey({
        key: { kty: 'OKP', crv: publicKey.keyType, x: text(publicKey.publicKey) },
        format: 'jwk',
      });
    if (publicKey.keyType === 'RSA')
      return createPublicKey({ key: buffer(encodeRSAPublicKey(publicKey)), format: 'der', type: 'pkcs1' });
    if (publicKey.keyType !== 'EC' || publicKey.curve !== 'P-256')
      return createPublicKey({ key: buffer(subjectPublicKeyInfo), format: 'der', type: 'spki' });
    const x = text(publicKey.point.subarray(1, 33));
    const y = text(publicKey.point.subarray(33));
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch (cause) {
    // Any octets of the right number are a key of ML-DSA, so that the algorithm is what OpenSSL before 3.5 refuses.
    if (publicKey.keyType.startsWith('ML-DSA')) throw notHere(publicKey.keyType, cause);
    throw new KeysError('ERR_KEYS_PUBLIC_KEY', 'Cannot use public key: OpenSSL refuses it', { cause });
  }
}

// Keys come out of Node as DER and are read again. The object of a key that was made shares a lock with the job that made it:
// Node 20 exports a JWK under that lock, and when memory is collected just then and the job with it, its end waits for the same lock,
// in the same thread, for ever.
const pkcs8 = { privateKeyEncoding: { format: 'der', type: 'pkcs8' } } as const;
const sec1 = { privateKeyEncoding: { format: 'der', type: 'sec1' } } as const;
const pkcs1 = { privateKeyEncoding: { format: 'der', type: 'pkcs1' } } as const;

/** The types know of no private key that is encoded alone; it is a Buffer all the same. */
const importMade = ({ privateKey }: { readonly privateKey: unknown }, type: 'pkcs8' | 'sec1' | 'pkcs1'): KeyObjects =>
  importPrivate(privateKey as Buffer, type);

function generatePairSync(algorithm: KeyAlgorithm): KeyObjects {
  switch (algorithm) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return importMade(generateKeyPairSync('ec', { namedCurve: algorithm, ...sec1 }), 'sec1');
    case 'Ed25519':
      return importMade(generateKeyPairSync('ed25519', pkcs8), 'pkcs8');
    case 'Ed448':
      return importMade(generateKeyPairSync('ed448', pkcs8), 'pkcs8');
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096': {
      const modulusLength = Number(algorithm.slice(4));
      return importMade(generateKeyPairSync('rsa', { modulusLength, ...pkcs1 }), 'pkcs1');
    }
    default:
      throw unknownAlgorithm(algorithm);
  }
}

async function generatePair(algorithm: KeyAlgorithm): Promise<KeyObjects> {
  const generate = promisify(generateKeyPair);
  switch (algorithm) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return importMade(await generate('ec', { namedCurve: algorithm, ...sec1 }), 'sec1');
    case 'Ed25519':
      return importMade(await generate('ed25519', pkcs8), 'pkcs8');
    case 'Ed448':
      return importMade(await generate('ed448', pkcs8), 'pkcs8');
    case 'RSA-2048':
    case 'RSA-3072':
    case 'RSA-4096': {
      const modulusLength = Number(algorithm.slice(4));
      return importMade(await generate('rsa', { modulusLength, ...pkcs1 }), 'pkcs1');
    }
    default:
      throw unknownAlgorithm(algorithm);
  }
}

const unknownAlgorithm = (algorithm: never): TypeError =>
  new TypeError(`Cannot generate key: unknown algorithm ${algorithm}`);
