export { describeFieldError, type FieldError, type FieldErrorReason } from './field-error.js';
export { signerNameErrors } from './names.js';
export {
  defaultPodCertificateRequest,
  type NewRequestContext,
  newRequestRules,
  type RequestVerifiers,
  type VerifyProofOfPossession,
  validateNewRequest,
} from './request-rules.js';
export type { Rule } from './rule.js';
export {
  conditionRules,
  type IssuedContext,
  issuedRules,
  type StatusContext,
  validateStatusUpdate,
} from './status-rules.js';
export { type TrustBundleContext, trustBundleRules, validateTrustBundle } from './trust-bundle-rules.js';
