export { PodCertificatesError, type PodCertificatesErrorCode } from './errors.js';
export { evidenceOf } from './evidence.js';
export { classifyKey, type KeyClass, type KeyType, keyTypes } from './key-type.js';
export { kubernetesLimits, type Limits, localLimits } from './limits.js';
export { isReservedSignerName } from './names.js';
export {
  clusterTrustBundleToJson,
  DEFAULT_MAX_EXPIRATION_SECONDS,
  podCertificateRequestToJson,
  readClusterTrustBundle,
  readPodCertificateRequest,
} from './read.js';
export { type RequestedKey, requestedKey } from './requested-key.js';
export {
  type ConditionJson,
  deniedStatus,
  failedStatus,
  type IssuedCertificate,
  issuedStatus,
  type StatusJson,
} from './status.js';
export { mergedTrustBundlePem, mergeTrustBundles, trustBundlePrefix } from './trust-bundle-rules.js';
export type {
  ApiVersion,
  ClusterTrustBundle,
  ClusterTrustBundleSpec,
  Condition,
  NewClusterTrustBundle,
  NewObjectMeta,
  NewPodCertificateRequest,
  ObjectMeta,
  OwnerReference,
  PodCertificateRequest,
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
  TerminalCondition,
} from './types.js';
