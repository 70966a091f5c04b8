import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, type Clock, systemClock } from '@mayfly/rotation';
import { messageOf } from '../errors.js';
import type { Manifests, Pod } from '../manifests/manifest.js';
import type { Policy } from '../policy/policy.js';
import type { Emit, UpEvent } from './event.js';
import { type Health, healthOf, serveHealth } from './health.js';
import { openLocalCluster } from './local-cluster.js';
import { podKey } from './places.js';
import { runnablePod, writePodFile } from './pod-file.js';
import { createPodRunner, type PodRunner, type SourceStatus } from './pod-runner.js';
import { createPrograms, type Programs } from './programs.js';
import { openStateDirectory } from './state-directory.js';

export interface UpOptions {
  readonly manifests: Manifests;
  readonly policy?: Policy | undefined;
  /** State directory; made when missing. */
  readonly stateDirectory: string;
  readonly trustDomain?: string | undefined;
  /** Shortest lifetime that is issued. Default 3600, the floor of a real cluster. */
  readonly minExpirationSeconds?: Seconds;
  readonly caLifetime?: Seconds | undefined;
  /** Pods whose own commands are started once their volumes are written. */
  readonly run?: readonly Pod[];
  /** `host:port` of `/readyz`; `undefined` serves none. */
  readonly listen?: string | undefined;
  readonly clock?: Clock;
  readonly backoff?: BackoffOptions;
  /** Ends everything in good order. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: UpEvent) => void;
  /** A line that a program printed. */
  readonly onLine: (pod: string, line: string) => void;
  /** Called once everything is open and before the first certificate. */
  readonly onStarted: (started: Started) => void;
}

/** What a person is told first. */
export interface Started {
  readonly stateDirectory: string;
  readonly trustDomain: string;
  readonly healthUrl: string | undefined;
  readonly pods: readonly PodRunner[];
  readonly status: () => Status;
}

/** How things stand now. */
export interface Status {
  readonly now: Seconds;
  readonly sources: readonly SourceStatus[];
  readonly health: Health;
  readonly summary: Summary;
}

/** What a run came to. */
export interface Summary {
  /** Of programs that count. */
  readonly requests: number;
  readonly failed: number;
  /** Certificates that followed another one. */
  readonly rotations: number;
  /** Certificates that were not refreshed in time. */
  readonly overdue: number;
  /** All certificates of this run, the first of each source included. */
  readonly issued: number;
  readonly denied: number;
  /** Programs that ended by themselves. */
  readonly exited: number;
}

/** Seconds between two looks at whether everything is ready. */
const READINESS_PERIOD: Seconds = 1;

/**
 * Serves pods until the signal is aborted.
 * @returns What it came to, and whether all is well: every source has a valid certificate, nothing was overdue, no
 * request failed and no program ended by itself.
 * @throws {@link CliError} for what a person has to change first.
 */
export async function runUp(options: UpOptions): Promise<{ readonly summary: Summary; readonly ok: boolean }> {
  const { manifests, clock = systemClock(), signal, onEvent, minExpirationSeconds = 3600 } = options;
  const randomBytes = (length: number): Uint8Array => new Uint8Array(nodeRandomBytes(length));
  const counts = { issued: 0, overdue: 0, denied: 0 };
  const emit: Emit = (event) => {
    if (event.reason === 'Issued' || event.reason === 'Rotated') counts.issued++;
    if (event.reason === 'CertificateOverdueForRefresh' || event.reason === 'CertificateExpired') counts.overdue++;
    if (event.reason === 'Denied') counts.denied++;
    onEvent({ at: clock.now(), ...event });
  };

  const state = await openStateDirectory(options.stateDirectory, options.trustDomain);
  try {
    const { policy, caLifetime } = options;
    const cluster = await openLocalCluster({
      manifests,
      policy,
      state,
      clock,
      randomBytes,
      minExpirationSeconds,
      caLifetime,
      emit,
    });
    const runners = manifests.pods.map((pod) =>
      createPodRunner(pod, {
        api: cluster.api,
        clock,
        randomBytes,
        state,
        emit,
        ...(options.backoff && { backoff: options.backoff }),
        onChange: () => programs.wake(),
      }),
    );
    const runnable = new Map(manifests.pods.map((pod) => [podKey(pod), runnablePod(state.path, pod)]));
    for (const pod of runnable.values()) await writePodFile(state.path, pod);
    const programs: Programs = createPrograms(
      (options.run ?? []).map((pod) => ({
        pod: runnable.get(podKey(pod))!,
        ready: () => runners.find((runner) => runner.pod === pod)!.mounted(),
      })),
      { emit, onLine: options.onLine },
    );

    const sources = () => runners.flatMap((runner) => runner.status());
    const health = (): Health =>
      healthOf(
        sources(),
        runners.filter((runner) => !runner.mounted()).map(({ pod }) => podKey(pod)),
      );
    const summarize = (): Summary => ({
      ...programs.tally(),
      rotations: sources().reduce((sum, { rotations }) => sum + rotations, 0),
      overdue: counts.overdue,
      issued: counts.issued,
      denied: counts.denied,
      exited: programs.exited(),
    });
    const server = options.listen === undefined ? undefined : await serveHealth(options.listen, health);
    options.onStarted({
      stateDirectory: state.path,
      trustDomain: state.trustDomain,
      healthUrl: server?.url,
      pods: runners,
      status: () => ({ now: clock.now(), sources: sources(), health: health(), summary: summarize() }),
    });

    // A failure of one part ends all of them; programs end before what serves them.
    const failed = new AbortController();
    const stopping = AbortSignal.any([signal, failed.signal]);
    const serving = new AbortController();
    const parts = [
      cluster.run(serving.signal),
      ...runners.map((runner) => runner.run(serving.signal)),
      watchTrust(cluster.api, runners, emit, serving.signal),
      watchReadiness(clock, health, emit, serving.signal),
    ].map((part) =>
      part.catch((error: unknown) => {
        if (serving.signal.aborted) return;
        failed.abort(error);
      }),
    );
    await aborted(stopping);
    await programs.stop();
    const { ready } = health();
    const summary = summarize();
    serving.abort(new Error('the command ends'));
    await Promise.all(parts);
    await server?.close();
    if (failed.signal.aborted) throw failed.signal.reason;
    return { summary, ok: ready && summary.failed === 0 && summary.overdue === 0 && summary.exited === 0 };
  } finally {
    await state.release();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Carries every change of a trust bundle into the volumes. */
async function watchTrust(
  api: Parameters<typeof createPodRunner>[1]['api'],
  runners: readonly PodRunner[],
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  let synced = false;
  for await (const event of api.watchTrustBundles(undefined, { signal })) {
    if (event.type === 'bookmark') {
      synced = true;
      continue;
    }
    if (!synced) continue;
    emit({
      type: 'Normal',
      reason: 'TrustBundleWritten',
      message: `Trust bundle ${event.object.metadata.name} changed`,
    });
    for (const runner of runners) await runner.trustChanged();
  }
}

/** Says when everything became ready, and when that ended. */
async function watchReadiness(clock: Clock, health: () => Health, emit: Emit, signal: AbortSignal): Promise<void> {
  let was: boolean | undefined;
  while (!signal.aborted) {
    const { ready, problems } = health();
    if (ready && was !== true) emit({ type: 'Normal', reason: 'Ready', message: 'Every pod has its certificates' });
    if (!ready && was === true)
      emit({ type: 'Warning', reason: 'NotReady', message: `Not ready: ${problems.join('; ')}` });
    was = ready;
    try {
      await clock.sleepUntil(clock.now() + READINESS_PERIOD, signal);
    } catch (error) {
      if (!signal.aborted) throw new Error(`Cannot sleep: ${messageOf(error)}`, { cause: error });
    }
  }
}
