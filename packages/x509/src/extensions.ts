export * from './extensions/authority-info-access.js';
export * from './extensions/authority-key-identifier.js';
export * from './extensions/basic-constraints.js';
export * from './extensions/certificate-issuer.js';
export * from './extensions/certificate-policies.js';
export {
  cRLDistributionPoints,
  cRLDistributionPointsExtension,
  type DistributionPoint,
  type DistributionPointName,
  idCeCRLDistributionPoints,
  type ReasonFlag,
} from './extensions/crl-distribution-points.js';
export { cRLNumber, cRLNumberExtension, idCeCRLNumber } from './extensions/crl-number.js';
export * from './extensions/delta-crl-indicator.js';
export type { DisplayText } from './extensions/display-text.js';
export * from './extensions/ext-key-usage.js';
export { findExtension, unhandledCritical } from './extensions/find-extension.js';
export * from './extensions/freshest-crl.js';
export * from './extensions/inhibit-any-policy.js';
export * from './extensions/invalidity-date.js';
export * from './extensions/issuer-alt-name.js';
export * from './extensions/issuing-distribution-point.js';
export * from './extensions/key-usage.js';
export * from './extensions/name-constraints.js';
export * from './extensions/ocsp-no-check.js';
export * from './extensions/policy-constraints.js';
export * from './extensions/policy-mappings.js';
export { type CRLReason, idCeCRLReasons, reasonCode, reasonCodeExtension } from './extensions/reason-code.js';
export * from './extensions/signed-certificate-timestamps.js';
export * from './extensions/subject-alt-name.js';
export * from './extensions/subject-directory-attributes.js';
export * from './extensions/subject-info-access.js';
export * from './extensions/subject-key-identifier.js';
export * from './extensions/tls-feature.js';
