import {
  bitString,
  contextConstructedTag,
  type DerNode,
  encode,
  explicit,
  integer,
  type Oid,
  octetString,
  oid,
  raw,
  read,
  sequence,
  toHex,
} from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';
import { MAX_PRIVATE_KEY_LENGTH, type PrivateKeyInfo } from './private-key-info.js';

/** `id-ecPublicKey` (RFC 5480 §2.1.1), the algorithm of every EC key that may sign. */
export const idEcPublicKey: Oid = '1.2.840.10045.2.1';

/** The curves that Mayfly computes with, by the names of FIPS 186 and of JWK. */
export type NamedCurve = 'P-256' | 'P-384' | 'P-521';

/** RFC 5480 §2.1.1.1: `namedCurve` in hexadecimal DER, and the octets of a coordinate, which are also the order's. */
const curves: Readonly<Record<NamedCurve, { readonly oid: Oid; readonly byteLength: number }>> = {
  'P-256': { oid: '1.2.840.10045.3.1.7', byteLength: 32 },
  'P-384': { oid: '1.3.132.0.34', byteLength: 48 },
  'P-521': { oid: '1.3.132.0.35', byteLength: 66 },
};

const byParameters: Readonly<Record<string, NamedCurve>> = {
  '06082a8648ce3d030107': 'P-256',
  '06052b81040022': 'P-384',
  '06052b81040023': 'P-521',
};

/** Octets of a private key and of each coordinate of a public one. */
export const fieldLength = (curve: NamedCurve): number => curves[curve].byteLength;

/** `id-ecPublicKey` with `namedCurve` parameters (RFC 5480 §2.1.1). */
export const ecAlgorithm = (curve: NamedCurve): AlgorithmIdentifier => ({
  algorithm: idEcPublicKey,
  parameters: encode(oid(curves[curve].oid)),
});

/**
 * Which curve `ECParameters` name.
 * @param parameters - DER of the element; absent, specified and other curves are `undefined`.
 */
export const namedCurve = (parameters: Uint8Array | undefined): NamedCurve | undefined =>
  parameters === undefined || parameters.length > 10 ? undefined : byParameters[toHex(parameters)];

/**
 * The length of a point of the curve says whether it may be one: `04 x y`, or `02 x` and `03 x` when compressed.
 * Whether it lies on the curve is for those who compute.
 */
export function isPointLength(curve: NamedCurve, point: Uint8Array): boolean {
  const length = fieldLength(curve);
  return point[0] === 4 ? point.length === 1 + 2 * length : (point[0]! & 0xfe) === 2 && point.length === 1 + length;
}

/** RFC 5915 §3, SEC 1 §C.4. All bytes are views where they were read. */
export interface ECPrivateKey {
  /** Big-endian; the length is the writer's, {@link readECPrivateKey} makes it the curve's. */
  readonly privateKey: Uint8Array;
  /** DER of `ECParameters`; within a PrivateKeyInfo usually absent, for the algorithm has them. */
  readonly parameters?: Uint8Array;
  /** The point: `04 x y`, or compressed. */
  readonly publicKey?: Uint8Array;
}

/**
 * Reads
 *
 *     ECPrivateKey ::= SEQUENCE {
 *       version        INTEGER { ecPrivkeyVer1(1) } (ecPrivkeyVer1),
 *       privateKey     OCTET STRING,
 *       parameters [0] ECParameters {{ NamedCurve }} OPTIONAL,
 *       publicKey  [1] BIT STRING OPTIONAL }
 *
 * of any curve; lengths are not looked at.
 * @throws {@link DerError} `ERR_DER_VALUE` for another version, and others.
 */
export const parseECPrivateKey = (der: Uint8Array): ECPrivateKey =>
  read(
    der,
    (reader) => {
      const key = reader.sequence('');
      const versionOffset = key.offset;
      const version = key.smallInteger('version');
      if (version !== 1) key.refuse('ERR_DER_VALUE', versionOffset, 'version', `value ${version}, expected 1`);
      const privateKey = key.octetString('privateKey');
      let parameters: Uint8Array | undefined;
      if (key.peek() === contextConstructedTag(0)) {
        const outer = key.explicit(0, 'parameters');
        parameters = outer.element('ecParameters');
        outer.end();
      }
      let publicKey: Uint8Array | undefined;
      if (key.peek() === contextConstructedTag(1)) {
        const outer = key.explicit(1, 'publicKey');
        publicKey = outer.bitStringOctets('point');
        outer.end();
      }
      key.end();
      return { privateKey, ...(parameters && { parameters }), ...(publicKey && { publicKey }) };
    },
    { field: 'ecPrivateKey', maxLength: MAX_PRIVATE_KEY_LENGTH },
  );

const ecPrivateKeyNode = ({ privateKey, parameters, publicKey }: ECPrivateKey): DerNode =>
  sequence(
    integer(1),
    octetString(privateKey),
    parameters && explicit(0, raw(parameters)),
    publicKey && explicit(1, bitString(publicKey)),
  );

/** The inverse of {@link parseECPrivateKey}: a new array with key bytes in it. */
export const encodeECPrivateKey = (key: ECPrivateKey): Uint8Array<ArrayBuffer> => encode(ecPrivateKeyNode(key));

/**
 * A SEC 1 key as PKCS#8: the parameters move to the algorithm.
 * @param der - Of an ECPrivateKey with parameters, named or not.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PARAMETERS` when it names no curve, and what {@link parseECPrivateKey} throws.
 */
export function ecToPrivateKeyInfo(der: Uint8Array): PrivateKeyInfo {
  const { parameters, ...key } = parseECPrivateKey(der);
  if (parameters === undefined)
    throw new Pkcs8Error('ERR_PKCS8_PARAMETERS', 'Cannot convert ECPrivateKey: the curve is missing');
  return { privateKeyAlgorithm: { algorithm: idEcPublicKey, parameters }, privateKey: encodeECPrivateKey(key) };
}

/**
 * A PKCS#8 key as SEC 1, which `openssl ec` writes: the algorithm's parameters move into it.
 * @returns DER of an ECPrivateKey, a new array.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_ALGORITHM`, `ERR_PKCS8_PARAMETERS`; {@link DerError}.
 */
export function ecFromPrivateKeyInfo(info: PrivateKeyInfo): Uint8Array<ArrayBuffer> {
  const { parameters, key } = openInfo(info);
  const publicKey = key.publicKey ?? info.publicKey;
  return encodeECPrivateKey({ privateKey: key.privateKey, parameters, ...(publicKey && { publicKey }) });
}

/** A key on a curve that Mayfly knows; every length is the curve's. */
export interface NamedECPrivateKey {
  readonly curve: NamedCurve;
  /** {@link fieldLength} octets, big-endian. */
  readonly privateKey: Uint8Array;
  /** The point where the file has it: `04 x y`, or compressed. */
  readonly publicKey?: Uint8Array;
}

/**
 * Reads an EC key on a named curve out of a PrivateKeyInfo.
 * Accepts private keys whose leading zeros were dropped, as some writers did, and gives them back.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_ALGORITHM` when it is no EC key, `ERR_PKCS8_UNSUPPORTED` for other curves,
 * `ERR_PKCS8_PARAMETERS` when the two places for a curve differ, `ERR_PKCS8_KEY` when the private key is zero or a
 * length is wrong; {@link DerError}.
 */
export function readECPrivateKey(info: PrivateKeyInfo): NamedECPrivateKey {
  const { parameters, key } = openInfo(info);
  const curve = namedCurve(parameters);
  if (curve === undefined)
    throw new Pkcs8Error('ERR_PKCS8_UNSUPPORTED', `Cannot read ECPrivateKey: ${describeParameters(parameters)}`);
  const length = fieldLength(curve);
  if (key.privateKey.length === 0 || key.privateKey.length > length || key.privateKey.every((octet) => octet === 0))
    throw new Pkcs8Error(
      'ERR_PKCS8_KEY',
      `Cannot read ECPrivateKey: private key is zero or not of the ${length} octets of ${curve}`,
    );
  const publicKey = key.publicKey ?? info.publicKey;
  if (publicKey !== undefined && !isPointLength(curve, publicKey))
    throw new Pkcs8Error(
      'ERR_PKCS8_KEY',
      `Cannot read ECPrivateKey: ${publicKey.length} octets of public key are no point of ${curve}`,
    );
  const { privateKey } = key;
  return {
    curve,
    privateKey: privateKey.length === length ? privateKey : padStart(privateKey, length),
    ...(publicKey && { publicKey }),
  };
}

/**
 * The PrivateKeyInfo of an EC key, the way OpenSSL writes it: parameters in the algorithm alone, the point within.
 * @param privateKey - {@link fieldLength} octets.
 * @throws RangeError when a length is wrong.
 */
export function ecPrivateKeyInfo({ curve, privateKey, publicKey }: NamedECPrivateKey): PrivateKeyInfo {
  if (privateKey.length !== fieldLength(curve) || (publicKey !== undefined && !isPointLength(curve, publicKey)))
    throw new RangeError(`Cannot write ECPrivateKey: a length is not that of ${curve}`);
  return {
    privateKeyAlgorithm: ecAlgorithm(curve),
    privateKey: encodeECPrivateKey({ privateKey, ...(publicKey && { publicKey }) }),
  };
}

/** The ECPrivateKey inside, and the parameters from where they stand; they may stand in both places, but agree. */
function openInfo(info: PrivateKeyInfo): { readonly parameters: Uint8Array; readonly key: ECPrivateKey } {
  const { algorithm, parameters: outer } = info.privateKeyAlgorithm;
  if (algorithm !== idEcPublicKey)
    throw new Pkcs8Error('ERR_PKCS8_ALGORITHM', `Cannot read ECPrivateKey: the algorithm is ${algorithm}`);
  const key = parseECPrivateKey(info.privateKey);
  const { parameters: inner } = key;
  const parameters = outer ?? inner;
  if (parameters === undefined)
    throw new Pkcs8Error('ERR_PKCS8_PARAMETERS', 'Cannot read ECPrivateKey: the curve is missing');
  if (inner !== undefined && toHex(inner) !== toHex(parameters))
    throw new Pkcs8Error('ERR_PKCS8_PARAMETERS', 'Cannot read ECPrivateKey: algorithm and key name different curves');
  return { parameters, key };
}

const describeParameters = (parameters: Uint8Array): string =>
  parameters[0] === 0x06
    ? `the curve is ${read(parameters, (reader) => reader.oid('namedCurve'))}, neither P-256, P-384 nor P-521`
    : 'the curve is specified, not named';

function padStart(octets: Uint8Array, length: number): Uint8Array {
  const padded = new Uint8Array(length);
  padded.set(octets, length - octets.length);
  return padded;
}
