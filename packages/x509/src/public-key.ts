import { fromHex, type Oid, read } from '@mayfly/der';
import { X509Error } from './errors.js';
import { parseSubjectPublicKeyInfo } from './spki.js';

/** Algorithms whose keys are plain octets. */
export type PlainAlgorithm = 'Ed25519' | 'Ed448' | 'X25519' | 'X448' | 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';

/** What kind of key a SubjectPublicKeyInfo holds, as far as a policy has to know. */
export type PublicKeyDescription =
  | { readonly algorithm: 'RSA'; readonly modulusLength: number; readonly publicExponent: bigint }
  | { readonly algorithm: 'EC'; readonly namedCurve: 'P-256' | 'P-384' | 'P-521' }
  | { readonly algorithm: PlainAlgorithm }
  | { readonly algorithm: 'other'; readonly oid: Oid };

interface Curve {
  readonly namedCurve: 'P-256' | 'P-384' | 'P-521';
  /** Octets of one coordinate. */
  readonly coordinateLength: number;
}

/** RFC 5480 §2.1.1.1. */
const CURVES: Readonly<Record<Oid, Curve>> = {
  '1.2.840.10045.3.1.7': { namedCurve: 'P-256', coordinateLength: 32 },
  '1.3.132.0.34': { namedCurve: 'P-384', coordinateLength: 48 },
  '1.3.132.0.35': { namedCurve: 'P-521', coordinateLength: 66 },
};

/**
 * All that stands before the coordinates of an uncompressed point, for the curves that nearly every key is on: a key that
 * begins so and is as long as it then has to be needs no decoding.
 */
const POINTS: readonly (readonly [Uint8Array, number, PublicKeyDescription])[] = /* @__PURE__ */ (() => [
  [fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004'), 64, { algorithm: 'EC', namedCurve: 'P-256' }],
  [fromHex('3076301006072a8648ce3d020106052b8104002203620004'), 96, { algorithm: 'EC', namedCurve: 'P-384' }],
])();

function describePoint(subjectPublicKeyInfo: Uint8Array): PublicKeyDescription | undefined {
  for (const [head, length, description] of POINTS) {
    if (subjectPublicKeyInfo.length !== head.length + length) continue;
    let same = 0;
    while (same < head.length && subjectPublicKeyInfo[same] === head[same]) same++;
    if (same === head.length) return description;
  }
  return undefined;
}

/** RFC 8410 §3 and RFC 9881 §4, with the octets that a key takes. */
const PLAIN_KEYS: Readonly<Record<Oid, readonly [PlainAlgorithm, number]>> = {
  '1.3.101.110': ['X25519', 32],
  '1.3.101.111': ['X448', 56],
  '1.3.101.112': ['Ed25519', 32],
  '1.3.101.113': ['Ed448', 57],
  '2.16.840.1.101.3.4.3.17': ['ML-DSA-44', 1312],
  '2.16.840.1.101.3.4.3.18': ['ML-DSA-65', 1952],
  '2.16.840.1.101.3.4.3.19': ['ML-DSA-87', 2592],
};

/**
 * Looks into a public key: its kind and size. Whether a point lies on its curve is for a key provider to say.
 * @param subjectPublicKeyInfo - DER.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_PUBLIC_KEY` for wrong parameters, a point of the
 * wrong length or a compressed one, an even modulus or exponent. An algorithm or curve that is not known is `other`.
 */
export function describePublicKey(subjectPublicKeyInfo: Uint8Array): PublicKeyDescription {
  const point = describePoint(subjectPublicKeyInfo);
  if (point !== undefined) return point;
  const { algorithm, subjectPublicKey } = parseSubjectPublicKeyInfo(subjectPublicKeyInfo);
  const { algorithm: oid, parameters } = algorithm;
  const refuse = (state: string): never => {
    throw new X509Error('ERR_X509_PUBLIC_KEY', 0, 'subjectPublicKeyInfo', state);
  };
  if (oid === '1.2.840.113549.1.1.1' || oid === '1.2.840.113549.1.1.10') {
    // RFC 3279 §2.3.1: NULL. id-RSASSA-PSS (RFC 4055 §3.1) has its own parameters or none.
    if (oid === '1.2.840.113549.1.1.1' && !(parameters?.length === 2 && parameters[0] === 5))
      refuse('parameters of rsaEncryption are not NULL');
    return read(
      subjectPublicKey,
      (reader) => {
        const key = reader.sequence('');
        const modulus = key.unsignedInteger('modulus');
        const publicExponent = key.integer('publicExponent');
        key.end();
        if (((modulus.at(-1) ?? 0) & 1) === 0) refuse('modulus is even or zero');
        if (publicExponent < 3n || (publicExponent & 1n) === 0n) refuse('publicExponent is even or below 3');
        const modulusLength = 8 * modulus.length - Math.clz32(modulus[0]!) + 24;
        return { algorithm: 'RSA', modulusLength, publicExponent } as const;
      },
      { field: 'subjectPublicKeyInfo.subjectPublicKey' },
    );
  }
  if (oid === '1.2.840.10045.2.1') {
    if (parameters === undefined) return refuse('parameters of id-ecPublicKey are absent');
    if (parameters[0] !== 6) return { algorithm: 'other', oid };
    const curve =
      CURVES[
        read(parameters, (reader) => reader.oid('namedCurve'), { field: 'subjectPublicKeyInfo.algorithm.parameters' })
      ];
    if (curve === undefined) return { algorithm: 'other', oid };
    if (subjectPublicKey[0] !== 4 || subjectPublicKey.length !== 1 + 2 * curve.coordinateLength)
      refuse(`subjectPublicKey is no uncompressed point of ${curve.namedCurve}`);
    return { algorithm: 'EC', namedCurve: curve.namedCurve };
  }
  const plainKey = PLAIN_KEYS[oid];
  if (plainKey === undefined) return { algorithm: 'other', oid };
  const [name, length] = plainKey;
  // RFC 8410 §3, RFC 9881 §2: parameters MUST be absent.
  if (parameters !== undefined) refuse(`${name} has no parameters`);
  if (subjectPublicKey.length !== length)
    refuse(`subjectPublicKey has ${subjectPublicKey.length} octets, not ${length}`);
  return { algorithm: name };
}
