import { DerError, toHex } from '@mayfly/der';
import { curveOf } from '@mayfly/pkcs8';
import { idEcPublicKey, isPointLength, type NamedCurve, namedCurve } from '@mayfly/pkcs8/ec';
import { isMLDSAPublicKeyLength, type MLDSAParameterSet, mlDsaParameterSet } from '@mayfly/pkcs8/ml-dsa';
import { modulusLength, parseRSAPublicKey, type RSAPublicKey, rsaEncryption } from '@mayfly/pkcs8/rsa';
import { parseSubjectPublicKeyInfo, type SubjectPublicKeyInfo } from '@mayfly/x509';
import { idRSASSAPSS, type SchemeInfo } from './algorithms.js';
import { KeysError } from './errors.js';
import { type PSSParameters, readPSSParameters } from './pss.js';

/** A public key that can verify, decoded; bytes are views into the SubjectPublicKeyInfo. */
export type PublicKey =
  | {
      readonly keyType: 'EC';
      readonly curve: NamedCurve;
      /** `04 x y`; whether it lies on the curve is the provider's to check. */
      readonly point: Uint8Array;
    }
  | { readonly keyType: 'Ed25519'; readonly publicKey: Uint8Array }
  | { readonly keyType: 'Ed448'; readonly publicKey: Uint8Array }
  | { readonly keyType: MLDSAParameterSet; readonly publicKey: Uint8Array }
  | ({
      readonly keyType: 'RSA';
      /** What a key of id-RSASSA-PSS is tied to (RFC 4055 §1.2): PSS, and where it has parameters, these. Absent: nothing. */
      readonly pss?: Partial<PSSParameters>;
    } & RSAPublicKey);

/** Bits of an RSA modulus that are accepted, both ends inclusive. */
export const rsaModulusBounds = { minimum: 2048, maximum: 8192 } as const;

/**
 * Decodes a SubjectPublicKeyInfo of the algorithms here, parameters strictly: a named curve for EC, absent for EdDSA and ML-DSA,
 * NULL for RSA; keys of id-RSASSA-PSS have their own or none. RSA moduli have 2048 to 8192 bits, exponents are odd, at least 3 and below 2³³. Ed25519 keys are canonical
 * and of no small order.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for other algorithms, curves and compressed points,
 * `ERR_KEYS_PUBLIC_KEY` when the key is malformed or out of bounds.
 */
export function parsePublicKey(subjectPublicKeyInfo: Uint8Array): PublicKey {
  try {
    return decode(parseSubjectPublicKeyInfo(subjectPublicKeyInfo));
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new KeysError('ERR_KEYS_PUBLIC_KEY', cause.message, { cause });
  }
}

function decode({ algorithm, subjectPublicKey }: SubjectPublicKeyInfo): PublicKey {
  if (algorithm.algorithm === idEcPublicKey) {
    const curve = namedCurve(algorithm.parameters);
    if (curve === undefined) throw unsupported('its curve is not P-256, P-384 or P-521 by name');
    if (!isPointLength(curve, subjectPublicKey))
      throw malformed(`${subjectPublicKey.length} octets are no point of ${curve}`);
    if (subjectPublicKey[0] !== 4) throw unsupported('its point is compressed');
    return { keyType: 'EC', curve, point: subjectPublicKey };
  }
  if (curveOf(algorithm) === 'Ed25519') {
    if (subjectPublicKey.length !== 32) throw malformed(`${subjectPublicKey.length} octets, Ed25519 has 32`);
    requireEd25519Bounds(subjectPublicKey);
    return { keyType: 'Ed25519', publicKey: subjectPublicKey };
  }
  if (curveOf(algorithm) === 'Ed448') {
    if (subjectPublicKey.length !== 57) throw malformed(`${subjectPublicKey.length} octets, Ed448 has 57`);
    return { keyType: 'Ed448', publicKey: subjectPublicKey };
  }
  const parameterSet = mlDsaParameterSet(algorithm);
  if (parameterSet !== undefined) {
    if (!isMLDSAPublicKeyLength(parameterSet, subjectPublicKey))
      throw malformed(`${subjectPublicKey.length} octets are no public key of ${parameterSet}`);
    return { keyType: parameterSet, publicKey: subjectPublicKey };
  }
  const { parameters } = algorithm;
  const isPSS = algorithm.algorithm === idRSASSAPSS;
  if (algorithm.algorithm !== rsaEncryption && !isPSS) throw unsupported(`its algorithm is ${algorithm.algorithm}`);
  if (!isPSS && (parameters?.length !== 2 || parameters[0] !== 5))
    throw malformed('the parameters of rsaEncryption are not NULL');
  const key = parseRSAPublicKey(subjectPublicKey);
  requireRsaBounds(key, malformed);
  if (!isPSS) return { keyType: 'RSA', ...key };
  return { keyType: 'RSA', ...key, pss: parameters === undefined ? {} : readPSSParameters(parameters) };
}

/** Whether a key may have made signatures of a scheme (RFC 4055 §1.2). */
export function fitsScheme(key: PublicKey, { keyType, hash, saltLength }: SchemeInfo): boolean {
  if (key.keyType !== keyType) return false;
  if (key.keyType !== 'RSA') return true;
  if (saltLength === undefined) return key.pss === undefined;
  // RFC 8017 §9.1.2, step 3: no key this short can have signed with that much salt.
  const encodedLength = Math.ceil((modulusLength(key) - 1) / 8);
  if (saltLength > encodedLength - Number(hash?.slice(4)) / 8 - 2) return false;
  if (key.pss === undefined) return true;
  return (key.pss.hash ?? hash) === hash && saltLength >= (key.pss.saltLength ?? 0);
}

/** y of the points whose order divides 8, little-endian: orders 1, 2, 4 and twice 8, whatever the sign of x. */
const SMALL_ORDERS: readonly string[] = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

/** OpenSSL takes both: y past the prime (RFC 8032 §5.1.3 does not), and points that a signature fits which nobody made. */
function requireEd25519Bounds(publicKey: Uint8Array): void {
  const y = Uint8Array.from(publicKey);
  y[31]! &= 0x7f; // the sign of x
  const hex = toHex(y);
  if (y[0]! >= 0xed && hex.endsWith(`${'ff'.repeat(30)}7f`)) throw malformed('its y-coordinate is not below 2²⁵⁵ - 19');
  if (SMALL_ORDERS.includes(hex)) throw malformed('its point is of small order, so that anybody can sign for it');
}

/** Refuses sizes that are too weak, or cost a verifier too much. */
export function requireRsaBounds(key: RSAPublicKey, error: (state: string) => KeysError): void {
  const bits = modulusLength(key);
  const { minimum, maximum } = rsaModulusBounds;
  if (bits < minimum || bits > maximum) throw error(`RSA modulus of ${bits} bits, ${minimum} to ${maximum} are used`);
  const { publicExponent: e, modulus } = key;
  const last = e[e.length - 1] ?? 0;
  if ((last & 1) === 0 || (e.length === 1 && last < 3) || e.length > 5 || (e.length === 5 && e[0]! > 1))
    throw error('RSA public exponent is even, below 3 or above 2³³');
  if ((modulus[modulus.length - 1]! & 1) === 0) throw error('RSA modulus is even');
}

const unsupported = (state: string): KeysError =>
  new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot use public key: ${state}`);

const malformed = (state: string): KeysError => new KeysError('ERR_KEYS_PUBLIC_KEY', `Cannot use public key: ${state}`);
