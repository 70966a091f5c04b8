import type { Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import type { IndexedCRL } from '../crl/serial-index.js';
import type { RevocationStatus } from '../revocation-status.js';
import type { VerifySignature } from '../signed.js';

/** What somebody else is asked about one certificate of a path. */
export interface RevocationQuestion {
  readonly certificate: Certificate;
  /** Whose key signed it: the next certificate of the path, or the anchor. */
  readonly issuer: Pick<Certificate, 'subject' | 'subjectPublicKeyInfo'>;
  readonly at: Seconds;
  readonly verify: VerifySignature;
}

/** A stapled OCSP response, a responder, a database: whatever knows of revocations. `unknown` where it does not. */
export type RevocationSource = (question: RevocationQuestion) => RevocationStatus | Promise<RevocationStatus>;

/** Whether and how revocation counts. */
export interface RevocationOptions {
  /** What becomes of a certificate of which nobody knows: refused as `RevocationUnknown` (`hard-fail`), or passed (`soft-fail`). */
  readonly mode: 'hard-fail' | 'soft-fail';
  /** Asked in their order, before the lists, until one knows. Default none. */
  readonly sources?: readonly RevocationSource[];
  /** Revocation lists of whatever issuers, in any order. Who signed one needs a path to the anchor of the certificate. Default none. */
  readonly crls?: readonly IndexedCRL[];
  /** Longest time since `thisUpdate` of a list, in seconds. Default: until its `nextUpdate`. */
  readonly maxAge?: Seconds;
  /** Every certificate below the anchor, or the leaf alone. Default `path`. */
  readonly scope?: 'path' | 'leaf';
}
