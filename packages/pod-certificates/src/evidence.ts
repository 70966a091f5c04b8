import type { Evidence, IssuanceRequest } from '@mayfly/ca';
import type { PodCertificateRequest } from './types.js';

/**
 * What rules look at: namespace, pod, service account and node with their UIDs are verified, because the API server
 * compares them with the pod when a node creates the request; annotations are not.
 */
export const evidenceOf = (
  { metadata: { namespace }, spec }: PodCertificateRequest,
  request: IssuanceRequest,
): Evidence => ({
  request,
  verified: {
    namespace,
    podName: spec.podName,
    podUID: spec.podUID,
    serviceAccountName: spec.serviceAccountName,
    serviceAccountUID: spec.serviceAccountUID,
    nodeName: spec.nodeName,
    nodeUID: spec.nodeUID,
  },
  unverified: spec.unverifiedUserAnnotations,
});
