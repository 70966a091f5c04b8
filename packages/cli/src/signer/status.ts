import type { CertificateStatus, HeldCertificate, StatusSummary } from '@mayfly/console';
import type { Seconds } from '@mayfly/der';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import type { SignerEvent } from '@mayfly/pod-certificates/signer';
import { messageOf } from '../errors.js';
import { authorityStatus } from '../status/authority-status.js';
import type { StatusSource } from '../status/feed.js';
import type { ClusterAuthorities } from './authorities.js';

/** What the status page of a signer is told from. */
export interface SignerStatusOptions {
  readonly signerName: string;
  readonly authorities: ClusterAuthorities;
  readonly now: () => Seconds;
  readonly problems: () => readonly string[];
  /** Name of the ClusterTrustBundle, once it is published. */
  readonly bundle: () => { readonly name: string; readonly resourceVersion: string } | undefined;
  /** Who shares the requests; `undefined` where this signer is alone. */
  readonly members: () => readonly string[] | undefined;
}

/** How a signer stands, from what it tells. */
export interface SignerStatus extends StatusSource {
  note(event: SignerEvent): void;
}

/** Certificates of a pod that are remembered. */
const MAX_HELD = 8;
/** Pods that are remembered; beyond, those of which nothing was heard for longest are forgotten. */
const MAX_PODS = 20_000;
/** Seconds after its end that a certificate is shown. */
const SHOWN_AFTER: Seconds = 3600;
/** Seconds that a denial is shown at its pod. */
const DENIAL_SHOWN: Seconds = 1200;

interface Row extends CertificateStatus {
  /** When it is forgotten, unless something happens before. */
  readonly until: Seconds;
}

/** Makes the status of one signer; what pods hold is known from the certificates that it issued since it began. */
export function createSignerStatus(options: SignerStatusOptions): SignerStatus {
  const { signerName, authorities, now } = options;
  const startedAt = now();
  const counts = { issued: 0, rotations: 0, overdue: 0, refused: 0 };
  const rows = new Map<string, Row>();

  const rowOf = ({ metadata: { namespace }, spec: { podName, podUID } }: PodCertificateRequest): Row =>
    rows.get(podUID) ?? {
      id: podUID,
      pod: `${namespace}/${podName}`,
      signerName,
      held: [],
      rotations: 0,
      until: 0,
    };
  const put = ({ requestedAt: _1, retryAt: _2, problem: _3, ...row }: Row, more: Partial<Row>): void => {
    rows.delete(row.id); // so that the map is in the order of what happened last
    rows.set(row.id, { ...row, ...more });
    if (rows.size <= MAX_PODS) return;
    const [oldest] = rows.keys();
    rows.delete(oldest!); // there are thousands
  };
  const forget = (): void => {
    const at = now();
    for (const { id, until } of rows.values()) if (until < at) rows.delete(id);
  };

  return {
    note(event) {
      if (event.type === 'disconnected') return;
      const row = rowOf(event.request);
      const { creationTimestamp } = event.request.metadata;
      if (event.type === 'issued') {
        counts.issued++;
        if (row.held.length > 0) counts.rotations++;
        const held: HeldCertificate = {
          serialNumber: event.serialNumber.toString(16),
          notBefore: creationTimestamp,
          refreshAt: event.beginRefreshAt,
          notAfter: event.notAfter,
        };
        put(row, {
          held: [...row.held.slice(-MAX_HELD + 1), held],
          rotations: row.rotations + (row.held.length > 0 ? 1 : 0),
          until: event.notAfter + SHOWN_AFTER,
        });
      } else if (event.type === 'retry')
        put(row, {
          requestedAt: creationTimestamp,
          retryAt: event.at,
          problem: messageOf(event.error),
          until: Math.max(row.until, event.at + DENIAL_SHOWN),
        });
      else if (event.type === 'left') put(row, {});
      else if (event.type !== 'discarded') {
        counts.refused++;
        const { reason, message } = event.denial;
        put(row, {
          problem: `${event.type}: ${message} (${reason})`,
          until: Math.max(row.until, now() + DENIAL_SHOWN),
        });
      }
    },
    summary(): StatusSummary {
      const problems = options.problems();
      const bundle = options.bundle();
      const end = authorities.notAfter();
      const next = authorities.nextStep();
      const members = options.members();
      return {
        command: 'signer',
        now: now(),
        startedAt,
        problems,
        problemCount: problems.length,
        counts,
        authorities: authorities.generations().map((generation) => authorityStatus(signerName, generation)),
        trustBundles:
          bundle === undefined
            ? []
            : [
                {
                  name: bundle.name,
                  signerName,
                  generation: bundle.resourceVersion,
                  anchors: authorities.anchors().length,
                },
              ],
        steps: [
          ...(next === undefined ? [] : [{ at: next.at, message: `${STEPS[next.type]}: ${signerName}` }]),
          ...(end === undefined ? [] : [{ at: end, message: `The authority ends: ${signerName}` }]),
        ],
        ...(members !== undefined && { members: members.length }),
      };
    },
    certificates() {
      forget();
      return [...rows.values()].map(({ until: _, ...row }) => row);
    },
  };
}

const STEPS = {
  announce: 'The next authority is made, and published to canaries',
  prepare: 'The next authority is published',
  activate: 'The next authority signs',
  retire: 'An authority leaves the trust bundle',
} as const;
