import type { Seconds } from '@mayfly/der';
import { ApiError } from '@mayfly/pod-certificates/api';
import type { SignerEvent } from '@mayfly/pod-certificates/signer';
import { createMeters } from '../prometheus.js';

/** What of a running signer is shown beside what it counts. */
export interface Gauges {
  readonly authorityNotAfter: () => Seconds | undefined;
  /** When the next step of succession is due. */
  readonly nextStep: () => Seconds | undefined;
  /** How many share the requests. */
  readonly members: () => number;
  readonly clockAhead: () => Seconds | undefined;
  readonly isBundlePublished: () => boolean;
  /** Whether nothing keeps it from signing, such as a token that does not answer. */
  readonly canSign: () => boolean;
  readonly now: () => Seconds;
}

/** Counts what a signer does, for Prometheus. */
export interface Metrics {
  note(event: SignerEvent): void;
  text(): Promise<string>;
}

/** Seconds from creation to certificate; creation has whole seconds. */
const BUCKETS = [0.5, 1, 2, 5, 10, 30, 60, 300, 900];

export function createMetrics(signerName: string, gauges: Gauges): Metrics {
  const { counter, gauge, histogram, text } = createMeters('mayfly_signer', { signer: signerName });
  const issued = counter('issued_total', 'Certificates issued');
  const denied = counter('denied_total', 'Requests denied, by reason', ['reason']);
  const failed = counter('failed_total', 'Requests that nobody could sign, by reason', ['reason']);
  const discarded = counter('discarded_total', 'Certificates that were signed and that nobody was given');
  const retries = counter('retries_total', 'Attempts that are to be repeated, by what the server said', ['reason']);
  const interruptions = counter('watch_interruptions_total', 'Times that the signer had to begin its watch anew');
  const latency = histogram('issue_seconds', 'Seconds from creation of a request to its certificate', BUCKETS);
  gauge('authority_expiry_timestamp_seconds', 'notAfter of the issuing authority', gauges.authorityNotAfter);
  gauge('next_step_timestamp_seconds', 'When the next step of succession is due', gauges.nextStep);
  gauge('members', 'Signers that share the requests, by the last look', gauges.members);
  gauge('clock_ahead_seconds', 'Seconds that the clock of the API server is ahead', gauges.clockAhead);
  /** Creation of the requests that wait for another attempt, by uid. */
  const waiting = new Map<string, Seconds>();
  gauge('waiting_requests', 'Requests that wait for another attempt', () => waiting.size);
  gauge('oldest_waiting_seconds', 'Age of the oldest request that waits for another attempt', () => {
    let oldest = gauges.now();
    for (const createdAt of waiting.values()) oldest = Math.min(oldest, createdAt);
    return gauges.now() - oldest;
  });
  gauge('trust_bundle_published', '1 while the ClusterTrustBundle is as it should be', () =>
    gauges.isBundlePublished() ? 1 : 0,
  );

  gauge('can_sign', '1 while nothing keeps this signer from signing; /readyz says what does', () =>
    gauges.canSign() ? 1 : 0,
  );

  return {
    note(event) {
      if (event.type === 'retry') waiting.set(event.request.metadata.uid, event.request.metadata.creationTimestamp);
      else if (event.type !== 'disconnected') waiting.delete(event.request.metadata.uid);
      switch (event.type) {
        case 'issued':
          issued.inc();
          latency.observe(Math.max(0, gauges.now() - event.request.metadata.creationTimestamp));
          break;
        case 'denied':
          denied.inc({ reason: event.denial.reason });
          break;
        case 'failed':
          failed.inc({ reason: event.denial.reason });
          break;
        case 'discarded':
          discarded.inc();
          break;
        case 'retry':
          retries.inc({ reason: event.error instanceof ApiError ? event.error.reason : 'Other' });
          break;
        case 'disconnected':
          interruptions.inc();
      }
    },
    text,
  };
}
