import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { bufferedRandomBytes, type CompiledProfile, compile } from '@mayfly/ca';
import { podClient, podPeer, podServer } from '@mayfly/ca/profiles';
import type { Seconds } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { type PodCertificateRequest, trustBundlePrefix } from '@mayfly/pod-certificates';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import {
  chooseVersions,
  clusterApi,
  createClient,
  discoverVersions,
  type KubernetesClient,
  leasesIn,
  openConnection,
  type Query,
  reflect,
  resourcePath,
  runLeadership,
  serverClock,
} from '@mayfly/pod-certificates/kubernetes';
import { runSigner } from '@mayfly/pod-certificates/signer';
import { type Clock, sleepFor, systemClock } from '@mayfly/rotation';
import { annotationKeys, type Usage } from '../manifests/annotations.js';
import type { Policy } from '../policy/policy.js';
import { createStatusFeed, type StatusFeed } from '../status/feed.js';
import { serveStatus } from '../status/serve-status.js';
import { type Health, serveHealth } from '../up/health.js';
import { type KeysChoice, openKeys } from '../up/keys.js';
import { requestedUsage } from '../up/local-signer.js';
import { type AuthoritySource, type ClusterAuthority, readAuthority } from './authority-material.js';
import {
  claimDenial,
  dnsNamesOf,
  type PodIdentity,
  readPod,
  readService,
  type ServiceSelector,
} from './entitlement.js';
import { because, type Log, rfc3339 } from './log.js';
import { createMetrics } from './metrics.js';
import { eventTeller, logEvent, logLeadership } from './signer-events.js';
import { createSignerStatus } from './status.js';
import { wantedInCluster } from './wanted.js';

export interface ClusterSignerOptions {
  readonly signerName: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly authority: AuthoritySource;
  readonly policy: Policy | undefined;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly maxLifetime: Seconds;
  /** Whether names of Services go into certificates. */
  readonly serviceNames: boolean;
  /** Last part of the name of the ClusterTrustBundle; `undefined` publishes none. */
  readonly bundle: string | undefined;
  /** The Lease of which one signer holds it and signs; `undefined` signs without one. */
  readonly lease: { readonly namespace: string | undefined; readonly name: string } | undefined;
  /** Decides and signs, and writes nothing; takes no Lease. */
  readonly dryRun: boolean;
  readonly listen: string | undefined;
  /** `host:port` of the status page; `undefined` serves none. */
  readonly statusAddress: string | undefined;
  readonly keys: KeysChoice;
  /** Tells this instance from others, in events. */
  readonly instance: string;
  readonly log: Log;
  /** Ends the signer in good order. */
  readonly signal: AbortSignal;
  readonly onStarted?: (started: { readonly url: string | undefined; readonly statusUrl: string | undefined }) => void;
}

/** Seconds between two looks at what is out there, and at what could not be followed. */
const LOOK_PERIOD: Seconds = 60;
/** Skew at which `notBefore` may be refused by somebody's clock; ours follows the server's. */
const LOUD_SKEW: Seconds = 120;
const BACKDATE: Seconds = 60;
const FIELD_MANAGER = 'mayfly-signer';

/**
 * Answers the requests for one signer name of a cluster until the signal is aborted.
 * @throws {@link CliError} and {@link KubernetesError} for what a person has to change before it can begin.
 */
export async function runClusterSigner(options: ClusterSignerOptions): Promise<void> {
  const { signerName, signal, dryRun } = options;
  let feed: StatusFeed | undefined;
  const log: Log = (line) => {
    const { level, reason, message } = line;
    feed?.note({ at: systemClock().now(), type: level === 'info' ? 'Normal' : 'Warning', reason, message });
    options.log(line);
  };
  const connection = await openConnection({ kubeconfig: options.kubeconfig, context: options.context });
  const client = createClient(connection, { userAgent: 'mayfly-signer' });
  try {
    const versions = chooseVersions(await discoverVersions(client), 'signer');
    const local = systemClock();
    const clock = serverClock(local, () => client.clockAhead());
    const keys = await openKeys(options.keys, ({ message }) => log({ level: 'warn', reason: 'Keys', message }));
    const authority = await readAuthority(options.authority, client, keys, clock.now());
    const { certificate } = authority.issuer;
    log({
      level: 'info',
      reason: 'Started',
      message: `Signing for ${signerName} at ${connection.server}${dryRun ? ', writing nothing' : ''}`,
      origin: connection.origin,
      version: versions.podCertificateRequests,
      authorityNotAfter: rfc3339(certificate.validity.notAfter),
      clockAhead: client.clockAhead(),
    });
    const real = clusterApi({
      client,
      versions,
      clock: local,
      fieldManager: FIELD_MANAGER,
      instance: options.instance,
      onTrouble: ({ type, error }) =>
        log({
          level: 'warn',
          reason: type === 'unreadable' ? 'Unreadable' : 'WatchInterrupted',
          message: because('The watch goes on', error),
        }),
    });
    const api = dryRun ? withoutWrites(real) : real;

    const services = new Map<string, ServiceSelector>();
    const synced = { services: !options.serviceNames, bundle: options.bundle === undefined };
    const waiting = new Map<string, PodCertificateRequest>();
    const metrics = createMetrics(signerName, {
      authorityNotAfter: () => certificate.validity.notAfter,
      clockAhead: () => client.clockAhead(),
      oldestWaiting: () => least([...waiting.values()].map(({ metadata }) => metadata.creationTimestamp)),
      waiting: () => waiting.size,
      isBundlePublished: () => synced.bundle,
      now: () => clock.now(),
    });
    const health = (): Health => {
      const problems = [
        ...(synced.services ? [] : ['Services are not listed yet']),
        ...(synced.bundle ? [] : ['the ClusterTrustBundle is not published']),
        ...(clock.now() > certificate.validity.notAfter - 3600
          ? [`the authority ends at ${rfc3339(certificate.validity.notAfter)}`]
          : []),
      ];
      return { ready: problems.length === 0, problems };
    };
    const server =
      options.listen === undefined ? undefined : await serveHealth(options.listen, health, () => metrics.text());
    let bundle: { readonly name: string; readonly resourceVersion: string } | undefined;
    const status = createSignerStatus({
      signerName,
      authority,
      now: () => clock.now(),
      problems: () => health().problems,
      bundle: () => bundle,
    });
    feed = createStatusFeed(status);
    const page = options.statusAddress === undefined ? undefined : await serveStatus(options.statusAddress, feed);
    if (page !== undefined) log({ level: 'info', reason: 'StatusPage', message: `The status page is ${page.url}/` });
    options.onStarted?.({ url: server?.url, statusUrl: page?.url });

    const compiled = profilesOf(authority, options.maxLifetime);
    const tell = eventTeller(api, { signerName, log }, clock);
    const stopping = new AbortController();
    const serving = AbortSignal.any([signal, stopping.signal]);
    const sign = (signingSignal: AbortSignal, holds: () => boolean): Promise<void> =>
      runSigner({
        api,
        signerName,
        clock,
        verify: keys.verify,
        randomBytes: bufferedRandomBytes((length) => new Uint8Array(nodeRandomBytes(length))),
        annotations: Object.values(annotationKeys),
        compiled(request) {
          if (!holds()) throw new Error('Cannot sign: this signer holds the Lease no longer');
          return compiled(requestedUsage(request));
        },
        async toRequest(request) {
          if (!synced.services) throw new Error('Cannot name the pod: Services are not listed yet');
          if (!options.serviceNames) return wantedInCluster(request, [], options);
          const pod = await podOf(client, request);
          const entitled = dnsNamesOf(pod, services.values(), options.clusterDomain);
          return claimDenial(request, pod) ?? wantedInCluster(request, entitled, options);
        },
        signal: signingSignal,
        onEvent(event) {
          metrics.note(event);
          status.note(event);
          if (event.type === 'retry') waiting.set(event.request.metadata.uid, event.request);
          else if (event.type !== 'disconnected') waiting.delete(event.request.metadata.uid);
          logEvent(event, log);
          tell(event);
        },
      }).finally(() => waiting.clear());
    const parts = [
      options.lease === undefined || dryRun
        ? sign(serving, () => true)
        : runLeadership({
            leases: leasesIn(client, options.lease.namespace ?? connection.namespace),
            name: options.lease.name,
            identity: options.instance,
            clock: local,
            signal: serving,
            lead: sign,
            onEvent(event) {
              status.noteLeadership(event);
              logLeadership(event, log);
            },
          }),
      ...(options.serviceNames
        ? [followServices(client, services, local, serving, log, (areKnown) => (synced.services = areKnown))]
        : []),
      ...(options.bundle === undefined
        ? []
        : [
            keepBundle(api, options.bundle, authority, { signerName, log }, local, serving, (published) => {
              synced.bundle = published !== undefined;
              bundle = published ?? bundle;
            }),
          ]),
      watchSkew(client, local, serving, log),
      forgetOld(waiting, clock, serving),
    ].map((part) => part.catch((error: unknown) => stopping.abort(error)));
    await Promise.all(parts);
    await Promise.all([server?.close(), page?.close()]);
    if (stopping.signal.aborted && !signal.aborted) throw stopping.signal.reason;
    log({ level: 'info', reason: 'Stopped', message: 'What was being signed is written' });
  } finally {
    await client.close();
  }
}

/** The pod of the name that a request has. What was seen of it is believed where it says yes: it may be older than the request. */
async function podOf(client: Pick<KubernetesClient, 'request'>, request: PodCertificateRequest): Promise<PodIdentity> {
  const cached = await cachedPod(client, request);
  return cached !== undefined && claimDenial(request, cached) === undefined
    ? cached
    : await currentPod(client, request);
}

/** As the server's own watch last showed it, which costs its store nothing; `undefined` where that is another pod or none. */
async function cachedPod(
  client: Pick<KubernetesClient, 'request'>,
  request: PodCertificateRequest,
): Promise<PodIdentity | undefined> {
  try {
    const pod = await currentPod(client, request, { resourceVersion: '0' });
    return pod.uid === request.spec.podUID ? pod : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

const currentPod = async (
  client: Pick<KubernetesClient, 'request'>,
  { metadata: { namespace }, spec: { podName } }: PodCertificateRequest,
  query: Query = {},
): Promise<PodIdentity> =>
  readPod(await client.request({ method: 'GET', path: resourcePath('v1', 'pods', namespace, podName), query }));

/** Knows the Services as long as they may be listed and watched; while they are not known, `onState` is told so. */
async function followServices(
  client: KubernetesClient,
  services: Map<string, ServiceSelector>,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
  onState: (areKnown: boolean) => void,
): Promise<void> {
  const onTrouble = ({ error }: { readonly error: unknown }): void =>
    log({ level: 'warn', reason: 'WatchInterrupted', message: because('The watch of Services goes on', error) });
  const path = resourcePath('v1', 'services');
  while (!signal.aborted) {
    services.clear();
    try {
      for await (const event of reflect({ client, path, query: {}, read: readService, clock, signal, onTrouble })) {
        if (event.type === 'bookmark') onState(true);
        else if (event.type === 'deleted') services.delete(event.object.metadata.uid);
        else services.set(event.object.metadata.uid, event.object);
      }
    } catch (error) {
      onState(false);
      log({
        level: 'error',
        reason: 'ServicesNotFollowed',
        message: because(
          'Requests wait until Services can be listed and watched, or --no-service-names is given',
          error,
        ),
      });
    }
    await sleepFor(clock, LOOK_PERIOD, signal);
  }
}

/** Publishes the trust bundle, and again whenever somebody changed it. */
async function keepBundle(
  api: Pick<PodCertificateApi, 'applyTrustBundle'>,
  suffix: string,
  { anchors }: ClusterAuthority,
  { signerName, log }: Pick<ClusterSignerOptions, 'signerName' | 'log'>,
  clock: Clock,
  signal: AbortSignal,
  onState: (published: { readonly name: string; readonly resourceVersion: string } | undefined) => void,
): Promise<void> {
  const name = `${trustBundlePrefix(signerName)}${suffix}`;
  let published = '';
  while (!signal.aborted) {
    try {
      const { metadata } = await api.applyTrustBundle({
        metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'mayfly' } },
        spec: { signerName, trustBundle: anchors.map(({ der }) => encodePem('CERTIFICATE', der)).join('') },
      });
      onState(metadata);
      if (metadata.resourceVersion !== published)
        log({
          level: 'info',
          reason: 'TrustBundlePublished',
          message: `ClusterTrustBundle ${name} has ${anchors.length} anchors`,
        });
      published = metadata.resourceVersion;
    } catch (error) {
      onState(undefined);
      log({
        level: 'error',
        reason: 'TrustBundleNotPublished',
        message: because(`ClusterTrustBundle ${name} is not published`, error),
      });
    }
    await sleepFor(clock, LOOK_PERIOD, signal);
  }
}

async function watchSkew(client: KubernetesClient, clock: Clock, signal: AbortSignal, log: Log): Promise<void> {
  let told = false;
  while (!signal.aborted) {
    const ahead = client.clockAhead() ?? 0;
    const isLoud = Math.abs(ahead) >= LOUD_SKEW;
    if (isLoud && !told)
      log({
        level: 'warn',
        reason: 'ClockSkew',
        message: `The server's clock is ${ahead} s ahead of this machine's; certificates follow the server's; set the clock of whichever is wrong`,
        clockAhead: ahead,
      });
    told = isLoud;
    await sleepFor(clock, LOOK_PERIOD, signal);
  }
}

/** kube-controller-manager deletes requests after a quarter of an hour at the earliest, twenty minutes at the latest. */
const MAX_REQUEST_AGE: Seconds = 1200;

async function forgetOld(
  waiting: Map<string, PodCertificateRequest>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const [uid, { metadata }] of waiting)
      if (metadata.creationTimestamp + MAX_REQUEST_AGE < clock.now()) waiting.delete(uid);
    await sleepFor(clock, LOOK_PERIOD, signal);
  }
}

/** A profile for each usage, made once. */
function profilesOf({ issuer }: ClusterAuthority, maxLifetime: Seconds): (usage: Usage) => CompiledProfile {
  const make = (profile: typeof podPeer): CompiledProfile =>
    compile(profile({ backdate: BACKDATE, maxLifetime }), issuer);
  const profiles = { client: make(podClient), server: make(podServer), peer: make(podPeer) };
  return (usage) => profiles[usage];
}

/** The API with its reads alone: what would be written is taken for written. */
const withoutWrites = (api: PodCertificateApi): PodCertificateApi => ({
  ...api,
  updateStatus: async ({ metadata: { namespace, name } }) => ({
    ok: true,
    request: await api.getRequest(namespace, name),
  }),
  applyTrustBundle: async ({ metadata, spec }) => ({
    metadata: {
      uid: '',
      resourceVersion: 'dry-run',
      creationTimestamp: 0,
      ownerReferences: [],
      labels: {},
      ...metadata,
    },
    spec: { signerName: '', ...spec },
  }),
  createEvent: async () => {},
});

const least = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
