import type { Seconds } from '@mayfly/der';

/** Versions of `certificates.k8s.io` that carry the two kinds: v1beta1 from 1.35, v1 from 1.37. */
export type ApiVersion = 'v1' | 'v1beta1';

/** The part of Kubernetes' ObjectMeta that this project reads and writes. */
export interface ObjectMeta {
  readonly name: string;
  /** Given by the server, never used twice. */
  readonly uid: string;
  /** Opaque to clients; equal means unchanged. */
  readonly resourceVersion: string;
  readonly creationTimestamp: Seconds;
  readonly generateName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

/** Kubernetes' OwnerReference: what is deleted together with whom. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What every request states; immutable once created. */
export interface PodCertificateRequestSpec {
  readonly signerName: string;
  readonly podName: string;
  readonly podUID: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUID: string;
  readonly nodeName: string;
  readonly nodeUID: string;
  /** Longest lifetime that the certificate may have. The API server's default is 86400. */
  readonly maxExpirationSeconds: Seconds;
  /** Written by the pod's author; nobody vouches for it. */
  readonly unverifiedUserAnnotations: Readonly<Record<string, string>>;
  /** DER of an empty, signed PKCS#10 request (1.36 and later); empty when the pair carries the key. */
  readonly stubPKCS10Request: Uint8Array;
  /** DER SubjectPublicKeyInfo (v1beta1, kubelets up to 1.35); empty when the stub carries the key. */
  readonly pkixPublicKey: Uint8Array;
  /** Signature over the pod UID (v1beta1, kubelets up to 1.35); empty when the stub carries the key. */
  readonly proofOfPossession: Uint8Array;
}

/** The members of a spec that say who asks whom. */
export const identityFields: readonly [
  'signerName',
  'podName',
  'podUID',
  'serviceAccountName',
  'serviceAccountUID',
  'nodeName',
  'nodeUID',
] = ['signerName', 'podName', 'podUID', 'serviceAccountName', 'serviceAccountUID', 'nodeName', 'nodeUID'];

/** A request ends in exactly one of these, or in none yet. */
export type TerminalCondition = 'Issued' | 'Denied' | 'Failed';

/** Kubernetes' metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime?: Seconds;
}

/** What the signer answered. */
export interface PodCertificateRequestStatus {
  readonly conditions: readonly Condition[];
  /** PEM, leaf first; empty unless issued. */
  readonly certificateChain: string;
  readonly notBefore?: Seconds;
  readonly notAfter?: Seconds;
  readonly beginRefreshAt?: Seconds;
}

/** A PodCertificateRequest of v1 or of either form of v1beta1, folded into one shape. */
export interface PodCertificateRequest {
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly spec: PodCertificateRequestSpec;
  readonly status: PodCertificateRequestStatus;
  /** The condition that ended the request; `undefined` while it is pending. */
  readonly terminal: TerminalCondition | undefined;
}

/** A request that is still to be created: the key in the stub or in the pair, the rest of the spec. */
export interface NewPodCertificateRequest {
  readonly metadata: NewObjectMeta & { readonly namespace: string };
  readonly spec: Omit<
    PodCertificateRequestSpec,
    'maxExpirationSeconds' | 'unverifiedUserAnnotations' | 'stubPKCS10Request' | 'pkixPublicKey' | 'proofOfPossession'
  > &
    Partial<PodCertificateRequestSpec>;
}

/** Metadata of an object that is still to be created: a name, or a prefix that the server completes. */
export interface NewObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Trust anchors for everybody, cluster-wide. */
export interface ClusterTrustBundle {
  readonly metadata: ObjectMeta;
  readonly spec: ClusterTrustBundleSpec;
}

export interface ClusterTrustBundleSpec {
  /** Empty for a bundle that belongs to no signer. */
  readonly signerName: string;
  /** PEM: one or more CA certificates. */
  readonly trustBundle: string;
}

/** A bundle that is still to be written. */
export interface NewClusterTrustBundle {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly signerName?: string; readonly trustBundle: string };
}
