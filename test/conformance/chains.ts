import { createPublicKey, verify as verifySync } from 'node:crypto';
import { DerError, type Oid, type Seconds } from '@mayfly/der';
import { verifyWithNode } from '@mayfly/keys/node';
import { type Certificate, inspectCertificate, X509Error } from '@mayfly/x509';
import { type KeyUsageBit, keyPurposes } from '@mayfly/x509/extensions';
import { parseIPAddress } from '@mayfly/x509/general-name';
import {
  type AlgorithmPolicy,
  modernAlgorithms,
  type PathOptions,
  type PathResult,
  type ReferenceName,
  validatePathSync,
} from '@mayfly/x509/path';
import type { SyncVerifySignature } from '@mayfly/x509/signed';
import { getPublicSuffix } from 'tldts';
import { bytesOf, type Case } from './suite.js';

/** A case of a suite of kind `chain`; see `README.md` of the vectors. */
export interface ChainCase extends Case {
  readonly anchors: readonly number[];
  readonly intermediates: readonly number[];
  readonly leaf: number;
  readonly crls?: readonly number[];
  readonly time?: string;
  readonly purpose: string;
  readonly name?: ExpectedName;
  readonly names?: readonly ExpectedName[];
  readonly eku?: readonly string[];
  readonly keyUsage?: readonly KeyUsageBit[];
  readonly maxChainDepth?: number;
  readonly revocation?: 'crl' | 'crl-hard-fail';
  readonly policy?: {
    readonly initialPolicySet: readonly Oid[];
    readonly requireExplicit: boolean;
    readonly inhibitMapping: boolean;
    readonly inhibitAny: boolean;
  };
  readonly expectPolicies?: readonly Oid[];
  readonly profile: 'rfc5280' | 'webpki' | 'openssl';
  readonly features?: readonly string[];
}

interface ExpectedName {
  readonly type: 'dns' | 'ip' | 'rfc822';
  readonly value: string;
}

/** What a case came to: whether the path is accepted, and why it is not. */
export interface Verdict {
  readonly accepted: boolean;
  readonly state: string;
  readonly policies?: readonly Oid[];
}

/** A moment between 2023 and 2029, where the cases without one give the same answer. */
const PRESENT: Seconds = Date.parse('2026-06-01T00:00:00Z') / 1000;

/** DSA, which PKITS has and Mayfly has not, and keys for PSS alone. */
const DSA: Readonly<Record<Oid, string>> = { '1.2.840.10040.4.3': 'sha1' };
const idRSASSAPSS = '1.2.840.113549.1.1.10';

const verify: SyncVerifySignature = (signed, subjectPublicKeyInfo) => {
  const hash = DSA[signed.signatureAlgorithm.algorithm];
  if (hash === undefined) return verifyWithNode(signed, subjectPublicKeyInfo);
  const key = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  return key.asymmetricKeyType === 'dsa' && verifySync(hash, signed.tbs, key, signed.signatureValue);
};

/** PKITS signs with DSA and SHA-1 in its first section, with keys of 1024 bits. */
export const withDSA: AlgorithmPolicy = {
  ...modernAlgorithms,
  signatureAlgorithms: [...modernAlgorithms.signatureAlgorithms, '1.2.840.10040.4.3'],
  publicKeyAlgorithms: [...modernAlgorithms.publicKeyAlgorithms, '1.2.840.10040.4.1'],
};

/** The same certificate is read once, however many cases it stands in. */
export function reader(pool: readonly string[]): (index: number) => Certificate {
  const read = new Map<number, Certificate>();
  return (index) => {
    const known = read.get(index) ?? inspectCertificate(bytesOf(pool[index]!));
    read.set(index, known);
    return known;
  };
}

/** Answers one case in its profile. */
export function answer(
  one: ChainCase,
  certificateAt: (index: number) => Certificate,
  options: Partial<PathOptions> = {},
): Verdict {
  let result: PathResult;
  try {
    const leaf = certificateAt(one.leaf);
    const usable = (indices: readonly number[]) => indices.flatMap((index) => readable(certificateAt, index));
    result = validatePathSync(leaf, {
      anchors: usable(one.anchors),
      intermediates: usable(one.intermediates),
      at: one.time === undefined ? PRESENT : Math.floor(Date.parse(one.time) / 1000),
      names: [...(one.name ? [one.name] : []), ...(one.names ?? [])].map(referenceName),
      ...purpose(one),
      ...(one.keyUsage && { keyUsage: one.keyUsage }),
      ...(one.maxChainDepth !== undefined && { maxPathLength: one.maxChainDepth }),
      ...(one.policy && {
        policies: {
          initialPolicySet: one.policy.initialPolicySet,
          requireExplicitPolicy: one.policy.requireExplicit,
          inhibitPolicyMapping: one.policy.inhibitMapping,
          inhibitAnyPolicy: one.policy.inhibitAny,
        },
      }),
      mode: one.profile === 'webpki' ? 'webpki' : 'rfc5280',
      isPublicSuffix,
      ...options,
      verify,
    });
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error;
    return { accepted: false, state: `unreadable: ${error.code} ${error.message}` };
  }
  return result.ok
    ? { accepted: true, state: 'accepted', policies: result.policies }
    : { accepted: false, state: `${result.reason}: ${result.message} (${result.rule})` };
}

const readable = (certificateAt: (index: number) => Certificate, index: number): readonly Certificate[] => {
  try {
    return [certificateAt(index)];
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return []; // nobody could have been handed it
    throw error;
  }
};

const isPublicSuffix = (domain: string): boolean => getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;

function purpose({ purpose: wanted, eku }: ChainCase): Pick<PathOptions, 'extKeyUsage'> {
  const named = eku?.[0] ?? wanted;
  if (named === 'any') return {};
  return { extKeyUsage: keyPurposes[named as keyof typeof keyPurposes] ?? named };
}

function referenceName({ type, value }: ExpectedName): ReferenceName {
  if (type === 'ip') return { type, value: parseIPAddress(value)! };
  return { type: type === 'rfc822' ? 'email' : 'dns', value };
}
