export {
  type AlgorithmIdentifier,
  algorithmIdentifierNode,
  equalAlgorithmIdentifiers,
  readAlgorithmIdentifier,
} from './algorithm-identifier.js';
export {
  type Certificate,
  encodeTBSCertificate,
  inspectCertificate,
  type KnownParts,
  MAX_CERTIFICATE_LENGTH,
  parseCertificate,
  parseCertificates,
  parseTBSCertificate,
  signedParts,
  type TBSCertificate,
  tbsCertificateNode,
} from './certificate.js';
export { X509Error, type X509ErrorCode } from './errors.js';
export {
  type Extension,
  type ExtensionToWrite,
  extensionNode,
  extensionsNode,
  type HasExtensions,
  type Known,
  readExtensions,
} from './extension.js';
export { describePublicKey, type PlainAlgorithm, type PublicKeyDescription } from './public-key.js';
export {
  encodeSubjectPublicKeyInfo,
  parseSubjectPublicKeyInfo,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  subjectPublicKeyInfoNode,
} from './spki.js';
export { lifetime, readValidity, type Validity, validityNode } from './validity.js';
