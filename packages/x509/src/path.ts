export { type AlgorithmPolicy, modernAlgorithms, webpkiAlgorithms } from './path/algorithm-policy.js';
export type { PathLimits } from './path/limits.js';
export type { PathMode, PathOptions, PolicyInputs } from './path/options.js';
export {
  type IsPublicSuffix,
  parseReferenceName,
  type ReferenceName,
  referenceNameFault,
} from './path/reference-name.js';
export type { PathAttempt, PathFault, PathRefusal, PathRefusalReason } from './path/refusal.js';
export type { RevocationOptions, RevocationQuestion, RevocationSource } from './path/revocation-options.js';
export type { TrustAnchor } from './path/trust-anchor.js';
export { TrustStore } from './path/trust-store.js';
export {
  type PathResult,
  type SyncPathOptions,
  type ValidPath,
  validatePath,
  validatePathSync,
} from './path/validate.js';
