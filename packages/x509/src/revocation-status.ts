import type { Seconds } from '@mayfly/der';
import type { CRLReason } from './extensions/reason-code.js';

/** Why nobody can say whether a certificate is revoked. */
export type RevocationUnknownReason =
  | 'BadExtension'
  | 'CRLExpired'
  | 'CRLNotAuthentic'
  | 'CRLNotFound'
  | 'CRLNotYetValid'
  | 'CRLOutOfScope'
  | 'CRLReasonsIncomplete'
  | 'CRLUnhandledCriticalExtension'
  | 'OCSPExpired'
  | 'OCSPMalformed'
  | 'OCSPNonceMismatch'
  | 'OCSPNotFound'
  | 'OCSPNotYetValid'
  | 'OCSPResponderUnauthorized'
  | 'OCSPSignatureInvalid'
  | 'OCSPUnknownCertificate'
  | 'OCSPUnhandledCriticalExtension'
  | 'OCSPUnsuccessful';

/** What revocation lists or a responder say of one certificate at one moment. */
export type RevocationStatus =
  | { readonly status: 'good' }
  | {
      readonly status: 'revoked';
      readonly revocationDate: Seconds;
      readonly reason: Exclude<CRLReason, 'removeFromCRL'>;
    }
  | { readonly status: 'unknown'; readonly reason: RevocationUnknownReason; readonly message: string };

/** For example `unknown('CRLNotFound', 'No list ...')`. */
export const unknown = (reason: RevocationUnknownReason, message: string): RevocationStatus => ({
  status: 'unknown',
  reason,
  message,
});
