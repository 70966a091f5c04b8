export { Pkcs10Error, type Pkcs10ErrorCode } from './errors.js';
export {
  type Attribute,
  type CertificationRequest,
  createCertificationRequest,
  createCertificationRequestSync,
  encodeCertificationRequestInfo,
  MAX_REQUEST_LENGTH,
  parseCertificationRequest,
  type RequestContents,
  requestSignedParts,
  verifyCertificationRequest,
} from './request.js';
