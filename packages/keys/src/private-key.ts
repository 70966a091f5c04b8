import { equalBytes } from '@mayfly/der';
import { encodePrivateKeyInfo, type PrivateKeyInfo, parsePrivateKeyInfo, readCurvePrivateKey } from '@mayfly/pkcs8';
import { idEcPublicKey, type NamedCurve, readECPrivateKey } from '@mayfly/pkcs8/ec';
import { type RSAPrivateKey, readRSAPrivateKeyInfo, rsaEncryption } from '@mayfly/pkcs8/rsa';
import { idRSASSAPSS } from './algorithms.js';
import { KeysError } from './errors.js';
import { requireRsaBounds } from './public-key.js';

/** A private key that can sign, decoded; bytes may be views into the PKCS#8 structure. */
export type PrivateKey =
  | {
      readonly keyType: 'EC';
      readonly curve: NamedCurve;
      readonly privateKey: Uint8Array;
      /** The point of the file, possibly compressed; not compared with the private key yet. */
      readonly publicKey?: Uint8Array;
    }
  | {
      readonly keyType: 'Ed25519';
      /** The seed, 32 octets. */
      readonly privateKey: Uint8Array;
      readonly publicKey?: Uint8Array;
    }
  | {
      readonly keyType: 'Ed448';
      /** The seed, 57 octets. */
      readonly privateKey: Uint8Array;
      readonly publicKey?: Uint8Array;
    }
  | {
      readonly keyType: 'RSA';
      readonly key: RSAPrivateKey;
      /** PKCS#1 form of the same key. */
      readonly privateKey: Uint8Array;
    };

/**
 * Decodes a PrivateKeyInfo of the algorithms here. RSA keys are checked for size and for numbers that belong together.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, `ERR_KEYS_PRIVATE_KEY`; `Pkcs8Error`, `DerError`.
 */
export function parsePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const info = parsePrivateKeyInfo(pkcs8);
  const { algorithm } = info.privateKeyAlgorithm;
  if (algorithm === idEcPublicKey) return { keyType: 'EC', ...readECPrivateKey(info) };
  if (algorithm === rsaEncryption) {
    const key = readRSAPrivateKeyInfo(info);
    requireRsaBounds(key, refused);
    requireConsistent(key);
    return { keyType: 'RSA', key, privateKey: info.privateKey };
  }
  if (algorithm.startsWith('1.3.101.')) {
    const { curve, privateKey, publicKey } = readCurvePrivateKey(info);
    if (curve === 'Ed25519' || curve === 'Ed448')
      return { keyType: curve, privateKey, ...(publicKey && { publicKey }) };
  }
  throw new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    algorithm === idRSASSAPSS
      ? 'Cannot use private key: it is tied to RSASSA-PSS by id-RSASSA-PSS; make it one of rsaEncryption to sign here'
      : `Cannot use private key: no signing with algorithm ${algorithm} here`,
  );
}

/** DER of a PrivateKeyInfo that was made for this; what is inside it is wiped. */
export function encodeOnce(info: PrivateKeyInfo): Uint8Array<ArrayBuffer> {
  const der = encodePrivateKeyInfo(info);
  info.privateKey.fill(0);
  return der;
}

/** A private key whose own public part says otherwise would sign what nobody can verify. */
export function requireSamePublicKey(same: boolean): void {
  if (!same) throw refused('the public key beside it belongs to another');
}

/**
 * Whether two public keys are the same where the first may be a compressed point: `02 x` where y is even, `03 x` where
 * it is odd.
 */
export function samePoint(given: Uint8Array, publicKey: Uint8Array): boolean {
  if (given.length === publicKey.length) return equalBytes(given, publicKey);
  const sign = 2 + (publicKey[publicKey.length - 1]! & 1);
  return given[0] === sign && equalBytes(given.subarray(1), publicKey.subarray(1, given.length));
}

export const refused = (state: string, cause?: unknown): KeysError =>
  new KeysError('ERR_KEYS_PRIVATE_KEY', `Cannot use private key: ${state}`, { cause });

/** RFC 8017 §3.2: n is the product of the primes; d, and each CRT exponent, inverts e. */
function requireConsistent(key: RSAPrivateKey): void {
  const e = toBigInt(key.publicExponent);
  const d = toBigInt(key.privateExponent);
  const primes = [
    { prime: toBigInt(key.prime1), exponent: toBigInt(key.exponent1) },
    { prime: toBigInt(key.prime2), exponent: toBigInt(key.exponent2) },
    ...(key.otherPrimeInfos ?? []).map(({ prime, exponent }) => ({
      prime: toBigInt(prime),
      exponent: toBigInt(exponent),
    })),
  ];
  let product = 1n;
  for (const { prime, exponent } of primes) {
    if (prime < 3n || (e * exponent) % (prime - 1n) !== 1n) throw refused('an RSA exponent does not fit its prime');
    if ((e * d) % (prime - 1n) !== 1n) throw refused('the RSA private exponent does not fit');
    product *= prime;
  }
  if (product !== toBigInt(key.modulus)) throw refused('the RSA modulus is not the product of its primes');
  const [p, q] = primes;
  if ((toBigInt(key.coefficient) * q!.prime) % p!.prime !== 1n) throw refused('the RSA coefficient does not fit');
}

function toBigInt(octets: Uint8Array): bigint {
  let hex = '0x0';
  for (const octet of octets) hex += octet.toString(16).padStart(2, '0');
  return BigInt(hex);
}
