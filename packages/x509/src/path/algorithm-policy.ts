import { contextConstructedTag, type Oid, read, tags } from '@mayfly/der';
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from '../algorithm-identifier.js';
import { describePublicKey } from '../public-key.js';
import { parseSubjectPublicKeyInfo } from '../spki.js';
import { decodedOr, fault, isFault, type PathFault } from './refusal.js';

/** Which algorithms and keys a path may rest on. Everything that is not named here is refused. */
export interface AlgorithmPolicy {
  /** OIDs that certificates may be signed with; `id-RSASSA-PSS` stands for PSS with a hash of `pssHashAlgorithms`. */
  readonly signatureAlgorithms: readonly Oid[];
  readonly pssHashAlgorithms: readonly Oid[];
  /** OIDs that a SubjectPublicKeyInfo may have. */
  readonly publicKeyAlgorithms: readonly Oid[];
  readonly namedCurves: readonly ('P-256' | 'P-384' | 'P-521')[];
  /** Bits of an RSA modulus, both ends inclusive, and what they have to be a multiple of. */
  readonly rsaModulusLength: { readonly minimum: number; readonly maximum: number; readonly multipleOf: number };
}

const rsaEncryption = '1.2.840.113549.1.1.1';
const idRSASSAPSS = '1.2.840.113549.1.1.10';
const idEcPublicKey = '1.2.840.10045.2.1';
const sha256 = '2.16.840.1.101.3.4.2.1';
const sha384 = '2.16.840.1.101.3.4.2.2';
const sha512 = '2.16.840.1.101.3.4.2.3';

/** sha256, sha384 and sha512WithRSAEncryption, PSS, ecdsa-with-SHA256, -384 and -512. */
const CLASSIC: readonly Oid[] = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  idRSASSAPSS,
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
];

/** Ed25519, Ed448 (RFC 8410), ML-DSA-44, -65 and -87 (RFC 9881): key and signature have one OID. */
const PURE: readonly Oid[] = [
  '1.3.101.112',
  '1.3.101.113',
  '2.16.840.1.101.3.4.3.17',
  '2.16.840.1.101.3.4.3.18',
  '2.16.840.1.101.3.4.3.19',
];

/** RSA of 2048 to 8192 bits, P-256, P-384 and P-521 with SHA-2, Ed25519, Ed448, ML-DSA; keys that only agree are none to refuse. */
export const modernAlgorithms: AlgorithmPolicy = {
  signatureAlgorithms: [...CLASSIC, ...PURE],
  pssHashAlgorithms: [sha256, sha384, sha512],
  publicKeyAlgorithms: [rsaEncryption, idRSASSAPSS, idEcPublicKey, ...PURE, '1.3.101.110', '1.3.101.111'],
  namedCurves: ['P-256', 'P-384', 'P-521'],
  rsaModulusLength: { minimum: 2048, maximum: 8192, multipleOf: 1 },
};

/** CA/Browser Forum Baseline Requirements §6.1.5 and §7.1.3: RSA in whole octets, and the three curves. */
export const webpkiAlgorithms: AlgorithmPolicy = {
  signatureAlgorithms: CLASSIC,
  pssHashAlgorithms: [sha256, sha384, sha512],
  publicKeyAlgorithms: [rsaEncryption, idEcPublicKey],
  namedCurves: ['P-256', 'P-384', 'P-521'],
  rsaModulusLength: { minimum: 2048, maximum: 8192, multipleOf: 8 },
};

/** What everybody asks why it is refused. */
const WEAK: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
  '1.2.840.113549.1.1.14': 'SHA-224',
  '1.2.840.10045.4.3.1': 'SHA-224',
};

/** Whether a signature of this algorithm counts. */
export function signatureAlgorithmFault(
  identifier: AlgorithmIdentifier,
  policy: AlgorithmPolicy,
): PathFault | undefined {
  const { algorithm } = identifier;
  const refuse = (state: string) =>
    fault('SignatureAlgorithmRefused', 'RFC 5280 §4.1.1.2', `The signature algorithm ${state}`);
  if (!policy.signatureAlgorithms.includes(algorithm)) {
    const weak = WEAK[algorithm];
    return refuse(weak === undefined ? `${algorithm} is not accepted` : `${algorithm} rests on ${weak}, too weak`);
  }
  if (algorithm !== idRSASSAPSS) return undefined;
  const hash = decodedOr(() => pssHash(identifier));
  if (typeof hash !== 'string') return refuse(`has broken parameters: ${hash.message}`);
  return policy.pssHashAlgorithms.includes(hash) ? undefined : refuse(`RSASSA-PSS with hash ${hash} is not accepted`);
}

/** RFC 4055 §3.1: the hash is SHA-1 where it is left out. */
function pssHash({ parameters }: AlgorithmIdentifier): Oid {
  const sha1 = '1.3.14.3.2.26';
  if (parameters === undefined) return sha1;
  return read(
    parameters,
    (reader) => {
      const fields = reader.sequence('');
      let hash: Oid = sha1;
      if (fields.peek() === contextConstructedTag(0)) {
        const wrapper = fields.explicit(0, 'hashAlgorithm');
        hash = readAlgorithmIdentifier(wrapper, '').algorithm;
        wrapper.end();
      }
      while (!fields.done) fields.skip('');
      return hash;
    },
    { field: 'signatureAlgorithm.parameters' },
  );
}

/** Whether a key may stand in a path. */
export function keyFault(subjectPublicKeyInfo: Uint8Array, policy: AlgorithmPolicy): PathFault | undefined {
  const publicKey = decodedOr(() => describePublicKey(subjectPublicKeyInfo));
  const refuse = (state: string) => fault('KeyRefused', 'RFC 5280 §4.1.2.7', `The public key ${state}`);
  if (isFault(publicKey)) return refuse(`cannot be used: ${publicKey.message}`);
  if (publicKey.algorithm === 'RSA') {
    const { minimum, maximum, multipleOf } = policy.rsaModulusLength;
    const { modulusLength } = publicKey;
    if (modulusLength < minimum || modulusLength > maximum)
      return refuse(`has an RSA modulus of ${modulusLength} bits, ${minimum} to ${maximum} are accepted`);
    if (modulusLength % multipleOf !== 0)
      return refuse(`has an RSA modulus of ${modulusLength} bits, no multiple of ${multipleOf}`);
  }
  if (publicKey.algorithm === 'EC' && policy.publicKeyAlgorithms.includes(idEcPublicKey))
    return policy.namedCurves.includes(publicKey.namedCurve)
      ? undefined
      : refuse(`is on ${publicKey.namedCurve}, which is not accepted`);
  const { algorithm, parameters } = parseSubjectPublicKeyInfo(subjectPublicKeyInfo).algorithm;
  if (!policy.publicKeyAlgorithms.includes(algorithm)) return refuse(`is of the algorithm ${algorithm}, not accepted`);
  if (publicKey.algorithm === 'other' && algorithm === idEcPublicKey)
    return refuse(
      parameters?.[0] === tags.oid ? 'is on a curve that is not accepted' : 'has its curve spelled out, not named',
    );
  return undefined;
}
