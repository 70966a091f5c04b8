import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { bufferedRandomBytes } from '@mayfly/ca';
import type { TrustBundleStatus } from '@mayfly/console';
import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, type Clock, systemClock } from '@mayfly/rotation';
import type { FileOperations } from '@mayfly/rotation/fs';
import type { LocalServer } from '../local-server.js';
import type { Manifests, Pod } from '../manifests/manifest.js';
import type { Policy } from '../policy/policy.js';
import { createStatusFeed, type StatusFeed } from '../status/feed.js';
import { serveStatus } from '../status/serve-status.js';
import type { Emit, UpEvent } from './event.js';
import { forgetAllBut } from './forget.js';
import { type Health, healthOf, serveHealth } from './health.js';
import { DEFAULT_KEYS, type KeysChoice, openKeys } from './keys.js';
import { openLocalCluster } from './local-cluster.js';
import { localIdentity } from './local-identity.js';
import { digestOfPolicy, podKey, volumeDirectory } from './places.js';
import { runnablePod, writePodFile } from './pod-file.js';
import { createPodRunner, type PodRunner } from './pod-runner.js';
import { programOf, type Tally } from './program.js';
import { createPrograms, type Programs } from './programs.js';
import { createReadiness } from './readiness.js';
import { noteNotServing, noteServing } from './serving.js';
import type { SourceStatus } from './source-runner.js';
import { openStateDirectory } from './state-directory.js';
import { trustBundleStatus, upStatus } from './status.js';
import { watchTrust } from './watch-trust.js';

export interface UpOptions {
  readonly manifests: Manifests;
  readonly policy?: Policy | undefined;
  /** State directory; made when missing. */
  readonly stateDirectory: string;
  readonly trustDomain?: string | undefined;
  /** Shortest lifetime that is issued. Default 3600, the floor of a real cluster. */
  readonly minExpirationSeconds?: Seconds;
  readonly caLifetime?: Seconds | undefined;
  /** What computes with keys. Default `wasm`. */
  readonly keys?: KeysChoice;
  /** Pods whose own commands are started once their volumes are written. */
  readonly run?: readonly Pod[];
  /** `host:port` of `/readyz`; `undefined` serves none. */
  readonly listen?: string | undefined;
  /** `host:port` of the status page; `undefined` serves none. */
  readonly statusAddress?: string | undefined;
  readonly clock?: Clock;
  /** How the state directory reaches the disk; replaced by tests. */
  readonly files?: FileOperations;
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
  readonly statusUrl: string | undefined;
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
  /** Of programs that count; `undefined` when none does. */
  readonly tally: Tally | undefined;
  /** Certificates that followed another one. */
  readonly rotations: number;
  /** Certificates that were not refreshed in time. */
  readonly overdue: number;
  /** All certificates of this run, the first of each source included. */
  readonly issued: number;
  readonly denied: number;
  /** Programs that ended by themselves. */
  readonly exited: number;
  /** What is not well, or was not, each with its pod's name; empty when all is and was. */
  readonly problems: readonly string[];
}

/** Files of pods that are written at the same time. */
const POD_FILES_AT_ONCE = 64;

/**
 * Serves pods until the signal is aborted.
 * @returns What it came to, and whether all is well: every source has a valid certificate, nothing was overdue, no
 * request failed and no program ended by itself.
 * @throws {@link CliError} for what a person has to change first.
 */
export async function runUp(options: UpOptions): Promise<{ readonly summary: Summary; readonly ok: boolean }> {
  const { manifests, clock = systemClock(), signal, onEvent, minExpirationSeconds = 3600 } = options;
  // Serial numbers, uids and names of requests; keys come from the providers themselves.
  const randomBytes = bufferedRandomBytes((length) => new Uint8Array(nodeRandomBytes(length)));
  const counts = { issued: 0, overdue: 0, denied: 0 };
  const overdue = new Set<string>();
  const emit: Emit = (event) => {
    if (event.reason === 'Issued' || event.reason === 'Rotated') counts.issued++;
    if (event.reason === 'CertificateOverdueForRefresh') {
      counts.overdue++;
      overdue.add(`${event.pod}/${event.volume}: was overdue for refresh`);
    }
    if (event.reason === 'Denied') counts.denied++;
    const timed = { at: clock.now(), ...event };
    feed?.note(timed);
    onEvent(timed);
  };
  let feed: StatusFeed | undefined;

  const servers: LocalServer[] = [];
  const state = await openStateDirectory(options.stateDirectory, options.trustDomain, options.files);
  try {
    const { policy, caLifetime } = options;
    const policyDigest = digestOfPolicy(policy);
    const keys = await openKeys(options.keys ?? DEFAULT_KEYS, emit);
    const cluster = await openLocalCluster({
      manifests,
      policy,
      state,
      keys,
      clock,
      randomBytes,
      minExpirationSeconds,
      caLifetime,
      emit,
    });
    const runnable = new Map(manifests.pods.map((pod) => [podKey(pod), runnablePod(state.path, pod)]));
    const podFiles = [...runnable.values()];
    while (podFiles.length > 0)
      await Promise.all(podFiles.splice(-POD_FILES_AT_ONCE).map((pod) => writePodFile(state.path, pod, state.files)));
    for (const pod of options.run ?? []) programOf(runnable.get(podKey(pod))!, []); // refuses what has no command

    let changed = (_runner: PodRunner): void => {};
    const runners = manifests.pods.map((pod) => {
      const runner: PodRunner = createPodRunner(pod, {
        api: cluster.api,
        clock,
        randomBytes,
        state,
        keys,
        identityOf: (of) => localIdentity(state, of),
        directoryOf: (of, volume) => volumeDirectory(state.path, of, volume.name),
        // One user reads them here, so whatever holds a key stays that user's alone.
        keyMode: 0o700,
        basis: policyDigest,
        reporter: 'mayfly.dev/up',
        emit,
        ...(options.backoff && { backoff: options.backoff }),
        onChange: () => changed(runner),
      });
      return runner;
    });
    const programs: Programs = createPrograms(
      (options.run ?? []).map((pod) => ({
        pod: runnable.get(podKey(pod))!,
        ready: () => runners.find((runner) => runner.pod === pod)!.mounted(),
      })),
      { emit, onLine: options.onLine },
    );
    const sources = () => runners.flatMap((runner) => runner.status());
    const health = (): Health => healthOf(runners);
    const readiness = createReadiness(runners, emit);
    changed = (runner) => {
      readiness.changed(runner);
      programs.wake();
    };
    const summarize = (): Summary => ({
      tally: programs.tally(),
      rotations: sources().reduce((sum, { rotations }) => sum + rotations, 0),
      overdue: counts.overdue,
      issued: counts.issued,
      denied: counts.denied,
      exited: programs.exited(),
      problems: [...health().problems, ...overdue, ...programs.problems()],
    });
    const bundles = new Map<string, TrustBundleStatus>();
    const startedAt = clock.now();
    feed = createStatusFeed(
      upStatus({
        now: () => clock.now(),
        startedAt,
        sources,
        problems: () => health().problems,
        summarize,
        authorities: cluster.authorities,
        trustBundles: () => [...bundles.values()],
      }),
    );
    const server = options.listen === undefined ? undefined : await serveHealth(options.listen, health);
    if (server !== undefined) servers.push(server);
    const page = options.statusAddress === undefined ? undefined : await serveStatus(options.statusAddress, feed);
    if (page !== undefined) servers.push(page);
    // The last thing before it begins: a start that fails has removed nothing.
    for (const pod of await forgetAllBut(state.path, manifests.pods, policyDigest))
      emit({
        type: 'Normal',
        reason: 'PodForgotten',
        pod,
        message: `${pod} is in no manifest now: its keys are removed`,
      });
    await noteServing(state.path, state.files);
    options.onStarted({
      stateDirectory: state.path,
      trustDomain: state.trustDomain,
      healthUrl: server?.url,
      statusUrl: page?.url,
      pods: runners,
      status: () => ({ now: clock.now(), sources: sources(), health: health(), summary: summarize() }),
    });

    // A failure of one part ends all of them; programs end before what serves them.
    const failed = new AbortController();
    const stopping = AbortSignal.any([signal, failed.signal]);
    const serving = new AbortController();
    const branches = branchesOf(serving.signal, runners.length);
    const start = (): readonly Promise<void>[] => [
      cluster.run(serving.signal),
      ...runners.map((runner, i) => runner.run(branches[i]!)),
      watchTrust(cluster.api, undefined, runners, emit, serving.signal, (bundle, isDeleted, isNews) => {
        const { name } = bundle.metadata;
        if (isDeleted) bundles.delete(name);
        else bundles.set(name, trustBundleStatus(bundle, isNews ? clock.now() : undefined));
      }),
      keys.warmUp(serving.signal),
    ];
    // A run that was ended while everything opened begins nothing.
    const parts = (stopping.aborted ? [] : start()).map((part) =>
      part.catch((error: unknown) => {
        if (serving.signal.aborted) return;
        failed.abort(error);
      }),
    );
    await aborted(stopping);
    await programs.stop();
    serving.abort(new Error('the command ends'));
    await Promise.all(parts);
    if (failed.signal.aborted) throw failed.signal.reason;
    // Last, for a certificate that was on its way to the disk counts once it is there.
    const summary = summarize();
    return { summary, ok: summary.problems.length === 0 };
  } finally {
    // Whatever happened: a server that is left open would keep the process.
    await Promise.all(servers.map((server) => server.close()));
    await noteNotServing(state.path);
    await state.release();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A signal for each of many parts: whoever listens to one that all share has it look at every listener that it has. */
function branchesOf(signal: AbortSignal, count: number): readonly AbortSignal[] {
  const controllers = Array.from({ length: count }, () => new AbortController());
  const abort = (): void => {
    for (const controller of controllers) controller.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controllers.map((controller) => controller.signal);
}
