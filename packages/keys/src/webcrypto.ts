import { curvePrivateKeyInfo, encodePrivateKeyInfo, type PrivateKeyInfo } from '@mayfly/pkcs8';
import { ecPrivateKeyInfo, fieldLength, type NamedCurve } from '@mayfly/pkcs8/ec';
import { encodeRSAPublicKey, type RSAPublicKey, rsaAlgorithm } from '@mayfly/pkcs8/rsa';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from '@mayfly/x509';
import type { SignedParts, SigningKey, VerifySignature } from '@mayfly/x509/signed';
import {
  chooseScheme,
  defaultScheme,
  type KeyAlgorithm,
  type SchemeInfo,
  type SignatureScheme,
  schemes,
  signatureAlgorithm,
} from './algorithms.js';
import { ecdsaSignatureFromDer, ecdsaSignatureToDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { type PrivateKey, parsePrivateKey, refused, requireSamePublicKey, samePoint } from './private-key.js';
import { verificationScheme } from './pss.js';
import { fitsScheme, parsePublicKey } from './public-key.js';

/** The platform's CryptoKey, whichever platform that is. */
export type PlatformKey = Parameters<typeof crypto.subtle.sign>[1];

/** A pair as `crypto.subtle.generateKey` gives it. */
export interface PlatformKeyPair {
  readonly privateKey: PlatformKey;
  readonly publicKey: PlatformKey;
}

/** A key that the platform keeps. */
export interface WebCryptoKey extends SigningKey {
  sign(tbs: Uint8Array): Promise<Uint8Array>;
  /**
   * DER of a PrivateKeyInfo: a new array, the caller's to wipe.
   * @throws {@link KeysError} `ERR_KEYS_NOT_EXTRACTABLE`.
   */
  exportPkcs8(): Promise<Uint8Array>;
}

export interface WebCryptoKeyOptions {
  /** What to sign with. Default: the hash that fits the curve; PKCS#1 v1.5 with SHA-256 for RSA. */
  readonly scheme?: SignatureScheme;
  /** Whether the private key may leave the platform again. Default `false`. */
  readonly extractable?: boolean;
}

/**
 * Makes a key. `Ed25519` is missing from older browsers, whose error comes through.
 * @throws TypeError when the key cannot sign with `scheme`.
 */
export async function generateKey(
  algorithm: KeyAlgorithm,
  { scheme, extractable = false, ...unknown }: WebCryptoKeyOptions = {},
): Promise<WebCryptoKey> {
  unknown satisfies Record<string, never>;
  const [kind, size] = algorithm.split('-');
  const key = algorithm.startsWith('RSA') ? 'RSA' : (algorithm as NamedCurve | 'Ed25519' | 'Ed448'); // KeyAlgorithm without RSA
  const name = chooseScheme(key, scheme);
  const parameters = {
    ...platformParameters(schemes[name], algorithm),
    ...(kind === 'RSA' && { modulusLength: Number(size), publicExponent: Uint8Array.of(1, 0, 1) }),
  };
  const pair = await crypto.subtle.generateKey(parameters, extractable, ['sign', 'verify']);
  return fromPair(pair as PlatformKeyPair, name); // asymmetric algorithms give pairs
}

/**
 * A pair that the platform holds already, extractable or not. RSA keys carry their hash and padding.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for other algorithms; TypeError when the key cannot sign
 * with `scheme`.
 */
export const fromCryptoKeyPair = async (
  pair: PlatformKeyPair,
  { scheme }: Pick<WebCryptoKeyOptions, 'scheme'> = {},
): Promise<WebCryptoKey> => fromPair(pair, schemeOf(pair.publicKey, scheme));

async function fromPair({ privateKey, publicKey }: PlatformKeyPair, name: SignatureScheme): Promise<WebCryptoKey> {
  const scheme = schemes[name];
  const parameters = platformParameters(scheme);
  return {
    signatureAlgorithm: signatureAlgorithm(name),
    subjectPublicKeyInfo: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)),
    async sign(tbs) {
      const signature = new Uint8Array(await crypto.subtle.sign(parameters, privateKey, unshared(tbs)));
      return scheme.keyType === 'EC' ? ecdsaSignatureToDer(signature) : signature;
    },
    async exportPkcs8() {
      if (!privateKey.extractable)
        throw new KeysError('ERR_KEYS_NOT_EXTRACTABLE', 'Cannot export private key: it is not extractable');
      return new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
    },
  };
}

/**
 * Imports a PKCS#8 key, and signs once to see that its parts belong together.
 * Where the file has no public key, that comes from a JWK export, whose strings cannot be wiped.
 * @param der - DER of a PrivateKeyInfo; not kept, not wiped. Copies made on the way are wiped.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, `ERR_KEYS_PRIVATE_KEY`; `Pkcs8Error`, `DerError`; TypeError
 * when the key cannot sign with `scheme`.
 */
export async function fromPkcs8(
  der: Uint8Array,
  { scheme: asked, extractable = false, ...unknown }: WebCryptoKeyOptions = {},
): Promise<WebCryptoKey> {
  unknown satisfies Record<string, never>;
  const key = parsePrivateKey(der);
  const kind = key.keyType === 'EC' ? key.curve : key.keyType;
  const name = chooseScheme(kind, asked);
  const parameters = platformParameters(schemes[name], kind);
  const info = normalInfo(key);
  const pkcs8 = encodePrivateKeyInfo(info);
  try {
    const importPrivate = (mayLeave: boolean) =>
      crypto.subtle.importKey('pkcs8', pkcs8, parameters, mayLeave, ['sign']);
    const privateKey = await importPrivate(extractable);
    const subjectPublicKey = knownPublicKey(key);
    const publicKey =
      subjectPublicKey === undefined
        ? await derivePublicKey(await importPrivate(true), parameters)
        : await importPublicKey({ algorithm: info.privateKeyAlgorithm, subjectPublicKey }, parameters);
    const signature = await crypto.subtle.sign(parameters, privateKey, new Uint8Array(0));
    if (!(await crypto.subtle.verify(parameters, publicKey, signature, new Uint8Array(0))))
      throw refused('the public key beside it belongs to another');
    const result = await fromPair({ privateKey, publicKey }, name);
    requireSamePublicKey(hasPublicKey(key, result.subjectPublicKeyInfo));
    return result;
  } catch (cause) {
    throw cause instanceof KeysError ? cause : refused('the platform refuses it', cause);
  } finally {
    pkcs8.fill(0);
    if (key.keyType !== 'RSA') info.privateKey.fill(0);
  }
}

/** A {@link VerifySignature} through the platform. See {@link verifier} for what it throws. */
export const verifyWithWebCrypto: VerifySignature = async (signed, subjectPublicKeyInfo) =>
  verifier(subjectPublicKeyInfo)(signed);

/**
 * A verifier for a key that is met often: copied, and imported once for each scheme.
 * @returns Whether the signature is this key's; `false` for malformed signatures and for schemes of other kinds of key.
 * The promise rejects with {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for schemes that are not known,
 * `ERR_KEYS_PUBLIC_KEY` when the platform refuses the key.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, `ERR_KEYS_PUBLIC_KEY`.
 */
export function verifier(subjectPublicKeyInfo: Uint8Array): (signed: SignedParts) => Promise<boolean> {
  const spki = Uint8Array.from(subjectPublicKeyInfo);
  const key = parsePublicKey(spki);
  if (key.keyType.startsWith('ML-DSA'))
    throw new KeysError(
      'ERR_KEYS_UNSUPPORTED_ALGORITHM',
      `Cannot use ${key.keyType} key here: take @mayfly/keys/ml-dsa`,
    );
  // Platforms read RSA keys under rsaEncryption alone; what the other algorithm ties them to is checked here.
  const portable = key.keyType === 'RSA' && key.pss !== undefined ? rsaPublicKeyInfo(key) : spki;
  const imported = new Map<string, Promise<PlatformKey>>();
  return async ({ tbs, signatureAlgorithm: identifier, signatureValue }) => {
    const scheme = verificationScheme(identifier);
    if (!fitsScheme(key, scheme)) return false;
    const name = `${scheme.algorithm} ${scheme.hash}`;
    const signature =
      key.keyType === 'EC' ? ecdsaSignatureFromDer(signatureValue, fieldLength(key.curve)) : signatureValue;
    if (signature === undefined) return false;
    const parameters = platformParameters(scheme, key.keyType === 'EC' ? key.curve : undefined);
    let publicKey = imported.get(name);
    if (publicKey === undefined) {
      publicKey = crypto.subtle.importKey('spki', portable, parameters, true, ['verify']);
      imported.set(name, publicKey);
    }
    let platformKey: PlatformKey;
    try {
      platformKey = await publicKey;
    } catch (cause) {
      throw new KeysError('ERR_KEYS_PUBLIC_KEY', 'Cannot use public key: the platform refuses it', { cause });
    }
    return crypto.subtle.verify(parameters, platformKey, unshared(signature), unshared(tbs));
  };
}

const rsaPublicKeyInfo = (key: RSAPublicKey): Uint8Array<ArrayBuffer> =>
  encodeSubjectPublicKeyInfo({ algorithm: rsaAlgorithm(), subjectPublicKey: encodeRSAPublicKey(key) });

/** One dictionary for every operation: WebCrypto reads from it what the operation at hand needs. */
const platformParameters = ({ keyType, hash, saltLength }: SchemeInfo, namedCurve: string = '') => ({
  name:
    keyType === 'EC'
      ? 'ECDSA'
      : keyType !== 'RSA'
        ? keyType
        : saltLength === undefined
          ? 'RSASSA-PKCS1-v1_5'
          : 'RSA-PSS',
  namedCurve,
  hash: hash ?? '',
  saltLength: saltLength ?? 0,
});

/** The algorithm of a CryptoKey, with the members that some kinds have. */
interface PlatformAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
  readonly hash?: { readonly name: string };
}

function schemeOf({ algorithm }: PlatformKey, asked: SignatureScheme | undefined): SignatureScheme {
  const { name, namedCurve, modulusLength, hash }: PlatformAlgorithm = algorithm;
  const scheme = schemeByName(algorithm, asked);
  if (
    !Object.hasOwn(schemes, scheme) ||
    (modulusLength !== undefined && (modulusLength < 2048 || modulusLength > 8192))
  ) {
    const found = [name, namedCurve, modulusLength, hash?.name].filter((part) => part !== undefined).join(', ');
    throw new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot sign with key: its algorithm is ${found}`);
  }
  if (asked !== undefined && asked !== scheme)
    throw new TypeError(`Cannot sign with ${asked}: the key is for ${scheme}`);
  return scheme as SignatureScheme; // a key of `schemes`, as just seen
}

/** The name of the scheme, or what would be its name if there were one. */
function schemeByName({ name, namedCurve, hash }: PlatformAlgorithm, asked: SignatureScheme | undefined): string {
  switch (name) {
    case 'ECDSA':
      if (namedCurve !== 'P-256' && namedCurve !== 'P-384' && namedCurve !== 'P-521') return name;
      return asked !== undefined && schemes[asked].keyType === 'EC' ? asked : defaultScheme(namedCurve);
    case 'RSASSA-PKCS1-v1_5':
      return `sha${hash?.name.slice(4)}WithRSAEncryption`;
    case 'RSA-PSS':
      return `RSASSA-PSS-SHA${hash?.name.slice(4)}`;
    default:
      return name;
  }
}

/** The form that every platform imports: version 1, lengths of the curve, the point where it is known. */
function normalInfo(key: PrivateKey): PrivateKeyInfo {
  switch (key.keyType) {
    case 'EC': {
      const publicKey = knownPublicKey(key);
      return ecPrivateKeyInfo({ curve: key.curve, privateKey: key.privateKey, ...(publicKey && { publicKey }) });
    }
    case 'Ed25519':
    case 'Ed448':
      return curvePrivateKeyInfo(key.keyType, key.privateKey);
    case 'RSA':
      return { privateKeyAlgorithm: rsaAlgorithm(), privateKey: key.privateKey };
  }
}

/** What the file says of the public key, unless it is compressed, which platforms need not read. */
function knownPublicKey(key: PrivateKey): Uint8Array | undefined {
  if (key.keyType === 'RSA') return encodeRSAPublicKey(key.key);
  return key.keyType === 'EC' && key.publicKey?.[0] !== 4 ? undefined : key.publicKey;
}

/** Whether a SubjectPublicKeyInfo has the key that the file named, if it named one. */
function hasPublicKey(key: PrivateKey, subjectPublicKeyInfo: Uint8Array): boolean {
  if (key.keyType === 'RSA' || key.publicKey === undefined) return true;
  const { subjectPublicKey } = parseSubjectPublicKeyInfo(subjectPublicKeyInfo);
  return samePoint(key.publicKey, subjectPublicKey);
}

type PlatformParameters = ReturnType<typeof platformParameters>;

const importPublicKey = (info: SubjectPublicKeyInfo, parameters: PlatformParameters): Promise<PlatformKey> =>
  crypto.subtle.importKey('spki', encodeSubjectPublicKeyInfo(info), parameters, true, ['verify']);

/** WebCrypto computes a public key from a private one nowhere but in a JWK export. */
async function derivePublicKey(privateKey: PlatformKey, parameters: PlatformParameters): Promise<PlatformKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', privateKey);
  const jwk = { kty: kty!, crv: crv!, x: x!, ...(y !== undefined && { y }) };
  return crypto.subtle.importKey('jwk', jwk, parameters, true, ['verify']);
}

/** For the types, which know nothing of the check that WebCrypto makes: memory that is shared is a TypeError there. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
