/** Signature cases of Wycheproof as X.509 has them: AlgorithmIdentifier, SubjectPublicKeyInfo and the content of a BIT STRING. */
import { encode, explicit, integer, nullValue, type Oid, oid, sequence } from '@mayfly/der';
import { ecdsaSignatureToDer, type SignatureScheme, signatureAlgorithm } from '@mayfly/keys';
import { type MLDSAParameterSet, mlDsaAlgorithm } from '@mayfly/pkcs8/ml-dsa';
import { type AlgorithmIdentifier, encodeSubjectPublicKeyInfo } from '@mayfly/x509';
import { bytesOf, type Case } from './suite.js';

export interface SignatureCase extends Case {
  readonly k: number;
  readonly msg: string;
  readonly sig: string;
  readonly ctx?: string;
}

export interface SuiteKey {
  readonly alg: {
    readonly name: string;
    readonly curve?: string;
    readonly hash?: string;
    readonly encoding?: 'der' | 'p1363';
    readonly mgfHash?: string;
    readonly saltLength?: number;
  };
  readonly spki?: string;
  readonly rawPublicKey?: string;
}

const HASHES: Readonly<Record<string, Oid>> = {
  'SHA-1': '1.3.14.3.2.26',
  'SHA-224': '2.16.840.1.101.3.4.2.4',
  'SHA-256': '2.16.840.1.101.3.4.2.1',
  'SHA-384': '2.16.840.1.101.3.4.2.2',
  'SHA-512': '2.16.840.1.101.3.4.2.3',
};

/** What X.509 calls the algorithm; the scheme where anybody here claims it. */
export interface Algorithm {
  readonly identifier: AlgorithmIdentifier;
  readonly scheme?: SignatureScheme;
}

export function algorithmOf({ alg }: SuiteKey): Algorithm {
  const { name, hash = '', mgfHash = hash, saltLength = 0, curve = '' } = alg;
  switch (name) {
    case 'Ed25519':
    case 'Ed448':
    case 'ML-DSA-44':
    case 'ML-DSA-65':
    case 'ML-DSA-87':
      return claimed(name);
    case 'ECDSA': {
      const scheme = `ecdsa-with-SHA${hash.slice(4)}` as SignatureScheme; // the suite has the three alone
      return curve === 'secp256k1' ? { identifier: signatureAlgorithm(scheme) } : claimed(scheme);
    }
    case 'RSASSA-PKCS1-v1_5':
      return claimed(`sha${hash.slice(4)}WithRSAEncryption` as SignatureScheme); // the suite has the three alone
    case 'RSASSA-PSS': {
      const hashed = (which: string) => sequence(oid(HASHES[which]!), nullValue());
      const parameters = encode(
        sequence(
          hash !== 'SHA-1' && explicit(0, hashed(hash)),
          mgfHash !== 'SHA-1' && explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hashed(mgfHash))),
          saltLength !== 20 && explicit(2, integer(saltLength)),
        ),
      );
      const identifier = { algorithm: '1.2.840.113549.1.1.10', parameters };
      const isHere = hash === mgfHash && ['SHA-256', 'SHA-384', 'SHA-512'].includes(hash);
      return isHere ? { identifier, scheme: `RSASSA-PSS-SHA${hash.slice(4)}` as SignatureScheme } : { identifier };
    }
    default:
      throw new Error(`No algorithm ${name}`);
  }
}

const claimed = (scheme: SignatureScheme): Algorithm => ({ identifier: signatureAlgorithm(scheme), scheme });

export function subjectPublicKeyInfoOf({ alg, spki, rawPublicKey }: SuiteKey): Uint8Array {
  if (spki !== undefined) return bytesOf(spki);
  return encodeSubjectPublicKeyInfo({
    algorithm: mlDsaAlgorithm(alg.name as MLDSAParameterSet), // the only raw ones
    subjectPublicKey: bytesOf(rawPublicKey!),
  });
}

/** Octets of one half of an IEEE P1363 signature. */
const FIELD_LENGTHS: Readonly<Record<string, number>> = { secp256r1: 32, secp384r1: 48, secp521r1: 66, secp256k1: 32 };

/** What stands in the BIT STRING; `undefined` for a P1363 signature of a length that its curve does not have. */
export function signatureValueOf({ alg }: SuiteKey, sig: Uint8Array): Uint8Array | undefined {
  if (alg.encoding !== 'p1363') return sig;
  return sig.length === 2 * FIELD_LENGTHS[alg.curve!]! ? ecdsaSignatureToDer(sig) : undefined;
}
