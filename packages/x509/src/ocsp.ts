export {
  type CertID,
  type CertIDHash,
  type CertIDIssuer,
  certID,
  identifies,
  responderKeyHash,
} from './ocsp/cert-id.js';
export { checkOCSP, checkOCSPSync } from './ocsp/check.js';
export {
  createOCSPResponse,
  createOCSPResponseSync,
  encodeOCSPFailure,
  type OCSPAnswer,
  type OCSPResponseContents,
} from './ocsp/create.js';
export { idPkixOcspNonce, ocspNonce, ocspNonceExtension } from './ocsp/nonce.js';
export {
  createOCSPRequest,
  encodeOCSPRequest,
  MAX_OCSP_LENGTH,
  type OCSPRequest,
  type OCSPRequestContents,
  type OCSPSingleRequest,
  parseOCSPRequest,
} from './ocsp/request.js';
export {
  type BasicOCSPResponse,
  type CertStatus,
  idPkixOcspBasic,
  type OCSPFailure,
  type OCSPResponse,
  parseOCSPResponse,
  type ResponderID,
  type SingleResponse,
} from './ocsp/response.js';
export { type OCSPCheck, type OCSPQuestion, type OCSPSigner, ocspStatus } from './ocsp/status.js';
export type { RevocationStatus, RevocationUnknownReason } from './revocation-status.js';
