// What a running command tells its status page. Times are seconds since 1970, by the clock that certificates follow. Nothing in
// it is secret.

/** Everything at one moment: what `/status.json` answers, and the first message of the event stream. */
export interface StatusSnapshot {
  readonly summary: StatusSummary;
  readonly certificates: readonly CertificateStatus[];
  /** The newest, oldest first. */
  readonly events: readonly StatusEvent[];
}

/** What became different since the last message of the event stream: certificates replace those of the same `id`. */
export interface StatusChanges {
  readonly summary: StatusSummary;
  readonly certificates: readonly CertificateStatus[];
  readonly events: readonly StatusEvent[];
}

/** How the whole stands. */
export interface StatusSummary {
  readonly command: 'up' | 'signer';
  readonly now: number;
  readonly startedAt: number;
  /** What is not well; the first of `problemCount`. */
  readonly problems: readonly string[];
  readonly problemCount: number;
  readonly counts: {
    readonly issued: number;
    readonly rotations: number;
    readonly overdue: number;
    /** Requests that were denied or failed. */
    readonly refused: number;
  };
  readonly authorities: readonly AuthorityStatus[];
  readonly trustBundles: readonly TrustBundleStatus[];
  /** What happens next, refreshes aside. */
  readonly steps: readonly StatusStep[];
  /** For one signer of several: how many share the requests. */
  readonly members?: number;
}

/** Something that is going to happen. */
export interface StatusStep {
  readonly at: number;
  readonly message: string;
}

/** One generation of an authority. */
export interface AuthorityStatus {
  readonly signerName: string;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** `prepared`: in the bundle, not signing. `active`: signing. `retiring`: in the bundle for what it signed. */
  readonly state: 'prepared' | 'active' | 'retiring';
  /** When it entered this state; `undefined` where nobody noted it. */
  readonly since?: number;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A ClusterTrustBundle. */
export interface TrustBundleStatus {
  readonly name: string;
  readonly signerName?: string;
  /** Its `resourceVersion`, which changes with it. */
  readonly generation: string;
  readonly anchors: number;
  /** `undefined` where it did not change since the command began. */
  readonly changedAt?: number;
}

/** What one `podCertificate` source, or to a signer one pod, has and waits for. */
export interface CertificateStatus {
  readonly id: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly volume?: string;
  readonly signerName: string;
  /** The one in use last, some that it followed before; empty before the first. */
  readonly held: readonly HeldCertificate[];
  readonly rotations: number;
  /** When the request that is under way was made. */
  readonly requestedAt?: number;
  /** When the next attempt begins after one that failed. */
  readonly retryAt?: number;
  readonly problem?: string;
}

/** A certificate that is, or was, in use. */
export interface HeldCertificate {
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** To a signer, which keeps no certificates: when it was asked for. */
  readonly notBefore: number;
  /** From then on it is to be replaced. */
  readonly refreshAt: number;
  readonly notAfter: number;
}

/** One thing that happened. */
export interface StatusEvent {
  readonly at: number;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}
