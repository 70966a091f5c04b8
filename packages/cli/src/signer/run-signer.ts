import { randomBytes as nodeRandomBytes, randomUUID } from 'node:crypto';
import { bufferedRandomBytes, type CompiledProfile, compile, type Issuer } from '@mayfly/ca';
import { podClient, podPeer, podServer } from '@mayfly/ca/profiles';
import type { Seconds } from '@mayfly/der';
import type { KeysError } from '@mayfly/keys';
import type { Pkcs11SigningKey } from '@mayfly/keys/pkcs11';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import {
  type CertificatesVersions,
  chooseVersions,
  clusterApi,
  createClient,
  createSharing,
  discoverVersions,
  leasesIn,
  openConnection,
  serverClock,
} from '@mayfly/pod-certificates/kubernetes';
import { runSigner } from '@mayfly/pod-certificates/signer';
import { sleepFor, systemClock } from '@mayfly/rotation';
import { messageOf } from '../errors.js';
import type { LocalServer } from '../local-server.js';
import { annotationKeys, type Usage } from '../manifests/annotations.js';
import type { Policy } from '../policy/policy.js';
import { createStatusFeed, type StatusFeed } from '../status/feed.js';
import { serveStatus } from '../status/serve-status.js';
import { childEnvironment, isTokenUri, openTokenKey, TOKEN_SESSIONS } from '../token-key.js';
import { type Health, serveHealth } from '../up/health.js';
import { type KeysChoice, openKeys } from '../up/keys.js';
import { requestedUsage } from '../up/local-signer.js';
import { type ClusterAuthorities, givenAuthority } from './authorities.js';
import type { AuthoritySource } from './authority-material.js';
import type { SecretName } from './authority-secret.js';
import { withoutWrites } from './dry-run.js';
import { claimDenial, dnsNamesOf } from './entitlement.js';
import { firstAnswer } from './first-answer.js';
import { keepAuthorities } from './keep-authorities.js';
import { type LeaseName, leaseGroupOf } from './lease-name.js';
import { because, type Log, rfc3339 } from './log.js';
import { createMetrics } from './metrics.js';
import { createServices, podOf } from './services.js';
import { eventTeller, logEvent, logSharing } from './signer-events.js';
import { createSignerStatus } from './status.js';
import { succeedingAuthorities } from './succeeding-authorities.js';
import { bundlePublisher, witnessOf } from './trust-bundle.js';
import { wantedInCluster } from './wanted.js';
import { watchSkew } from './watch-skew.js';

/** Authorities that succeed each other in a Secret. */
export interface SucceedingSource {
  readonly managed: SecretName;
  /** Seconds that each is valid. */
  readonly lifetime: Seconds;
  /** Seconds until every pod has a new trust bundle. */
  readonly propagation: Seconds;
  /** Seconds that the next is in a canary bundle alone before; 0 publishes no such bundle. */
  readonly canary: Seconds;
}

export interface ClusterSignerOptions {
  readonly signerName: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly authority: AuthoritySource | SucceedingSource;
  readonly policy: Policy | undefined;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly maxLifetime: Seconds;
  /** Whether names of Services go into certificates. */
  readonly serviceNames: boolean;
  /** Last part of the name of the ClusterTrustBundle; `undefined` publishes none. */
  readonly bundle: string | undefined;
  /** The group of signers that share the requests, each with a Lease; `undefined` is alone and takes none. */
  readonly lease: LeaseName | undefined;
  /** Decides and signs, and writes nothing; takes no Lease, and succeeds no authority. */
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

const BACKDATE: Seconds = 60;
/** Between two looks at a PIN that was refused. */
const PIN_PERIOD: Seconds = 10;
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
  const connection = await openConnection({
    ...{ kubeconfig: options.kubeconfig, context: options.context },
    env: childEnvironment(),
  });
  const client = createClient(connection, { userAgent: 'mayfly-signer' });
  const servers: LocalServer[] = [];
  let waiting = `the API server at ${connection.server} has not answered yet`;
  let closeAuthorities = (): void => {};
  try {
    const local = systemClock();
    const clock = serverClock(local, () => client.clockAhead());
    const keys = await openKeys(options.keys, ({ message }) => log({ level: 'warn', reason: 'Keys', message }));
    const randomBytes = bufferedRandomBytes((length) => new Uint8Array(nodeRandomBytes(length)));
    const { authority: source, bundle } = options;
    let begun: { readonly health: () => Health; readonly metrics: () => Promise<string> } | undefined;
    const healthServer =
      options.listen === undefined
        ? undefined
        : await serveHealth(
            options.listen,
            () => begun?.health() ?? { ready: false, problems: [waiting] },
            async () => (await begun?.metrics()) ?? '',
          );
    if (healthServer !== undefined) servers.push(healthServer);
    let toldRefusal: KeysError | undefined;
    const openToken = (uri: string): Promise<Pkcs11SigningKey> =>
      openTokenKey(uri, {
        async whileRefused(refusal) {
          waiting = `${refusal.message}; it is tried again when the PIN is another one`;
          if (toldRefusal !== refusal) log({ level: 'error', reason: 'PinRefused', message: waiting });
          toldRefusal = refusal;
          await sleepFor(local, PIN_PERIOD, signal);
          signal.throwIfAborted();
        },
      });
    const apiOf = (versions: CertificatesVersions): PodCertificateApi =>
      clusterApi({
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
    const { versions, real, authorities } = await firstAnswer(
      async () => {
        const versions = chooseVersions(await discoverVersions(client), 'signer');
        const real = apiOf(versions);
        const authorities =
          'managed' in source
            ? await succeedingAuthorities({
                ...{ client, keys, signerName, clock, randomBytes, log, ...source },
                secret: source.managed,
                backdate: BACKDATE,
                maxLifetime: options.maxLifetime,
                ...(bundle !== undefined && { witness: () => witnessOf(real, signerName, bundle) }),
              })
            : await givenAuthority(source, client, keys, clock, options.maxLifetime, openToken);
        return { versions, real, authorities };
      },
      { server: connection.server, clock: local, log, signal },
    );
    closeAuthorities = () => authorities.close?.();
    log({
      level: 'info',
      reason: 'Started',
      message: `Signing for ${signerName} at ${connection.server}${dryRun ? ', writing nothing' : ''}`,
      origin: connection.origin,
      version: versions.podCertificateRequests,
      authorityNotAfter: timeText(authorities.notAfter()),
      clockAhead: client.clockAhead(),
    });
    const api = dryRun ? withoutWrites(real) : real;

    const namespace = options.lease?.namespace ?? connection.namespace;
    const sharing =
      options.lease === undefined || dryRun
        ? undefined
        : createSharing({
            leases: leasesIn(client, namespace),
            group: leaseGroupOf(options.lease.name),
            // A container that is started again in its pod is another one.
            identity: `${options.instance}_${randomUUID()}`,
            clock: local,
            isReady: () => signingProblems().length === 0,
            onEvent: (event) => logSharing(event, log),
          });
    /** Whether this is the one of all that publishes and lets authorities succeed each other. */
    const acts = (): boolean => {
      if (dryRun && 'managed' in source) return false;
      return sharing === undefined || sharing.owns(`authorities of ${signerName}`);
    };
    const services = createServices(client, local, log);
    const synced = { services: !options.serviceNames, bundle: options.bundle === undefined };
    /** What keeps this one from signing. */
    const signingProblems = (): readonly string[] => [
      ...(synced.services ? [] : ['Services are not listed yet']),
      ...authorityProblems(authorities, clock.now()),
    ];
    const metrics = createMetrics(signerName, {
      authorityNotAfter: () => authorities.notAfter(),
      nextStep: () => authorities.nextStep()?.at,
      members: () => sharing?.members().length ?? 1,
      clockAhead: () => client.clockAhead(),
      isBundlePublished: () => synced.bundle,
      canSign: () => signingProblems().length === 0,
      now: () => clock.now(),
    });
    const health = (): Health => {
      const problems = [
        ...signingProblems(),
        ...(synced.bundle ? [] : ['a ClusterTrustBundle is not published']),
        ...(sharing === undefined || sharing.takesPart() ? [] : ['no share of the requests is taken yet']),
      ];
      return { ready: problems.length === 0, problems };
    };
    begun = { health, metrics: () => metrics.text() };
    const hasCanary = 'managed' in source && source.canary > 0;
    const publisher = bundlePublisher(
      api,
      { signerName, bundle: options.bundle, hasCanary, isDryRun: dryRun, log },
      local,
    );
    const status = createSignerStatus({
      signerName,
      authorities,
      now: () => clock.now(),
      problems: () => health().problems,
      bundle: publisher.published,
      members: () => sharing?.members(),
    });
    feed = createStatusFeed(status);
    const page = options.statusAddress === undefined ? undefined : await serveStatus(options.statusAddress, feed);
    if (page !== undefined) {
      servers.push(page);
      log({ level: 'info', reason: 'StatusPage', message: `The status page is ${page.url}/` });
    }
    options.onStarted?.({ url: healthServer?.url, statusUrl: page?.url });

    const profileFor = profilesOf(authorities);
    const tell = eventTeller(api, { signerName, log }, clock);
    const stopping = new AbortController();
    const serving = AbortSignal.any([signal, stopping.signal]);
    const signed = new AbortController();
    const signing = runSigner({
      api,
      signerName,
      clock,
      ...(sharing && { share: sharing }),
      ...('key' in source && isTokenUri(source.key) && { signatures: TOKEN_SESSIONS }),
      verify: keys.verify,
      randomBytes,
      annotations: Object.values(annotationKeys),
      compiled: (request) => profileFor(requestedUsage(request)),
      async toRequest(request) {
        if (!options.serviceNames) return wantedInCluster(request, [], options);
        const [pod, around] = await Promise.all([podOf(client, request), services.of(request.metadata.namespace)]);
        const entitled = dnsNamesOf(pod, around, options.clusterDomain);
        return claimDenial(request, pod) ?? wantedInCluster(request, entitled, options);
      },
      signal: serving,
      onEvent(event) {
        metrics.note(event);
        status.note(event);
        logEvent(event, log);
        tell(event);
      },
    });
    const parts = [
      // Others take this one's share over when it is done with it, and no sooner.
      signing.finally(() => signed.abort()),
      ...(sharing === undefined ? [] : [sharing.run(signed.signal)]),
      ...(options.serviceNames ? [services.follow(serving, (areKnown) => (synced.services = areKnown))] : []),
      keepAuthorities({
        authorities,
        acts,
        publisher,
        clock: local,
        log,
        signal: serving,
        isActedUpon: () => sharing?.takesPart() ?? true,
        onState: (isPublished) => {
          synced.bundle = isPublished || options.bundle === undefined;
        },
      }),
      watchSkew(client, local, serving, log),
    ].map((part) => part.catch((error: unknown) => stopping.abort(error)));
    await Promise.all(parts);
    if (stopping.signal.aborted && !signal.aborted) throw stopping.signal.reason;
    log({ level: 'info', reason: 'Stopped', message: 'What was being signed is written' });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    log({ level: 'info', reason: 'Stopped', message: `Nothing was signed: ${waiting}` });
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    closeAuthorities();
    await client.close();
  }
}

/** Seconds before its end at which an authority can issue nothing more. */
const MIN_REMAINING: Seconds = 3600;

function authorityProblems(authorities: ClusterAuthorities, now: Seconds): readonly string[] {
  try {
    const { notAfter } = authorities.issuer().certificate.validity;
    const trouble = authorities.trouble?.();
    return [
      ...(now > notAfter - MIN_REMAINING ? [`the authority ends at ${rfc3339(notAfter)}`] : []),
      ...(trouble === undefined ? [] : [trouble]),
    ];
  } catch (error) {
    return [messageOf(error)];
  }
}

const timeText = (at: Seconds | undefined): string | undefined => (at === undefined ? undefined : rfc3339(at));

/** A profile for each usage, made once for each issuer. */
function profilesOf(authorities: ClusterAuthorities): (usage: Usage) => CompiledProfile {
  const make = { client: podClient, server: podServer, peer: podPeer };
  let made: { readonly issuer: Issuer; readonly maxLifetime: Seconds; readonly profiles: Map<Usage, CompiledProfile> };
  return (usage) => {
    const issuer = authorities.issuer();
    const maxLifetime = authorities.maxLifetime();
    if (made?.issuer !== issuer || made.maxLifetime !== maxLifetime)
      made = { issuer, maxLifetime, profiles: new Map() };
    const profile = made.profiles.get(usage) ?? compile(make[usage]({ backdate: BACKDATE, maxLifetime }), issuer);
    made.profiles.set(usage, profile);
    return profile;
  };
}
