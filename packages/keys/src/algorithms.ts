import { fromHex, type Oid, toHex } from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { KeysError } from './errors.js';

/** What a key can be generated as. */
export type KeyAlgorithm = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096';

/** What a key is for the purpose of matching it with a {@link SignatureScheme}. */
export type KeyType = 'EC' | 'Ed25519' | 'RSA';

/** A hash by WebCrypto's name. */
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** Signature algorithms by the names of RFC 5758, RFC 8410 and RFC 4055; PSS by its hash. */
export type SignatureScheme =
  | 'ecdsa-with-SHA256'
  | 'ecdsa-with-SHA384'
  | 'ecdsa-with-SHA512'
  | 'Ed25519'
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
  /** The only parameters accepted and written, DER in hexadecimal; empty where they must be absent. */
  readonly parameters: string;
  /** Hash of the message; Ed25519 takes the message itself. */
  readonly hash?: Hash;
  /** Octets of salt, for PSS alone. */
  readonly saltLength?: number;
}

/** RFC 5758 §3.2: parameters are absent. */
const ecdsa = (arc: number, hash: Hash): SchemeInfo => ({
  keyType: 'EC',
  algorithm: `1.2.840.10045.4.3.${arc}`,
  parameters: '',
  hash,
});

/** RFC 4055 §5: parameters are NULL. */
const pkcs1 = (arc: number, hash: Hash): SchemeInfo => ({
  keyType: 'RSA',
  algorithm: `1.2.840.113549.1.1.${arc}`,
  parameters: '0500',
  hash,
});

/** RFC 4055 §3.1 in DER: MGF1 with the same hash, a salt as long as the hash, NULL after each hash, the trailer left out. */
function pss(arc: string, hash: Hash, saltLength: number): SchemeInfo {
  const algorithm = `300d060960864801650304020${arc}0500`;
  return {
    keyType: 'RSA',
    algorithm: '1.2.840.113549.1.1.10',
    parameters: `3034a00f${algorithm}a11c301a06092a864886f70d010108${algorithm}a2030201${saltLength.toString(16)}`,
    hash,
    saltLength,
  };
}

/** Every scheme, with its one spelling as an AlgorithmIdentifier. */
export const schemes: Readonly<Record<SignatureScheme, SchemeInfo>> = /* @__PURE__ */ (() => ({
  'ecdsa-with-SHA256': ecdsa(2, 'SHA-256'),
  'ecdsa-with-SHA384': ecdsa(3, 'SHA-384'),
  'ecdsa-with-SHA512': ecdsa(4, 'SHA-512'),
  Ed25519: { keyType: 'Ed25519', algorithm: '1.3.101.112', parameters: '' } as const,
  sha256WithRSAEncryption: pkcs1(11, 'SHA-256'),
  sha384WithRSAEncryption: pkcs1(12, 'SHA-384'),
  sha512WithRSAEncryption: pkcs1(13, 'SHA-512'),
  'RSASSA-PSS-SHA256': pss('1', 'SHA-256', 32),
  'RSASSA-PSS-SHA384': pss('2', 'SHA-384', 48),
  'RSASSA-PSS-SHA512': pss('3', 'SHA-512', 64),
}))();

/** The AlgorithmIdentifier that certificates and requests name the scheme by; new bytes each time. */
export function signatureAlgorithm(scheme: SignatureScheme): AlgorithmIdentifier {
  const { algorithm, parameters } = schemes[scheme];
  return parameters === '' ? { algorithm } : { algorithm, parameters: fromHex(parameters) };
}

/**
 * Which scheme an AlgorithmIdentifier means. Parameters are compared to the byte: absent for ECDSA and EdDSA, NULL for
 * RSA with PKCS#1 v1.5, the one canonical structure for PSS.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for anything else.
 */
export function signatureScheme({ algorithm, parameters }: AlgorithmIdentifier): SignatureScheme {
  const known = Object.entries(schemes).filter(([, scheme]) => scheme.algorithm === algorithm);
  const found = parameters === undefined ? '' : toHex(parameters.subarray(0, 64));
  for (const [name, scheme] of known) if (scheme.parameters === found) return name as SignatureScheme; // keys of `schemes`
  throw new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    `Cannot use signature algorithm ${algorithm}: ${known.length === 0 ? 'no such scheme here' : 'its parameters are not the canonical ones'}`,
  );
}

/** The scheme a key signs with unless told otherwise: the hash that fits the curve, PKCS#1 v1.5 with SHA-256 for RSA. */
export function defaultScheme(key: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA'): SignatureScheme {
  switch (key) {
    case 'P-256':
      return 'ecdsa-with-SHA256';
    case 'P-384':
      return 'ecdsa-with-SHA384';
    case 'P-521':
      return 'ecdsa-with-SHA512';
    case 'Ed25519':
      return key;
    case 'RSA':
      return 'sha256WithRSAEncryption';
  }
}

/**
 * The scheme asked for, or the default.
 * @throws TypeError when a key of this kind cannot sign with it.
 */
export function chooseScheme(
  key: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA',
  asked: SignatureScheme | undefined,
): SignatureScheme {
  const scheme = asked ?? defaultScheme(key);
  const keyType = key.startsWith('P') ? 'EC' : key;
  if (schemes[scheme]?.keyType !== keyType) throw new TypeError(`Cannot sign with ${scheme}: the key is ${key}`);
  return scheme;
}
