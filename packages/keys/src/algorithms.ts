import { encode, explicit, integer, nullValue, type Oid, oid, sequence } from '@mayfly/der';
import type { MLDSAParameterSet } from '@mayfly/pkcs8/ml-dsa';
import { type AlgorithmIdentifier, equalAlgorithmIdentifiers } from '@mayfly/x509';
import { KeysError } from './errors.js';

/** What a key can be generated as. */
export type KeyAlgorithm = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'Ed448' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096';

/** What a key is for the purpose of matching it with a {@link SignatureScheme}. */
export type KeyType = 'EC' | 'Ed25519' | 'Ed448' | 'RSA' | MLDSAParameterSet;

/** A hash by WebCrypto's name. */
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** Signature algorithms by the names of RFC 5758, RFC 8410, RFC 9881 and RFC 4055; PSS by its hash. */
export type SignatureScheme =
  | 'ecdsa-with-SHA256'
  | 'ecdsa-with-SHA384'
  | 'ecdsa-with-SHA512'
  | 'Ed25519'
  | 'Ed448'
  | MLDSAParameterSet
  | 'sha256WithRSAEncryption'
  | 'sha384WithRSAEncryption'
  | 'sha512WithRSAEncryption'
  | 'RSASSA-PSS-SHA256'
  | 'RSASSA-PSS-SHA384'
  | 'RSASSA-PSS-SHA512';

/** What a scheme is made of. */
export interface SchemeInfo {
  readonly keyType: KeyType;
  readonly algorithm: Oid;
  /** Hash of the message; EdDSA and ML-DSA take the message itself. */
  readonly hash?: Hash;
  /** Octets of salt, as many as the hash has; for PSS alone. */
  readonly saltLength?: number;
}

/** Every scheme: RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §3, RFC 4055 §5 and §3.1. */
export const schemes: Readonly<Record<SignatureScheme, SchemeInfo>> = {
  'ecdsa-with-SHA256': { keyType: 'EC', algorithm: '1.2.840.10045.4.3.2', hash: 'SHA-256' },
  'ecdsa-with-SHA384': { keyType: 'EC', algorithm: '1.2.840.10045.4.3.3', hash: 'SHA-384' },
  'ecdsa-with-SHA512': { keyType: 'EC', algorithm: '1.2.840.10045.4.3.4', hash: 'SHA-512' },
  Ed25519: { keyType: 'Ed25519', algorithm: '1.3.101.112' },
  Ed448: { keyType: 'Ed448', algorithm: '1.3.101.113' },
  'ML-DSA-44': { keyType: 'ML-DSA-44', algorithm: '2.16.840.1.101.3.4.3.17' },
  'ML-DSA-65': { keyType: 'ML-DSA-65', algorithm: '2.16.840.1.101.3.4.3.18' },
  'ML-DSA-87': { keyType: 'ML-DSA-87', algorithm: '2.16.840.1.101.3.4.3.19' },
  sha256WithRSAEncryption: { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.11', hash: 'SHA-256' },
  sha384WithRSAEncryption: { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.12', hash: 'SHA-384' },
  sha512WithRSAEncryption: { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.13', hash: 'SHA-512' },
  'RSASSA-PSS-SHA256': { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.10', hash: 'SHA-256', saltLength: 32 },
  'RSASSA-PSS-SHA384': { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.10', hash: 'SHA-384', saltLength: 48 },
  'RSASSA-PSS-SHA512': { keyType: 'RSA', algorithm: '1.2.840.113549.1.1.10', hash: 'SHA-512', saltLength: 64 },
};

/** RFC 4055 §2.1. */
export const hashes: Readonly<Record<Hash, Oid>> = {
  'SHA-256': '2.16.840.1.101.3.4.2.1',
  'SHA-384': '2.16.840.1.101.3.4.2.2',
  'SHA-512': '2.16.840.1.101.3.4.2.3',
};

/** RFC 4055 §3. */
export const idRSASSAPSS: Oid = '1.2.840.113549.1.1.10';

/** RFC 4055 §2.2. */
export const idMgf1: Oid = '1.2.840.113549.1.1.8';

/**
 * The one AlgorithmIdentifier of a scheme: parameters absent for ECDSA, EdDSA and ML-DSA, NULL for PKCS#1 v1.5; for PSS MGF1 with
 * the same hash, a salt as long as the hash, NULL after each hash, the trailer left out.
 */
export function signatureAlgorithm(scheme: SignatureScheme): AlgorithmIdentifier {
  const { keyType, algorithm, hash, saltLength } = schemes[scheme];
  if (keyType !== 'RSA') return { algorithm };
  if (saltLength === undefined) return { algorithm, parameters: encode(nullValue()) };
  const hashAlgorithm = sequence(oid(hashes[hash!]), nullValue());
  const maskGenAlgorithm = sequence(oid(idMgf1), hashAlgorithm);
  const parameters = sequence(
    explicit(0, hashAlgorithm),
    explicit(1, maskGenAlgorithm),
    explicit(2, integer(saltLength)),
  );
  return { algorithm, parameters: encode(parameters) };
}

/** Why algorithms that old certificates have are refused. */
const refusals: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.1.2': 'MD2 is broken',
  '1.2.840.113549.1.1.4': 'MD5 is broken: two certificates with one signature can be made',
  '1.2.840.113549.1.1.5': 'SHA-1 is broken: two certificates with one signature can be made',
  '1.3.14.3.2.29': 'SHA-1 is broken: two certificates with one signature can be made',
  '1.2.840.10045.4.1': 'SHA-1 is broken: two certificates with one signature can be made',
  '1.2.840.10040.4.3': 'SHA-1 is broken, and DSA is out of use',
  '2.16.840.1.101.3.4.3.1': 'DSA is out of use',
  '2.16.840.1.101.3.4.3.2': 'DSA is out of use',
};

/**
 * Which scheme an AlgorithmIdentifier means. It has to be, to the byte, what {@link signatureAlgorithm} gives.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for anything else.
 */
export function signatureScheme(identifier: AlgorithmIdentifier): SignatureScheme {
  let known = false;
  for (const name of Object.keys(schemes) as SignatureScheme[]) {
    // keys of the record above
    if (schemes[name].algorithm !== identifier.algorithm) continue;
    if (equalAlgorithmIdentifiers(signatureAlgorithm(name), identifier)) return name;
    known = true;
  }
  throw new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    `Cannot use signature algorithm ${identifier.algorithm}: ${known ? 'its parameters are not the canonical ones' : (refusals[identifier.algorithm] ?? 'no such scheme here')}`,
  );
}

/** The scheme a key signs with unless told otherwise: the hash that fits the curve, PKCS#1 v1.5 with SHA-256 for RSA. */
export function defaultScheme(key: 'P-256' | 'P-384' | 'P-521' | Exclude<KeyType, 'EC'>): SignatureScheme {
  switch (key) {
    case 'P-256':
      return 'ecdsa-with-SHA256';
    case 'P-384':
      return 'ecdsa-with-SHA384';
    case 'P-521':
      return 'ecdsa-with-SHA512';
    case 'RSA':
      return 'sha256WithRSAEncryption';
    default:
      return key;
  }
}

/**
 * The scheme asked for, or the default.
 * @throws TypeError when a key of this kind cannot sign with it.
 */
export function chooseScheme(
  key: 'P-256' | 'P-384' | 'P-521' | Exclude<KeyType, 'EC'>,
  asked: SignatureScheme | undefined,
): SignatureScheme {
  const scheme = asked ?? defaultScheme(key);
  const keyType = key.startsWith('P') ? 'EC' : key;
  if (schemes[scheme]?.keyType !== keyType) throw new TypeError(`Cannot sign with ${scheme}: the key is ${key}`);
  return scheme;
}
