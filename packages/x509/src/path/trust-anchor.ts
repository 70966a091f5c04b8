import type { NameConstraints } from '../extensions/name-constraints.js';

/** RFC 5280 §6.1.1 (d): who is trusted, where that is no certificate. */
export interface TrustAnchor {
  /** DER of the Name. */
  readonly subject: Uint8Array;
  readonly subjectPublicKeyInfo: Uint8Array;
  /** What certificates below may be called: initial-permitted-subtrees and initial-excluded-subtrees. */
  readonly nameConstraints?: NameConstraints;
  /** Most intermediates below, self-issued ones not counted. */
  readonly pathLenConstraint?: number;
}
