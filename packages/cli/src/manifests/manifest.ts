import type { Seconds } from '@mayfly/der';
import type { Place } from './findings.js';

/** The keys that a pod can have, by their name in a `podCertificate` source. */
export type KeyType = 'RSA3072' | 'RSA4096' | 'ECDSAP256' | 'ECDSAP384' | 'ECDSAP521' | 'ED25519';
export const keyTypes: readonly KeyType[] = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'];

/** What manifests ask for, in the one form that the rest of the command knows: the real API's. */
export interface Manifests {
  /** Unique by namespace and name, in the order of the files. Never empty. */
  readonly pods: readonly Pod[];
  /** ClusterTrustBundle documents, unique by name. */
  readonly clusterTrustBundles: readonly ClusterTrustBundle[];
}

export interface Pod {
  readonly place: Place;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccountName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** The projected volumes with at least one source that is served. */
  readonly volumes: readonly Volume[];
}

export interface Container {
  readonly place: Place;
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** In the manifest's order; of two with one name the later counts. */
  readonly env: readonly EnvironmentVariable[];
  readonly volumeMounts: readonly VolumeMount[];
}
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}
export interface VolumeMount {
  readonly place: Place;
  /** Of the volume. */
  readonly name: string;
  readonly mountPath: string;
  readonly subPath: string | undefined;
}

export interface Volume {
  readonly place: Place;
  readonly name: string;
  /** File mode bits, 0 to 0o777. */
  readonly defaultMode: number;
  readonly sources: readonly Source[];
}
export type Source = PodCertificateSource | ClusterTrustBundleSource;

/** Specification of one `podCertificate` source, an independent request with an independent key. */
export interface PodCertificateSource {
  readonly type: 'podCertificate';
  readonly place: Place;
  /** Position among all sources of the volume as written; with pod and volume it names the source. */
  readonly index: number;
  readonly signerName: string;
  readonly keyType: KeyType;
  /** `undefined` leaves the choice to the API server, which takes 86400. */
  readonly maxExpirationSeconds: Seconds | undefined;
  /** Of the three paths at least one is given. Relative to the volume. */
  readonly credentialBundlePath: string | undefined;
  readonly keyPath: string | undefined;
  readonly certificateChainPath: string | undefined;
  readonly userAnnotations: Readonly<Record<string, string>>;
}

export interface ClusterTrustBundleSource {
  readonly type: 'clusterTrustBundle';
  readonly place: Place;
  readonly index: number;
  readonly path: string;
  readonly from: ClusterTrustBundleReference;
  /** Whether the pod starts without the bundle. */
  readonly optional: boolean;
}
/** One bundle by name, or all of a signer that the selector matches; `undefined` matches none, an empty one all. */
export type ClusterTrustBundleReference =
  | { readonly name: string }
  | { readonly signerName: string; readonly labelSelector: LabelSelector | undefined };

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelExpression[];
}
export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Empty exactly for `Exists` and `DoesNotExist`. */
  readonly values: readonly string[];
}

/** A ClusterTrustBundle document. Its certificates are not parsed. */
export interface ClusterTrustBundle {
  readonly place: Place;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly signerName: string | undefined;
  /** PEM, one or more `CERTIFICATE` blocks without headers, none twice. */
  readonly trustBundle: string;
}

/** Whether labels satisfy a selector (Kubernetes' rules; `undefined` satisfies nothing). */
export function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return false;
  const labelOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => labelOf(key) === value) &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = labelOf(key);
      const listed = value !== undefined && values.includes(value);
      if (operator === 'In') return listed;
      if (operator === 'NotIn') return !listed;
      return (value !== undefined) === (operator === 'Exists');
    })
  );
}
