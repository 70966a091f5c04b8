import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import type { Manifests } from '../../manifests/manifest.js';
import { formatFindings, readManifests } from '../../manifests/read-manifests.js';
import { type Policy, readPolicy } from '../../policy/policy.js';
import type { UpEvent } from '../event.js';
import { runUp, type Started, type Status, type Summary, type UpOptions } from '../run-up.js';
import { quiet } from './quiet.js';

/** A run in this process, on a clock that moves when it is told to. */
export interface LocalRun {
  readonly clock: SimulatedClock;
  readonly events: readonly UpEvent[];
  readonly started: Started;
  status(): Status;
  /** Reasons of the events that a pod got, in their order. */
  reasonsOf(pod: string): readonly string[];
  /** Ends it in good order. */
  stop(): Promise<{ readonly summary: Summary; readonly ok: boolean }>;
  /** How it ended, for those that end by themselves. */
  readonly ended: Promise<unknown>;
}

/** A clock that waits, between two steps, until keys are made and files are written. */
export const testClock = (now?: number): SimulatedClock =>
  simulatedClock({ settle: quiet, ...(now !== undefined && { now }) });

/** Reads one text as the file `pods.yaml`. */
export function manifestsOf(text: string, minExpirationSeconds?: number): Manifests {
  const options = minExpirationSeconds === undefined ? {} : { minExpirationSeconds };
  const result = readManifests([{ path: 'pods.yaml', text }], options);
  if (!result.ok) throw new Error(formatFindings(result.errors));
  return result.manifests;
}

/** Reads one text as the file `policy.yaml`. */
export function policyOf(text: string): Policy {
  const result = readPolicy({ path: 'policy.yaml', text }, { minExpirationSeconds: 1 });
  if (!result.ok) throw new Error(formatFindings(result.errors));
  return result.policy;
}

/** Starts a run and waits until it waits; rejects with what it could not start for. */
export async function startRun(
  manifests: Manifests,
  stateDirectory: string,
  { clock = testClock(), ...options }: Partial<UpOptions> & { readonly clock?: SimulatedClock } = {},
): Promise<LocalRun> {
  const events: UpEvent[] = [];
  const stop = new AbortController();
  let ended: Promise<{ readonly summary: Summary; readonly ok: boolean }> | undefined;
  const started = await new Promise<Started>((resolve, reject) => {
    ended = runUp({
      onLine: () => {},
      ...options,
      manifests,
      stateDirectory,
      clock,
      signal: stop.signal,
      onEvent(event) {
        events.push(event);
        options.onEvent?.(event);
      },
      onStarted: resolve,
    });
    ended.catch(reject);
  });
  await clock.advance(0);
  await quiet();
  return {
    clock,
    events,
    started,
    status: () => started.status(),
    reasonsOf: (pod) => events.filter((event) => event.pod === pod).map(({ reason }) => reason),
    async stop() {
      stop.abort(new Error('stopped'));
      return await ended!;
    },
    ended: ended!.catch((error: unknown) => error),
  };
}

/** What a program finds in a volume of the popular form. */
export interface Mounted {
  readonly leaf: X509Certificate;
  readonly anchors: readonly X509Certificate[];
  /** PEM. */
  readonly key: string;
}

/** Reads a volume as a program would, in one go. */
export function readMounted(volume: string): Mounted {
  const text = (name: string): string => readFileSync(join(volume, name), 'utf8');
  return {
    leaf: new X509Certificate(text('tls.crt')),
    anchors: certificatesIn(text('ca.crt')),
    key: text('tls.key'),
  };
}

/** All certificates of a PEM text, read by node:crypto. */
export const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );

/** Whether one of the anchors vouches for the leaf at a moment, by node:crypto. */
export function isVouchedFor(leaf: X509Certificate, anchors: readonly X509Certificate[], now: number): boolean {
  const isValid = (certificate: X509Certificate): boolean =>
    Date.parse(certificate.validFrom) / 1000 <= now && now <= Date.parse(certificate.validTo) / 1000;
  return (
    isValid(leaf) &&
    anchors.some((anchor) => isValid(anchor) && leaf.checkIssued(anchor) && leaf.verify(anchor.publicKey))
  );
}

/** A pod in the popular form with one source. */
export const popularPod = (name: string, expirationSeconds = 3600, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop }
spec:
  containers: [{ name: main, image: none, volumeMounts: [{ name: tls, mountPath: /tls }] }]
  volumes:
  - name: tls
    projected:
      sources:
      - podCertificate: { signerName: mayfly.dev/workload, expirationSeconds: ${expirationSeconds}${more} }
---
`;
