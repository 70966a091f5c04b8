export {
  type CertificateList,
  crlSignedParts,
  encodeTBSCertList,
  MAX_CRL_LENGTH,
  type ParseCRLOptions,
  parseCRL,
  type TBSCertList,
} from './crl/certificate-list.js';
export { type CRLSigner, checkCRLs, checkCRLsSync, isSignedBy } from './crl/check.js';
export { collectCRL } from './crl/collect.js';
export {
  type CRLContents,
  createCRL,
  createCRLSync,
  encodeCRLContents,
  type Revocation,
} from './crl/create.js';
export { type Entries, type RevokedCertificate, revokedCertificates } from './crl/entries.js';
export { type IndexedCRL, indexCRL } from './crl/serial-index.js';
export { type CRLCheck, crlStatus } from './crl/status.js';
export type { RevocationStatus, RevocationUnknownReason } from './revocation-status.js';
