import type { Seconds } from '@mayfly/der';
import { createMeters } from '../prometheus.js';
import type { UpEvent, UpReason } from '../up/event.js';
import type { SourceStatus } from '../up/source-runner.js';

/** What of a running requester is shown beside what it counts. */
export interface RequesterGauges {
  readonly status: () => Pick<SourceStatus, 'certificate' | 'requestedAt' | 'retryAt'> | undefined;
  readonly isReady: () => boolean;
  readonly clockAhead: () => Seconds | undefined;
  readonly now: () => Seconds;
}

/** Counts what a requester does, for Prometheus. */
export interface RequesterMetrics {
  note(event: Pick<UpEvent, 'reason'>): void;
  text(): Promise<string>;
}

/** Attempts that brought nothing, as the log calls them. */
const FAILURES: ReadonlySet<UpReason> = new Set<UpReason>([
  'RefreshFailed',
  'Denied',
  'Failed',
  'Rejected',
  'RequestLost',
  'VolumeNotWritten',
]);

/** @param labels - Who is asked, and for whom. */
export function createRequesterMetrics(
  labels: { readonly signer: string; readonly namespace: string; readonly pod: string },
  { status, isReady, clockAhead, now }: RequesterGauges,
): RequesterMetrics {
  const { counter, gauge, text } = createMeters('mayfly_requester', labels);
  const issued = counter('issued_total', 'Certificates that came into use');
  const failures = counter('failures_total', 'Attempts that brought none, by what the log calls them', ['reason']);
  gauge('ready', '1 while everything is as it should be', () => (isReady() ? 1 : 0));
  gauge(
    'certificate_expiry_timestamp_seconds',
    'notAfter of the certificate in use',
    () => status()?.certificate?.notAfter,
  );
  gauge('refresh_timestamp_seconds', 'When the next certificate is due', () => status()?.certificate?.refreshAt);
  gauge(
    'next_attempt_timestamp_seconds',
    'When the next attempt begins after one that failed',
    () => status()?.retryAt,
  );
  gauge('pending_request_seconds', 'Age of the request that is under way; 0 without', () => {
    const since = status()?.requestedAt;
    return since === undefined ? 0 : Math.max(0, now() - since);
  });
  gauge('clock_ahead_seconds', 'Seconds that the clock of the API server is ahead', clockAhead);
  return {
    note({ reason }) {
      if (reason === 'Issued' || reason === 'Rotated') issued.inc();
      else if (FAILURES.has(reason)) failures.inc({ reason });
    },
    text,
  };
}
