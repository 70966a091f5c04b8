import type { Seconds } from '@mayfly/der';
import type { KeyType } from '@mayfly/pod-certificates';
import type { LabelSelector } from '@mayfly/pod-certificates/api';
import type { Place } from './findings.js';

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
  /** Key stores that stand beside the PEM files, where the pod asks for them. */
  readonly keystore?: Keystore;
}

/** A PKCS#12 key store and trust store of a volume. */
export interface Keystore {
  /** Relative to the volume, as all paths. */
  readonly keystorePath: string;
  readonly truststorePath: string;
  /** friendlyName of the key. */
  readonly alias: string;
  readonly profile: 'modern' | 'pbmac1' | 'legacy-3des' | 'legacy-rc2';
  readonly iterations: number;
  /** Where the password is found, each time that it is needed. */
  readonly password: { readonly type: 'file'; readonly path: string } | { readonly type: 'env'; readonly name: string };
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

/** A ClusterTrustBundle document. Its certificates are not parsed. */
export interface ClusterTrustBundle {
  readonly place: Place;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly signerName: string | undefined;
  /** PEM, one or more `CERTIFICATE` blocks without headers, none twice. */
  readonly trustBundle: string;
}
