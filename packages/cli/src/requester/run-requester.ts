import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { bufferedRandomBytes } from '@mayfly/ca';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import {
  chooseVersions,
  clusterApi,
  createClient,
  discoverVersions,
  keyForm,
  openConnection,
  serverClock,
} from '@mayfly/pod-certificates/kubernetes';
import { provePossession } from '@mayfly/pod-certificates/node';
import { type Clock, systemClock } from '@mayfly/rotation';
import { CliError, messageOf } from '../errors.js';
import type { LocalServer } from '../local-server.js';
import type { Place } from '../manifests/findings.js';
import type { Pod, PodCertificateSource } from '../manifests/manifest.js';
import { firstAnswer } from '../signer/first-answer.js';
import { because, type Log, rfc3339 } from '../signer/log.js';
import { childEnvironment } from '../token-key.js';
import type { UpEvent } from '../up/event.js';
import { healthOf, serveHealth } from '../up/health.js';
import { type KeysChoice, openKeys } from '../up/keys.js';
import { createPodRunner } from '../up/pod-runner.js';
import type { SourceStatus } from '../up/source-runner.js';
import { openStateDirectory } from '../up/state-directory.js';
import { watchTrust } from '../up/watch-trust.js';
import { identityOfToken, type PodIdentity } from './identity.js';
import { createRequesterMetrics } from './metrics.js';
import { withRoots } from './roots.js';

export interface ClusterRequesterOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** What to ask for, and the names of the files. */
  readonly source: Omit<PodCertificateSource, 'type' | 'place' | 'index'>;
  /** Name of the file with the signer's roots; `undefined` writes none. */
  readonly trustBundlePath: string | undefined;
  /** Labels of the bundles whose roots that file has; none takes all of the signer's. */
  readonly trustBundleLabels: Readonly<Record<string, string>>;
  /** The volume. */
  readonly directory: string;
  /** Of the files; the rights of others are never a key's. */
  readonly mode: number;
  /** Where keys and requests outlive the process; private. */
  readonly stateDirectory: string;
  /** What the token of the connection does not say, or says otherwise. */
  readonly identity: Partial<PodIdentity>;
  /** A file of roots in the place of ClusterTrustBundles. */
  readonly roots: string | undefined;
  /** Ends as soon as the files are there. */
  readonly once: boolean;
  readonly listen: string | undefined;
  readonly keys: KeysChoice;
  /** This machine's. Default the system's. */
  readonly clock?: Clock;
  readonly log: Log;
  /** Ends the requester in good order. */
  readonly signal: AbortSignal;
  readonly onStarted?: (started: { readonly url: string | undefined }) => void;
}

/** What ends a requester that is to run once: asking again would be answered alike. */
const FINAL_EVENTS: readonly UpEvent['reason'][] = ['Denied', 'Failed', 'Rejected'];
const FINAL_ERRORS: readonly ApiError['reason'][] = ['Forbidden', 'Invalid', 'Unauthorized', 'BadRequest'];

/** The API, with word of requests that it will never take. */
const withoutPatience = (api: PodCertificateApi, onRefused: (error: ApiError) => void): PodCertificateApi => ({
  ...api,
  async createRequest(request) {
    try {
      return await api.createRequest(request);
    } catch (error) {
      if (error instanceof ApiError && FINAL_ERRORS.includes(error.reason)) onRefused(error);
      throw error;
    }
  },
});

/** What the findings of manifests point to; nothing points here. */
const NOWHERE: Place = { file: '', line: 0, column: 0 };

/**
 * Keeps the files of one `podCertificate` source fresh until the signal is aborted, or until they are there.
 * @throws {@link CliError} and {@link KubernetesError} for what a person has to change before it can begin; a {@link CliError}
 * `ERR_CLI_STATE` when it was to run once and the signer refused.
 */
export async function runClusterRequester(options: ClusterRequesterOptions): Promise<void> {
  const { source, clock: local = systemClock(), log, signal } = options;
  const connection = await openConnection({
    ...{ kubeconfig: options.kubeconfig, context: options.context },
    env: childEnvironment(),
  });
  const { authorization } = await connection.headers();
  const token = typeof authorization === 'string' ? authorization.replace(/^Bearer /, '') : undefined;
  const identity = wholeIdentity({ ...identityOfToken(token), ...options.identity });
  const client = createClient(connection, {
    userAgent: 'mayfly-requester',
    ...(options.clock && { now: () => local.now() * 1000 }),
  });
  const state = await openStateDirectory(options.stateDirectory, undefined);
  let server: LocalServer | undefined;
  try {
    const unanswered = `the API server at ${connection.server} has not answered yet`;
    let watched: Parameters<typeof healthOf>[0] = [{ problems: () => [unanswered] }];
    let statusOf = (): SourceStatus | undefined => undefined;
    const clock = serverClock(local, () => client.clockAhead());
    const health = () => healthOf(watched);
    const metrics = createRequesterMetrics(
      { signer: source.signerName, namespace: identity.namespace, pod: identity.podName },
      {
        status: () => statusOf(),
        isReady: () => health().ready,
        clockAhead: () => client.clockAhead(),
        now: () => clock.now(),
      },
    );
    server = options.listen === undefined ? undefined : await serveHealth(options.listen, health, () => metrics.text());
    const discover = async () => {
      const versions = chooseVersions(await discoverVersions(client), 'requester');
      return { versions, form: await keyForm(client, versions.podCertificateRequests) };
    };
    // Whoever runs it once wants to know now, and may try again.
    const { versions, form } = options.once
      ? await discover()
      : await firstAnswer(discover, { server: connection.server, clock: local, log, signal });
    if (versions.clusterTrustBundles === undefined && options.roots === undefined)
      throw new CliError(
        'ERR_CLI_USAGE',
        'Cannot verify certificates: the cluster serves no ClusterTrustBundles; name the roots of the signer with --roots',
      );
    const randomBytes = bufferedRandomBytes((length) => new Uint8Array(nodeRandomBytes(length)));
    const keys = await openKeys(options.keys, ({ message }) => log({ level: 'warn', reason: 'Keys', message }));
    const real = clusterApi({
      client,
      versions,
      clock: local,
      fieldManager: 'mayfly-requester',
      instance: identity.podName,
      onTrouble: ({ error }) =>
        log({ level: 'warn', reason: 'WatchInterrupted', message: because('The watch goes on', error) }),
    });
    const stopping = new AbortController();
    const serving = AbortSignal.any([signal, stopping.signal]);
    const giveUp = (state: string): void =>
      stopping.abort(new CliError('ERR_CLI_STATE', `Cannot get a certificate: ${state}`));
    const emit = (event: Omit<UpEvent, 'at'>): void => {
      metrics.note(event);
      log(lineOf(event));
      if (options.once && FINAL_EVENTS.includes(event.reason)) giveUp(event.message);
    };
    const rooted = options.roots === undefined ? real : withRoots(real, source.signerName, options.roots);
    const api = options.once ? withoutPatience(rooted, (error) => giveUp(messageOf(error))) : rooted;
    const runner = createPodRunner(podOf(options, identity), {
      api,
      clock,
      randomBytes,
      state,
      keys,
      identityOf: () => identity,
      directoryOf: () => options.directory,
      keyMode: 0o700 | (options.mode & 0o040),
      basis: JSON.stringify([identity.podUID, identity.serviceAccountUID, identity.nodeUID]),
      provePossession: form === 'pair' ? provePossession : undefined,
      reporter: 'mayfly.dev/requester',
      emit,
      onChange() {
        if (options.once && runner.mounted()) stopping.abort();
      },
    });
    watched = [runner];
    statusOf = () => runner.status()[0];
    log({
      level: 'info',
      reason: 'Started',
      message: `Asking ${source.signerName} at ${connection.server} for ${identity.namespace}/${identity.podName}`,
      origin: connection.origin,
      version: versions.podCertificateRequests,
      key: form,
      directory: options.directory,
    });
    options.onStarted?.({ url: server?.url });
    const follow = async (): Promise<void> => {
      if (options.roots !== undefined) return;
      const selector = { signerName: source.signerName, labelSelector: {} };
      await watchTrust(api, selector, [runner], emit, serving);
    };
    const parts = [runner.run(serving), follow()].map((part) =>
      part.catch((error: unknown) => {
        if (!serving.aborted) stopping.abort(error);
      }),
    );
    await Promise.all(parts);
    const { reason } = stopping.signal;
    if (!signal.aborted && !(options.once && runner.mounted())) throw reason;
    log({ level: 'info', reason: 'Stopped', message: `${options.directory} stays as it is` });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    log({ level: 'info', reason: 'Stopped', message: 'Nothing was asked for: the API server has not answered' });
  } finally {
    await server?.close();
    await state.release();
    await client.close();
  }
}

/** The pod as a manifest would have it: one volume, whose one directory was named. */
function podOf(
  { source, trustBundlePath, trustBundleLabels: matchLabels, mode }: ClusterRequesterOptions,
  { namespace, podName, serviceAccountName }: PodIdentity,
): Pod {
  const certificate = { ...source, type: 'podCertificate', place: NOWHERE, index: 0 } as const;
  const { signerName } = source;
  const trust = (path: string) =>
    ({
      type: 'clusterTrustBundle',
      place: NOWHERE,
      index: 1,
      path,
      from: { signerName, labelSelector: { matchLabels } },
      optional: false,
    }) as const;
  const sources = [certificate, ...(trustBundlePath === undefined ? [] : [trust(trustBundlePath)])];
  return {
    place: NOWHERE,
    namespace,
    name: podName,
    serviceAccountName,
    labels: {},
    containers: [],
    volumes: [{ place: NOWHERE, name: 'identity', defaultMode: mode, sources }],
  };
}

const FLAGS: Readonly<Record<keyof PodIdentity, string>> = {
  namespace: '--namespace',
  podName: '--pod',
  podUID: '--pod-uid',
  serviceAccountName: '--service-account',
  serviceAccountUID: '--service-account-uid',
  nodeName: '--node',
  nodeUID: '--node-uid',
};

function wholeIdentity(known: Partial<PodIdentity>): PodIdentity {
  const { namespace, podName, podUID, serviceAccountName, serviceAccountUID, nodeName, nodeUID } = known;
  if (namespace && podName && podUID && serviceAccountName && serviceAccountUID && nodeName && nodeUID)
    return { namespace, podName, podUID, serviceAccountName, serviceAccountUID, nodeName, nodeUID };
  const missing = Object.entries(FLAGS).filter(([field]) => !known[field as keyof PodIdentity]);
  throw new CliError(
    'ERR_CLI_USAGE',
    `Cannot say who asks: the token of the connection does not tell, so name ${missing.map(([, flag]) => flag).join(', ')}`,
  );
}

const lineOf = ({ type, reason, message, notAfter, refreshAt, retryAt, ...details }: Omit<UpEvent, 'at'>) => ({
  level: type === 'Warning' ? ('warn' as const) : ('info' as const),
  reason,
  message,
  ...details,
  ...(refreshAt !== undefined && { refreshAt: rfc3339(refreshAt) }),
  ...(notAfter !== undefined && { notAfter: rfc3339(notAfter) }),
  ...(retryAt !== undefined && { retryAt: rfc3339(retryAt) }),
});
