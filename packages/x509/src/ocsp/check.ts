import type { Certificate } from '../certificate.js';
import { answerQuestions, answerQuestionsSync } from '../questions.js';
import type { RevocationStatus } from '../revocation-status.js';
import type { SyncVerifySignature, VerifySignature } from '../signed.js';
import { type OCSPCheck, ocspStatus } from './status.js';

/**
 * Asks a response whether a certificate is revoked (RFC 6960 §3.2): it is about this certificate, fresh, repeats the nonce, and is
 * signed by the issuer, by a responder that the issuer authorized with `OCSPSigning`, or by one in `responders`.
 * @param isResponderGood - Whether the certificate of a responder that says where to ask is not revoked. Default: nobody knows,
 * so only responders with ocspNoCheck, and those that do not say where to ask, are accepted.
 * @throws What `verify` and `isResponderGood` threw first, when nothing else decided. Broken extensions are `unknown`.
 */
export const checkOCSP = (
  check: OCSPCheck,
  verify: VerifySignature,
  isResponderGood: (responder: Certificate) => boolean | Promise<boolean> = () => false,
): Promise<RevocationStatus> =>
  answerQuestions(ocspStatus(check), (question) =>
    question.signed === undefined
      ? isResponderGood(question.responder)
      : verify(question.signed, question.subjectPublicKeyInfo),
  );

/** {@link checkOCSP} without waiting. */
export const checkOCSPSync = (
  check: OCSPCheck,
  verify: SyncVerifySignature,
  isResponderGood: (responder: Certificate) => boolean = () => false,
): RevocationStatus =>
  answerQuestionsSync(ocspStatus(check), (question) =>
    question.signed === undefined
      ? isResponderGood(question.responder)
      : verify(question.signed, question.subjectPublicKeyInfo),
  );
