import type { Denial } from '@mayfly/ca';
import type { PodCertificateRequest } from './types.js';

/**
 * Characters of annotations, labels and owners of a request that are kept until it is answered. Kubernetes lets in 256 KiB of
 * annotations, and thousands of such requests may wait at once.
 */
const MAX_TEXTS = 32 << 10;

/** Why a request is too large to be looked at, for good. */
export function sizeDenial({ metadata, spec }: PodCertificateRequest): Denial | undefined {
  const owners = metadata.ownerReferences.flatMap((owner) => Object.values(owner));
  const texts = [...Object.entries(spec.unverifiedUserAnnotations), ...Object.entries(metadata.labels), owners].flat();
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return length <= MAX_TEXTS
    ? undefined
    : {
        reason: 'RequestTooLarge',
        message: `Annotations, labels and owners have ${length} characters, at most ${MAX_TEXTS} are looked at`,
      };
}

/** A request with nothing of any size: no annotations, labels, owners, key or certificate. */
export const withoutContents = ({
  metadata,
  spec,
  status,
  terminal,
}: PodCertificateRequest): PodCertificateRequest => ({
  metadata: { ...metadata, labels: {}, ownerReferences: [] },
  spec: {
    ...spec,
    unverifiedUserAnnotations: {},
    stubPKCS10Request: NOTHING,
    pkixPublicKey: NOTHING,
    proofOfPossession: NOTHING,
  },
  status: { ...status, conditions: [], certificateChain: '' },
  terminal,
});

const NOTHING = /* @__PURE__ */ new Uint8Array();
