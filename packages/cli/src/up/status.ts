import type { AuthorityStatus, CertificateStatus, HeldCertificate, TrustBundleStatus } from '@mayfly/console';
import type { Seconds } from '@mayfly/der';
import type { ClusterTrustBundle } from '@mayfly/pod-certificates';
import { authorityStatus } from '../status/authority-status.js';
import type { StatusSource } from '../status/feed.js';
import type { LocalAuthority } from './authority.js';
import type * as runner from './source-runner.js';

/** What the status page is told from. */
export interface UpStatusOptions {
  readonly now: () => Seconds;
  readonly startedAt: Seconds;
  readonly sources: () => readonly runner.SourceStatus[];
  readonly summarize: () => Readonly<Record<'issued' | 'rotations' | 'overdue' | 'denied', number>>;
  readonly problems: () => readonly string[];
  readonly authorities: readonly LocalAuthority[];
  readonly trustBundles: () => readonly TrustBundleStatus[];
}

/** Problems that are told one by one. */
const MAX_PROBLEMS = 50;

/** How a run stands, for the status page. */
export const upStatus = (options: UpStatusOptions): StatusSource => ({
  summary() {
    const { issued, rotations, overdue, denied } = options.summarize();
    const problems = options.problems();
    return {
      command: 'up',
      now: options.now(),
      startedAt: options.startedAt,
      problems: problems.slice(0, MAX_PROBLEMS),
      problemCount: problems.length,
      counts: { issued, rotations, overdue, refused: denied },
      authorities: options.authorities.flatMap(generationsOf),
      trustBundles: options.trustBundles(),
      steps: options.authorities.map((authority) => {
        const { at, step } = authority.next();
        return { at, message: `${STEPS[step]}: ${authority.signerName}` };
      }),
    };
  },
  certificates: () => options.sources().map(certificateStatus),
});

const STEPS = {
  prepare: 'A new authority enters the trust bundle',
  activate: 'The prepared authority begins to sign',
  retire: 'A retiring authority leaves the trust bundle',
  wait: 'Its succession is looked at again',
} as const;

const generationsOf = ({ signerName, generations }: LocalAuthority): readonly AuthorityStatus[] =>
  generations().map((generation) => authorityStatus(signerName, generation));

function certificateStatus(source: runner.SourceStatus): CertificateStatus {
  const { id, pod, volume, signerName, certificate, earlier, rotations, requestedAt, retryAt, problem } = source;
  return {
    id,
    pod,
    volume,
    signerName,
    held: [...earlier, ...(certificate === undefined ? [] : [certificate])].map(heldCertificate),
    rotations,
    ...(requestedAt !== undefined && { requestedAt }),
    ...(retryAt !== undefined && { retryAt }),
    ...(problem !== undefined && { problem }),
  };
}

const heldCertificate = ({
  serialNumber,
  notBefore,
  refreshAt,
  notAfter,
}: runner.HeldCertificate): HeldCertificate => ({
  serialNumber: serialNumber.toString(16),
  notBefore,
  refreshAt,
  notAfter,
});

/** A trust bundle, for the status page; without a time where it was there before. */
export const trustBundleStatus = (
  { metadata: { name, resourceVersion }, spec: { signerName, trustBundle } }: ClusterTrustBundle,
  changedAt: Seconds | undefined,
): TrustBundleStatus => ({
  name,
  ...(signerName !== '' && { signerName }),
  generation: resourceVersion,
  anchors: trustBundle.split('-----BEGIN CERTIFICATE-----').length - 1,
  ...(changedAt !== undefined && { changedAt }),
});
