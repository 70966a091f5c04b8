import type { Certificate } from '../certificate.js';
import { keyUsage } from '../extensions/key-usage.js';
import { parseName } from '../name/codec.js';
import { namesMatch } from '../name/match.js';
import { answerQuestions, answerQuestionsSync } from '../questions.js';
import type { RevocationStatus } from '../revocation-status.js';
import type { SyncVerifySignature, VerifySignature } from '../signed.js';
import { type CertificateList, crlSignedParts } from './certificate-list.js';
import { type CRLCheck, crlStatus } from './status.js';

/**
 * Asks revocation lists whether a certificate is revoked (RFC 5280 §6.3).
 * @param isAuthentic - Whether one who may sign this list did: {@link isSignedBy} with the issuer of the certificate, or with
 * another certificate whose own path leads to the same anchor. Asked once for each list that the answer rests on.
 * @throws What `isAuthentic` threw first, when no other list decided. Broken extensions and lists that do not help are `unknown`.
 */
export const checkCRLs = (
  check: CRLCheck,
  isAuthentic: (crl: CertificateList) => boolean | Promise<boolean>,
): Promise<RevocationStatus> => answerQuestions(crlStatus(check), isAuthentic);

/** {@link checkCRLs} without waiting. */
export const checkCRLsSync = (check: CRLCheck, isAuthentic: (crl: CertificateList) => boolean): RevocationStatus =>
  answerQuestionsSync(crlStatus(check), isAuthentic);

/** Who may have signed a list. */
export type CRLSigner = Pick<Certificate, 'subject' | 'subjectPublicKeyInfo' | 'extensions'>;

/**
 * Whether a list has the name of this signer, the signer may sign lists, and the signature is its (RFC 5280 §6.3.3, f and g).
 * Whether the signer itself is to be trusted is not asked.
 * @throws {@link DerError}, {@link X509Error} for a broken name or keyUsage of the signer; what `verify` throws.
 */
export function isSignedBy(crl: CertificateList, signer: CRLSigner, verify: SyncVerifySignature): boolean;
export function isSignedBy(
  crl: CertificateList,
  signer: CRLSigner,
  verify: VerifySignature,
): boolean | Promise<boolean>;
export function isSignedBy(
  crl: CertificateList,
  signer: CRLSigner,
  verify: VerifySignature,
): boolean | Promise<boolean> {
  if (!namesMatch(parseName(crl.issuer), parseName(signer.subject))) return false;
  if (keyUsage(signer)?.has('cRLSign') === false) return false;
  return verify(crlSignedParts(crl), signer.subjectPublicKeyInfo);
}
