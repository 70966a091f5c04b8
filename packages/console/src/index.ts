export { contentSecurityPolicy, type PageName } from './content-security-policy.js';
export { pagesDirectory } from './pages-directory.js';
export type {
  AuthorityStatus,
  CertificateStatus,
  HeldCertificate,
  StatusChanges,
  StatusEvent,
  StatusSnapshot,
  StatusStep,
  StatusSummary,
  TrustBundleStatus,
} from './status/snapshot.js';
