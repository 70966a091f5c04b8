import {
  type DerNode,
  type DerReader,
  encode,
  integer,
  nullValue,
  type Oid,
  read,
  sequence,
  tags,
  unsignedInteger,
} from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';
import { MAX_PRIVATE_KEY_LENGTH, type PrivateKeyInfo } from './private-key-info.js';

/** `rsaEncryption` (RFC 8017 §A.1), the algorithm of RSA keys that are not tied to one scheme. */
export const rsaEncryption: Oid = '1.2.840.113549.1.1.1';

/** `id-RSASSA-PSS` (RFC 8017 §A.2.3): as the algorithm of a key it ties the key to PSS. */
export const idRsassaPss: Oid = '1.2.840.113549.1.1.10';

/** RFC 8017 §A.1.1. Both numbers are big-endian without leading zeros; views where they were read. */
export interface RSAPublicKey {
  readonly modulus: Uint8Array;
  readonly publicExponent: Uint8Array;
}

/** RFC 8017 §A.1.2, one prime past the second. */
export interface OtherPrimeInfo {
  readonly prime: Uint8Array;
  readonly exponent: Uint8Array;
  readonly coefficient: Uint8Array;
}

/** RFC 8017 §A.1.2. Every number is big-endian without leading zeros; views where they were read. */
export interface RSAPrivateKey extends RSAPublicKey {
  readonly privateExponent: Uint8Array;
  readonly prime1: Uint8Array;
  readonly prime2: Uint8Array;
  readonly exponent1: Uint8Array;
  readonly exponent2: Uint8Array;
  readonly coefficient: Uint8Array;
  /** Present in a key of more than two primes, whose version is then `multi(1)`. */
  readonly otherPrimeInfos?: readonly OtherPrimeInfo[];
}

/** More primes than any modulus in use has; RFC 8017 sets no limit. */
const MAX_OTHER_PRIMES = 8;

/** `rsaEncryption` with its NULL (RFC 3279 §2.3.1). */
export const rsaAlgorithm = (): AlgorithmIdentifier => ({ algorithm: rsaEncryption, parameters: encode(nullValue()) });

/** Length of the modulus in bits. */
export const modulusLength = ({ modulus }: RSAPublicKey): number =>
  modulus.length === 0 ? 0 : 8 * modulus.length - Math.clz32(modulus[0]!) + 24;

/**
 * Reads `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }`.
 * @throws {@link DerError} also for negative numbers; sizes are not looked at.
 */
export const parseRSAPublicKey = (der: Uint8Array): RSAPublicKey =>
  read(
    der,
    (reader) => {
      const key = reader.sequence('');
      const modulus = key.unsignedInteger('modulus');
      const publicExponent = key.unsignedInteger('publicExponent');
      key.end();
      return { modulus, publicExponent };
    },
    { field: 'rsaPublicKey', maxLength: MAX_PRIVATE_KEY_LENGTH },
  );

/** The inverse of {@link parseRSAPublicKey}. */
export const rsaPublicKeyNode = ({ modulus, publicExponent }: RSAPublicKey): DerNode =>
  sequence(unsignedInteger(modulus), unsignedInteger(publicExponent));

/** The inverse of {@link parseRSAPublicKey}, a new array. */
export const encodeRSAPublicKey = (key: RSAPublicKey): Uint8Array<ArrayBuffer> => encode(rsaPublicKeyNode(key));

/**
 * Reads
 *
 *     RSAPrivateKey ::= SEQUENCE {
 *       version Version, modulus INTEGER, publicExponent INTEGER, privateExponent INTEGER,
 *       prime1 INTEGER, prime2 INTEGER, exponent1 INTEGER, exponent2 INTEGER, coefficient INTEGER,
 *       otherPrimeInfos OtherPrimeInfos OPTIONAL }
 *
 * @throws {@link DerError} `ERR_DER_VALUE` for a version that does not fit the number of primes, and others, also for
 * negative numbers. Whether the numbers belong together is not checked here.
 */
export const parseRSAPrivateKey = (der: Uint8Array): RSAPrivateKey =>
  read(der, readRSAPrivateKey, { field: 'rsaPrivateKey', maxLength: MAX_PRIVATE_KEY_LENGTH });

function readRSAPrivateKey(reader: DerReader): RSAPrivateKey {
  const key = reader.sequence('');
  const versionOffset = key.offset;
  const version = key.smallInteger('version');
  const modulus = key.unsignedInteger('modulus');
  const publicExponent = key.unsignedInteger('publicExponent');
  const privateExponent = key.unsignedInteger('privateExponent');
  const prime1 = key.unsignedInteger('prime1');
  const prime2 = key.unsignedInteger('prime2');
  const exponent1 = key.unsignedInteger('exponent1');
  const exponent2 = key.unsignedInteger('exponent2');
  const coefficient = key.unsignedInteger('coefficient');
  const otherPrimeInfos = key.peek() === tags.sequence ? readOtherPrimeInfos(key) : undefined;
  const expected = otherPrimeInfos === undefined ? 0 : 1;
  if (version !== expected)
    key.refuse('ERR_DER_VALUE', versionOffset, 'version', `value ${version}, these fields need ${expected}`);
  key.end();
  return {
    modulus,
    publicExponent,
    privateExponent,
    prime1,
    prime2,
    exponent1,
    exponent2,
    coefficient,
    ...(otherPrimeInfos && { otherPrimeInfos }),
  };
}

/** `OtherPrimeInfos ::= SEQUENCE SIZE(1..MAX) OF OtherPrimeInfo`. */
function readOtherPrimeInfos(key: DerReader): readonly OtherPrimeInfo[] {
  const start = key.offset;
  const list = key.sequence('otherPrimeInfos');
  const infos: OtherPrimeInfo[] = [];
  while (!list.done) {
    const info = list.sequence('');
    const prime = info.unsignedInteger('prime');
    const exponent = info.unsignedInteger('exponent');
    const coefficient = info.unsignedInteger('coefficient');
    info.end();
    infos.push({ prime, exponent, coefficient });
    if (infos.length > MAX_OTHER_PRIMES)
      key.refuse('ERR_DER_TOO_LARGE', start, 'otherPrimeInfos', `more than ${MAX_OTHER_PRIMES} primes`);
  }
  if (infos.length === 0) key.refuse('ERR_DER_VALUE', start, 'otherPrimeInfos', 'the list is empty');
  return infos;
}

/** The inverse of {@link parseRSAPrivateKey}: a new array with key bytes in it. */
export const encodeRSAPrivateKey = (key: RSAPrivateKey): Uint8Array<ArrayBuffer> =>
  encode(
    sequence(
      integer(key.otherPrimeInfos === undefined ? 0 : 1),
      unsignedInteger(key.modulus),
      unsignedInteger(key.publicExponent),
      unsignedInteger(key.privateExponent),
      unsignedInteger(key.prime1),
      unsignedInteger(key.prime2),
      unsignedInteger(key.exponent1),
      unsignedInteger(key.exponent2),
      unsignedInteger(key.coefficient),
      key.otherPrimeInfos && sequence(...key.otherPrimeInfos.map(otherPrimeInfoNode)),
    ),
  );

const otherPrimeInfoNode = ({ prime, exponent, coefficient }: OtherPrimeInfo): DerNode =>
  sequence(unsignedInteger(prime), unsignedInteger(exponent), unsignedInteger(coefficient));

/**
 * A PKCS#1 key as PKCS#8.
 * @param der - Of an RSAPrivateKey; kept as it stands, as a view.
 * @throws {@link DerError} as {@link parseRSAPrivateKey}.
 */
export function rsaToPrivateKeyInfo(der: Uint8Array): PrivateKeyInfo {
  parseRSAPrivateKey(der);
  return { privateKeyAlgorithm: rsaAlgorithm(), privateKey: der };
}

/**
 * The RSAPrivateKey inside a PrivateKeyInfo; {@link PrivateKeyInfo.privateKey} is its PKCS#1 form.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_ALGORITHM` when the algorithm is not `rsaEncryption`, `ERR_PKCS8_PARAMETERS` when
 * its parameters are not NULL; {@link DerError}.
 */
export function readRSAPrivateKeyInfo({ privateKeyAlgorithm, privateKey }: PrivateKeyInfo): RSAPrivateKey {
  const { algorithm, parameters } = privateKeyAlgorithm;
  if (algorithm !== rsaEncryption)
    throw new Pkcs8Error('ERR_PKCS8_ALGORITHM', `Cannot read RSAPrivateKey: the algorithm is ${algorithm}`);
  if (parameters?.length !== 2 || parameters[0] !== tags.null)
    throw new Pkcs8Error(
      'ERR_PKCS8_PARAMETERS',
      'Cannot read RSAPrivateKey: the parameters of rsaEncryption are not NULL',
    );
  return parseRSAPrivateKey(privateKey);
}
