import { constants, createPublicKey, verify as verifySync } from 'node:crypto';
import { DerError, type Oid, read, type Seconds } from '@mayfly/der';
import { verifyWithNode } from '@mayfly/keys/node';
import { type Certificate, inspectCertificate, readAlgorithmIdentifier, X509Error } from '@mayfly/x509';
import { type IndexedCRL, indexCRL, parseCRL } from '@mayfly/x509/crl';
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

const dsaWithSHA1: Oid = '1.2.840.10040.4.3';
const idRSASSAPSS: Oid = '1.2.840.113549.1.1.10';

/** Mayfly's verifier, and beside it what suites have and Mayfly has not: DSA, and PSS as the keys and hashes without NULL have it. */
const verify: SyncVerifySignature = (signed, subjectPublicKeyInfo) => {
  const { algorithm, parameters } = signed.signatureAlgorithm;
  const key = () => createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  if (algorithm === dsaWithSHA1)
    return key().asymmetricKeyType === 'dsa' && verifySync('sha1', signed.tbs, key(), signed.signatureValue);
  if (algorithm !== idRSASSAPSS) return verifyWithNode(signed, subjectPublicKeyInfo);
  const { hash, saltLength } = readPSSParameters(parameters!);
  const input = { key: key(), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  return verifySync(hash, signed.tbs, input, signed.signatureValue);
};

/** RFC 4055 §3.1, with one hash for both purposes. */
function readPSSParameters(parameters: Uint8Array): { readonly hash: string; readonly saltLength: number } {
  return read(parameters, (reader) => {
    const fields = reader.sequence('');
    const hash = readAlgorithmIdentifier(fields.explicit(0, 'hashAlgorithm'), '').algorithm;
    fields.skip('maskGenAlgorithm');
    const saltLength = fields.explicit(2, 'saltLength').smallInteger('');
    return { hash: { '.1': 'sha256', '.2': 'sha384', '.3': 'sha512' }[hash.slice(-2)] ?? 'none', saltLength };
  });
}

/** PKITS signs with DSA and SHA-1 in its first section, with keys of 1024 bits. */
export const withDSA: AlgorithmPolicy = {
  ...modernAlgorithms,
  signatureAlgorithms: [...modernAlgorithms.signatureAlgorithms, '1.2.840.10040.4.3'],
  publicKeyAlgorithms: [...modernAlgorithms.publicKeyAlgorithms, '1.2.840.10040.4.1'],
};

/** Certificates and lists of a suite; each is read once, however many cases it stands in. */
export interface Pool {
  readonly certificate: (index: number) => Certificate;
  readonly crl: (index: number) => IndexedCRL;
}

export const poolOf = (pool: readonly string[]): Pool => ({
  certificate: once((index) => inspectCertificate(bytesOf(pool[index]!))),
  crl: once((index) => indexCRL(parseCRL(bytesOf(pool[index]!)))),
});

function once<T>(read: (index: number) => T): (index: number) => T {
  const known = new Map<number, T>();
  return (index) => {
    const value = known.get(index) ?? read(index);
    known.set(index, value);
    return value;
  };
}

/** Answers one case in its profile. */
export function answer(one: ChainCase, pool: Pool, options: Partial<PathOptions> = {}): Verdict {
  let result: PathResult;
  try {
    const leaf = pool.certificate(one.leaf);
    result = validatePathSync(leaf, {
      anchors: readable(pool.certificate, one.anchors),
      intermediates: readable(pool.certificate, one.intermediates),
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
      ...(one.revocation && { revocation: { mode: 'hard-fail', crls: readable(pool.crl, one.crls ?? []) } }),
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

/** What can be read: nobody could have been handed the rest. */
const readable = <T>(read: (index: number) => T, indices: readonly number[]): readonly T[] =>
  indices.flatMap((index) => {
    try {
      return [read(index)];
    } catch (error) {
      if (error instanceof DerError || error instanceof X509Error) return [];
      throw error;
    }
  });

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
