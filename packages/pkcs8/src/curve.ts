import { encode, type Oid, octetString, read } from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';
import type { PrivateKeyInfo } from './private-key-info.js';

/** The algorithms of RFC 8410, whose keys are plain octets. */
export type Curve = 'X25519' | 'X448' | 'Ed25519' | 'Ed448';

/** RFC 8410 §3, and the length of the private key in octets (RFC 7748 §6, RFC 8032 §5). */
const curves: Readonly<Record<Curve, { readonly oid: Oid; readonly byteLength: number }>> = {
  X25519: { oid: '1.3.101.110', byteLength: 32 },
  X448: { oid: '1.3.101.111', byteLength: 56 },
  Ed25519: { oid: '1.3.101.112', byteLength: 32 },
  Ed448: { oid: '1.3.101.113', byteLength: 57 },
};

/** Which curve of RFC 8410 an algorithm identifier names; `undefined` for others, and when parameters are present. */
export function curveOf({ algorithm, parameters }: AlgorithmIdentifier): Curve | undefined {
  if (parameters !== undefined) return undefined;
  for (const curve of Object.keys(curves) as Curve[]) if (curves[curve].oid === algorithm) return curve; // keys of the record above
  return undefined;
}

/** RFC 8410 §3: the parameters are absent. */
export const curveAlgorithm = (curve: Curve): AlgorithmIdentifier => ({ algorithm: curves[curve].oid });

/**
 * Reads the `CurvePrivateKey ::= OCTET STRING` of RFC 8410 §7 out of a PrivateKeyInfo.
 * @returns The private key (for EdDSA the seed) as a view, and the public key where the structure carries one.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_ALGORITHM` when it is no such key, `ERR_PKCS8_KEY` when a length is wrong;
 * {@link DerError}.
 */
export function readCurvePrivateKey(info: PrivateKeyInfo): {
  readonly curve: Curve;
  readonly privateKey: Uint8Array;
  readonly publicKey?: Uint8Array;
} {
  const curve = curveOf(info.privateKeyAlgorithm);
  if (curve === undefined)
    throw new Pkcs8Error(
      'ERR_PKCS8_ALGORITHM',
      `Cannot read CurvePrivateKey: the algorithm is ${info.privateKeyAlgorithm.algorithm}` +
        (info.privateKeyAlgorithm.parameters === undefined ? '' : ' with parameters'),
    );
  const { byteLength } = curves[curve];
  const privateKey = read(info.privateKey, (reader) => reader.octetString('curvePrivateKey'));
  const { publicKey } = info;
  for (const [name, octets] of [['private', privateKey] as const, ['public', publicKey] as const])
    if (octets !== undefined && octets.length !== byteLength)
      throw new Pkcs8Error(
        'ERR_PKCS8_KEY',
        `Cannot read CurvePrivateKey: ${octets.length} octets of ${name} key, ${curve} has ${byteLength}`,
      );
  return { curve, privateKey, ...(publicKey && { publicKey }) };
}

/**
 * The PrivateKeyInfo of a key of RFC 8410, version 1 without and version 2 with `publicKey`.
 * @param privateKey - Copied; the seed for EdDSA.
 * @throws RangeError when it has the wrong length.
 */
export function curvePrivateKeyInfo(curve: Curve, privateKey: Uint8Array, publicKey?: Uint8Array): PrivateKeyInfo {
  const { byteLength } = curves[curve];
  if (privateKey.length !== byteLength)
    throw new RangeError(`Cannot write CurvePrivateKey: ${privateKey.length} octets, ${curve} has ${byteLength}`);
  return {
    privateKeyAlgorithm: curveAlgorithm(curve),
    privateKey: encode(octetString(privateKey)),
    ...(publicKey && { publicKey }),
  };
}
