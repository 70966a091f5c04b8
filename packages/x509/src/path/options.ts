import type { Oid, Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { anyPolicy } from '../extensions/certificate-policies.js';
import type { KeyUsageBit } from '../extensions/key-usage.js';
import type { VerifySignature } from '../signed.js';
import { type AlgorithmPolicy, modernAlgorithms, webpkiAlgorithms } from './algorithm-policy.js';
import { type CertificateRule, rfc5280Rules, workloadRules } from './certificate-rules.js';
import type { KnownAnchors } from './known-anchors.js';
import { type Budget, budgetOf, type PathLimits } from './limits.js';
import type { IsPublicSuffix, ReferenceName } from './reference-name.js';
import type { RevocationOptions } from './revocation-options.js';
import type { TrustAnchor } from './trust-anchor.js';
import { knownAnchors, type TrustStore } from './trust-store.js';
import { webpkiRules } from './webpki-rules.js';

/**
 * What certificates are held to besides RFC 5280 §6, which always counts.
 *
 * - `rfc5280`: RFC 5280 §4 as well, as of certificates that conforming authorities make.
 * - `webpki`: the CA/Browser Forum's Baseline Requirements for TLS servers.
 * - `workload`: what workloads need: no policies, leaves that are no authorities and live 91 days at most.
 * - `path`: nothing else. For certificates of old or careless authorities.
 */
export type PathMode = 'rfc5280' | 'webpki' | 'workload' | 'path';

/** RFC 5280 §6.1.1 (c), (e), (f), (g). */
export interface PolicyInputs {
  /** user-initial-policy-set: policies that will do. Default any-policy. */
  readonly initialPolicySet?: readonly Oid[];
  /** initial-explicit-policy. Default false. */
  readonly requireExplicitPolicy?: boolean;
  /** initial-policy-mapping-inhibit. Default false. */
  readonly inhibitPolicyMapping?: boolean;
  /** initial-any-policy-inhibit. Default false. */
  readonly inhibitAnyPolicy?: boolean;
}

/** What a chain is checked against. */
export interface PathOptions {
  /** Who is trusted. A {@link TrustStore} is indexed once and remembers authorities; a list is indexed for each call. */
  readonly anchors: TrustStore | readonly (Certificate | TrustAnchor)[];
  /** May be in any order, useless, wrong or there twice. Default none. */
  readonly intermediates?: readonly Certificate[];
  /** When the chain is to be good. */
  readonly at: Seconds;
  /** What certificates are held to. Default `rfc5280`. */
  readonly mode?: PathMode;
  readonly verify: VerifySignature;
  /** Names that the leaf must have, all of them. Default none: whoever asks later finds them in the leaf. */
  readonly names?: readonly ReferenceName[];
  /** What the leaf must be good for; anyExtendedKeyUsage and no extKeyUsage at all will do, but not in `webpki`. Default anything. */
  readonly extKeyUsage?: Oid;
  /** Bits that the keyUsage of the leaf must have where it has one. Default none. */
  readonly keyUsage?: readonly KeyUsageBit[];
  /** Whether authorities that say what they are for must be for `extKeyUsage` too. RFC 5280 does not ask for it, everybody does. Default true. */
  readonly authorityExtKeyUsage?: boolean;
  readonly policies?: PolicyInputs;
  /** Most intermediates, self-issued ones not counted, as in pathLenConstraint. Default as many as `limits.depth` allows. */
  readonly maxPathLength?: number;
  /** Longest lifetime of the leaf. Default 91 days in `workload`, else any. */
  readonly maxLifetime?: Seconds;
  /**
   * Whether anchors that are certificates are held to their dates, constraints and extensions (RFC 5937). Default true. The
   * certificatePolicies of an anchor narrow nothing: ask for policies by `initialPolicySet`.
   */
  readonly anchorConstraints?: boolean;
  /** Default {@link modernAlgorithms}, in `webpki` {@link webpkiAlgorithms}. */
  readonly algorithms?: AlgorithmPolicy;
  /** Critical extensions that the caller evaluates. Default none. */
  readonly handledExtensions?: readonly Oid[];
  /** The Public Suffix List (CABF BR §3.2.2.6): a wildcard right below one of its domains has no name. Default: an empty list. */
  readonly isPublicSuffix?: IsPublicSuffix;
  /** Whether a commonName that looks like a DNS name must be within dNSName constraints where there is no dNSName. Default false. */
  readonly constrainCommonName?: boolean;
  /** Whether certificates are asked to be not revoked, and who is asked. Default: not. */
  readonly revocation?: RevocationOptions;
  readonly limits?: PathLimits;
  /** Whether a refusal tells all that was tried. Default false. */
  readonly explain?: boolean;
}

/** Options with nothing left open. */
export interface Settings {
  readonly store: KnownAnchors;
  readonly intermediates: readonly Certificate[];
  readonly at: Seconds;
  readonly rules: readonly CertificateRule[];
  readonly verify: VerifySignature;
  readonly names: readonly ReferenceName[];
  readonly extKeyUsage: Oid | undefined;
  readonly anyPurposeWillDo: boolean;
  readonly keyUsage: readonly KeyUsageBit[];
  readonly authorityExtKeyUsage: boolean;
  readonly policies: Required<PolicyInputs>;
  readonly maxPathLength: number;
  readonly maxLifetime: Seconds;
  readonly anchorConstraints: boolean;
  readonly algorithms: AlgorithmPolicy;
  readonly handledExtensions: readonly Oid[];
  readonly isPublicSuffix: IsPublicSuffix;
  readonly constrainCommonName: boolean;
  /** Whether revocation lists are held to RFC 5280 §5 as certificates are to §4. */
  readonly conformingLists: boolean;
  readonly revocation: RevocationOptions | undefined;
  readonly budget: Budget;
  readonly explain: boolean;
}

/** Kubernetes grants no more (`maxExpirationSeconds` of a PodCertificateProjection). */
const DAYS_91: Seconds = 91 * 86_400;

/** @throws RangeError for a moment that is no whole second and numbers out of range; TypeError for an unknown mode. */
export function settingsOf({
  anchors,
  intermediates = [],
  at,
  mode = 'rfc5280',
  verify,
  names = [],
  extKeyUsage,
  keyUsage = [],
  authorityExtKeyUsage = true,
  policies: { initialPolicySet = [anyPolicy], ...policyFlags } = {},
  maxPathLength = Number.POSITIVE_INFINITY,
  maxLifetime = mode === 'workload' ? DAYS_91 : Number.POSITIVE_INFINITY,
  anchorConstraints = true,
  algorithms = mode === 'webpki' ? webpkiAlgorithms : modernAlgorithms,
  handledExtensions = [],
  isPublicSuffix = () => false,
  constrainCommonName = false,
  revocation,
  limits,
  explain = false,
  ...unknown
}: PathOptions): Settings {
  unknown satisfies Record<string, never>;
  const { requireExplicitPolicy = false, inhibitPolicyMapping = false, inhibitAnyPolicy = false } = policyFlags;
  if (!Number.isSafeInteger(at)) throw new RangeError(`Cannot validate path: not a whole second ${at}`);
  if (!(maxPathLength >= 0) || !(maxLifetime >= 1))
    throw new RangeError(`Cannot validate path: maxPathLength ${maxPathLength} or maxLifetime ${maxLifetime}`);
  return {
    store: knownAnchors(anchors),
    intermediates,
    at,
    rules: rulesOf(mode),
    verify,
    names,
    extKeyUsage,
    anyPurposeWillDo: mode !== 'webpki',
    keyUsage,
    authorityExtKeyUsage,
    policies: { initialPolicySet, requireExplicitPolicy, inhibitPolicyMapping, inhibitAnyPolicy },
    maxPathLength,
    maxLifetime,
    anchorConstraints,
    algorithms,
    handledExtensions,
    isPublicSuffix,
    constrainCommonName,
    conformingLists: mode === 'rfc5280' || mode === 'webpki',
    revocation,
    budget: budgetOf(limits),
    explain,
  };
}

function rulesOf(mode: PathMode): readonly CertificateRule[] {
  switch (mode) {
    case 'rfc5280':
      return rfc5280Rules;
    case 'webpki':
      return webpkiRules;
    case 'workload':
      return workloadRules;
    case 'path':
      return [];
    default:
      throw new TypeError(`Cannot validate path: no mode ${mode satisfies never}`);
  }
}
