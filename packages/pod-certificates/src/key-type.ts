import { DerError, type Oid, read, tags } from '@mayfly/der';
import { describePublicKey, parseSubjectPublicKeyInfo, X509Error } from '@mayfly/x509';
import { pointFault } from '@mayfly/x509/public-point';

/** The keys that a pod can have, by their name in a `podCertificate` source. */
export type KeyType = 'RSA3072' | 'RSA4096' | 'ECDSAP256' | 'ECDSAP384' | 'ECDSAP521' | 'ED25519';

/** Every {@link KeyType}, the ones that most signers take first. */
export const keyTypes: readonly KeyType[] = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'];

/** A public key by kind, or what keeps it from being one that a pod can have. */
export type KeyClass =
  | { readonly ok: true; readonly keyType: KeyType }
  | {
      readonly ok: false;
      /**
       * `malformed`: no key at all for the API server's parser; `point`: octets that this parser takes for an Ed25519 key,
       * and under which nobody or everybody can sign; the others are keys of the wrong kind or size.
       */
      readonly fault: 'malformed' | 'point' | 'algorithm' | 'curve' | 'modulus';
      readonly found: string;
    };

const RSA: Oid = '1.2.840.113549.1.1.1';
const EC: Oid = '1.2.840.10045.2.1';
const ED25519: Oid = '1.3.101.112';
/** The one curve that the API server's parser knows and its rules refuse. */
const P224: Oid = '1.3.132.0.33';

/**
 * Says which of the six key types a SubjectPublicKeyInfo is. RSA keys go by the octets of their modulus, as the API
 * server counts; a point that is not on its curve is no key, nor is one of Ed25519 that is not canonical or of small order.
 */
export function classifyKey(subjectPublicKeyInfo: Uint8Array): KeyClass {
  try {
    const { algorithm, parameters } = parseSubjectPublicKeyInfo(subjectPublicKeyInfo).algorithm;
    if (algorithm !== RSA && algorithm !== EC && algorithm !== ED25519)
      return { ok: false, fault: 'algorithm', found: algorithm };
    const key = describePublicKey(subjectPublicKeyInfo);
    const point = pointFault(subjectPublicKeyInfo);
    switch (key.algorithm) {
      case 'EC':
        return point === undefined
          ? { ok: true, keyType: `ECDSA${curveName(key.namedCurve)}` }
          : { ok: false, fault: 'malformed', found: point.message };
      case 'Ed25519':
        return point === undefined
          ? { ok: true, keyType: 'ED25519' }
          : { ok: false, fault: 'point', found: point.message };
      case 'RSA': {
        const bits = 8 * Math.ceil(key.modulusLength / 8);
        return bits === 3072 || bits === 4096
          ? { ok: true, keyType: `RSA${bits}` }
          : { ok: false, fault: 'modulus', found: `${bits}-bit modulus` };
      }
      default:
        return parameters?.[0] === tags.oid && read(parameters, (reader) => reader.oid('namedCurve')) === P224
          ? { ok: false, fault: 'curve', found: 'P-224' }
          : { ok: false, fault: 'malformed', found: 'an unknown curve' };
    }
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error)
      return { ok: false, fault: 'malformed', found: error.message };
    throw error;
  }
}

const curveName = (namedCurve: 'P-256' | 'P-384' | 'P-521') =>
  namedCurve === 'P-256' ? 'P256' : namedCurve === 'P-384' ? 'P384' : 'P521';
