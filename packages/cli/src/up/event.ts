import type { Seconds } from '@mayfly/der';

/** What can happen while pods are served. Those about certificates have the kubelet's names where it has one. */
export type UpReason =
  | 'Loaded'
  | 'ExpiredBeforeStart'
  | 'Issued'
  | 'Rotated'
  | 'RefreshFailed'
  | 'Denied'
  | 'Failed'
  | 'Rejected'
  | 'RequestLost'
  | 'CertificateOverdueForRefresh'
  | 'CertificateExpired'
  | 'VolumeWritten'
  | 'VolumeNotWritten'
  | 'AuthorityCreated'
  | 'AuthorityPrepared'
  | 'AuthorityActivated'
  | 'AuthorityRetired'
  | 'TrustBundleWritten'
  | 'SignerRetries'
  | 'WebAssemblyUnavailable'
  | 'PodForgotten'
  | 'ProgramStarted'
  | 'ProgramExited'
  | 'Ready'
  | 'NotReady'
  | 'Ending';

/** One thing that happened. Nothing in it is secret. */
export interface UpEvent {
  readonly at: Seconds;
  readonly type: 'Normal' | 'Warning';
  readonly reason: UpReason;
  /** For people; a whole sentence without its period. */
  readonly message: string;
  /** `namespace/name`. */
  readonly pod?: string;
  readonly volume?: string;
  readonly signerName?: string;
  /** Hexadecimal. */
  readonly serialNumber?: string;
  readonly notAfter?: Seconds;
  readonly refreshAt?: Seconds;
  /** When the next attempt begins. */
  readonly retryAt?: Seconds;
}

export type Emit = (event: Omit<UpEvent, 'at'>) => void;

/** The event as one JSON object, times in RFC 3339. */
export function eventToJson({ at, notAfter, refreshAt, retryAt, ...event }: UpEvent): string {
  return JSON.stringify({
    time: rfc3339(at),
    ...event,
    ...(refreshAt !== undefined && { refreshAt: rfc3339(refreshAt) }),
    ...(notAfter !== undefined && { notAfter: rfc3339(notAfter) }),
    ...(retryAt !== undefined && { retryAt: rfc3339(retryAt) }),
  });
}

const rfc3339 = (at: Seconds): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');
