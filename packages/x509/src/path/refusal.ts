import { DerError } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { X509Error } from '../errors.js';

/** Why a certificate is refused. Stable: adding is minor, changing is major. */
export type PathRefusalReason =
  // the limits of the caller
  | 'CandidateBudgetExhausted'
  | 'CertificateTooLarge'
  | 'NameComparisonBudgetExhausted'
  | 'PathTooDeep'
  | 'SignatureBudgetExhausted'
  | 'TooManyNames'
  // RFC 5280 §6: the path
  | 'ExtKeyUsageMismatch'
  | 'Expired'
  | 'IssuerNotCA'
  | 'IssuerNotFound'
  | 'IssuerUnnamed'
  | 'KeyCertSignMissing'
  | 'NameExcluded'
  | 'NameNotPermitted'
  | 'NameUnjudgeable'
  | 'NotYetValid'
  | 'PathLenExceeded'
  | 'PolicyMappingInvalid'
  | 'PolicyNotAcceptable'
  | 'SignatureInvalid'
  | 'SignatureUnverifiable'
  | 'UnhandledCriticalExtension'
  // revocation
  | 'Revoked'
  | 'RevocationUnknown'
  // algorithms
  | 'KeyRefused'
  | 'SignatureAlgorithmRefused'
  // the certificates themselves
  | 'BadExtension'
  | 'BadName'
  | 'BadSerialNumber'
  | 'ExtensionForbidden'
  | 'ExtensionMissing'
  | 'ExtensionNotCritical'
  | 'ExtensionCritical'
  | 'KeyUsageForbidden'
  | 'LeafIsCA'
  | 'LifetimeTooLong'
  | 'VersionTooOld'
  // the name asked for
  | 'NameMismatch'
  | 'NotASpiffeID';

/** What is wrong, without the certificate that it is wrong with. */
export interface PathFault {
  readonly reason: PathRefusalReason;
  /** For people: what was found. */
  readonly message: string;
  /** Where the rule stands, for example `RFC 5280 §6.1.3 (a)(2)`; a limit of the caller is `limit`. */
  readonly rule: string;
}

/** An expected refusal. */
export interface PathRefusal extends PathFault {
  readonly ok: false;
  /** The certificate that is to blame. */
  readonly certificate: Certificate;
  /** From the leaf to the certificate that is to blame, both included. */
  readonly chain: readonly Certificate[];
  /** All that was tried; with the option `explain` alone. */
  readonly attempt?: PathAttempt;
}

/** A certificate that was tried, and those that were tried above it. */
export interface PathAttempt {
  /** DER of its Name. */
  readonly subject: Uint8Array;
  /** Absent for an anchor that is a name and a key. */
  readonly certificate?: Certificate;
  /** Whether it stood there as a trust anchor. */
  readonly isAnchor: boolean;
  /** Why it was not used; absent where it was, or where everything above it failed. */
  readonly fault?: PathFault;
  /** Possible issuers in the order that they were tried. */
  readonly issuers: readonly PathAttempt[];
}

export const fault = (reason: PathRefusalReason, rule: string, message: string): PathFault => ({
  reason,
  message,
  rule,
});

/** Whether what a step gave is a fault and not its result. */
export const isFault = (value: object): value is PathFault => 'rule' in value;

/** Exhausted budgets end the search; everything else sends it on to the next candidate. */
const FINAL: ReadonlySet<PathRefusalReason> = /* @__PURE__ */ new Set<PathRefusalReason>([
  'CandidateBudgetExhausted',
  'NameComparisonBudgetExhausted',
  'SignatureBudgetExhausted',
]);

export const isFinal = ({ reason }: PathFault): boolean => FINAL.has(reason);

/** Runs what decodes parts of a certificate; what is broken there is a fault, not an exception. */
export function decodedOr<T>(decode: () => T, rule: string = 'RFC 5280 §4.2'): T | PathFault {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return fault('BadExtension', rule, error.message);
    throw error;
  }
}
