import { join } from 'node:path';
import { formatDuration, type Seconds } from '@mayfly/der';
import type { KeyType } from '@mayfly/pod-certificates';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import { type ProvePossession, type RequestIdentity, requestCertificate } from '@mayfly/pod-certificates/requester';
import {
  type BackoffOptions,
  type Clock,
  type CredentialBundle,
  type KeepFreshEvent,
  keepFresh,
  sleepFor,
} from '@mayfly/rotation';
import { parseCertificate } from '@mayfly/x509';
import { adviceFor, CliError, messageOf } from '../errors.js';
import type { Pod, PodCertificateSource, Volume } from '../manifests/manifest.js';
import { credentialStore, distrustOf } from './credential-store.js';
import type { Emit, UpEvent, UpReason } from './event.js';
import { inFlightFile } from './in-flight.js';
import type { Keys } from './keys.js';
import { credentialsDirectory, podKey, sourceName } from './places.js';
import type { StateDirectory } from './state-directory.js';
import { signerAnchors } from './trust.js';

/** What plays a kubelet's part works with. */
export interface RunnerOptions {
  readonly api: PodCertificateApi;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly state: Pick<StateDirectory, 'path' | 'files'>;
  readonly keys: Keys;
  /** Who the pod is to the API. */
  readonly identityOf: (pod: Pod) => PodUids;
  /** Where programs find a volume. */
  readonly directoryOf: (pod: Pod, volume: Volume) => string;
  /** Permission bits that a file with a key may have. */
  readonly keyMode: number;
  /** What certificates depend on beside the manifest: when it changes, what is stored is not used again. */
  readonly basis: string;
  /** Where the server knows no stub, see `RequesterOptions`. */
  readonly provePossession?: ProvePossession | undefined;
  /** Who tells events at the pod, for example `mayfly.dev/up`. */
  readonly reporter: string;
  readonly emit: Emit;
  /** Between failed attempts. */
  readonly backoff?: BackoffOptions;
  /** Called whenever something stands differently. */
  readonly onChange: () => void;
}

/** What names alone do not say of a pod. */
export type PodUids = Pick<RequestIdentity, 'podUID' | 'serviceAccountUID' | 'nodeName' | 'nodeUID'>;

/** A certificate that is or was in use. */
export interface HeldCertificate {
  readonly serialNumber: bigint;
  readonly notBefore: Seconds;
  /** When it came into use. */
  readonly since: Seconds;
  readonly refreshAt: Seconds;
  readonly notAfter: Seconds;
}

/** How a source stands, for the table and the status page. */
export interface SourceStatus {
  /** Different for every source of the manifests. */
  readonly id: string;
  readonly pod: string;
  readonly volume: string;
  readonly signerName: string;
  /** Of the certificate in use; `undefined` before the first. */
  readonly certificate: HeldCertificate | undefined;
  /** Some that were in use before, oldest first. */
  readonly earlier: readonly HeldCertificate[];
  /** When the request that is under way was made. */
  readonly requestedAt: Seconds | undefined;
  /** When the next attempt begins after one that failed. */
  readonly retryAt: Seconds | undefined;
  /** How many certificates followed the first one of this run. */
  readonly rotations: number;
  /** The newest thing that happened to it. */
  readonly last: string;
  /** What `/readyz` says against it. */
  readonly problem: string | undefined;
}

/** One `podCertificate` source that is kept fresh. */
export interface SourceRunner {
  status(): SourceStatus;
  /** Keeps the certificate fresh until the signal is aborted. @throws What `load` of a {@link credentialStore} throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** Where a source belongs, and how its certificate gets into the volume. */
export interface Holder {
  readonly pod: Pod;
  readonly volume: Volume;
  readonly source: PodCertificateSource;
  /** What each source of the volume holds now; this one's is kept up to date. */
  readonly bundles: Map<PodCertificateSource, CredentialBundle>;
  /** Writes the volume; rejects when the disk refuses. */
  readonly write: () => Promise<void>;
  /** Has the volume written soon. */
  readonly requestWrite: () => void;
}

type Ending = 'denied' | 'failed' | 'rejected';

/** A request that ended without a certificate. */
class RequestEnded extends Error {
  override readonly name = 'RequestEnded';
  readonly outcome: Ending;
  constructor(outcome: Ending, reason: string, message: string) {
    super(message === '' ? reason : `${message} (${reason})`);
    this.outcome = outcome;
  }
}

/** What keeps a certificate from being refreshed. */
interface Trouble {
  readonly outcome: Ending | 'trouble';
  readonly message: string;
  /** How many attempts ended so. */
  readonly attempts: number;
}

const ALGORITHMS = {
  ECDSAP256: 'P-256',
  ECDSAP384: 'P-384',
  ECDSAP521: 'P-521',
  ED25519: 'Ed25519',
  RSA3072: 'RSA-3072',
  RSA4096: 'RSA-4096',
} as const satisfies Record<KeyType, string>;

const REASONS = {
  denied: 'Denied',
  failed: 'Failed',
  rejected: 'Rejected',
  trouble: 'RefreshFailed',
} as const satisfies Record<Trouble['outcome'], UpReason>;

/** A denial stands until somebody changes the policy; asking again sooner changes nothing. */
const DENIED_PAUSE: Seconds = 60;
/** Failures in a row that are nobody's concern while the certificate is valid (R21). */
const UNREMARKABLE_ATTEMPTS = 3;
/** Certificates that are remembered behind the one in use. */
const MAX_EARLIER = 8;

/** Makes a source's runner; nothing happens before {@link SourceRunner.run}. */
export function createSourceRunner(
  { pod, volume, source, bundles, write, requestWrite }: Holder,
  options: RunnerOptions,
): SourceRunner {
  const { api, clock, randomBytes, state, keys, provePossession, emit, backoff = {}, onChange } = options;
  const { signerName } = source;
  const name = `${podKey(pod)}/${volume.name}`;
  const ownName = sourceName(pod, volume, source, options.basis);
  const place = join(credentialsDirectory(state.path, pod), ownName);
  const stored = credentialStore(place, state.files, keys);
  const inFlight = inFlightFile(`${place}.request.json`, state.files);
  let settle = async (): Promise<void> => {};
  let certificate: SourceStatus['certificate'];
  let earlier: readonly HeldCertificate[] = [];
  let requestedAt: Seconds | undefined;
  let retryAt: Seconds | undefined;
  let alarm: string | undefined;
  let trouble: Trouble | undefined;
  let notBeforeDenied: Seconds = 0;
  let last = 'waiting for its first certificate';
  let rotations = 0;

  const tell = (
    type: UpEvent['type'],
    reason: UpReason,
    message: string,
    word: string,
    more: Pick<UpEvent, 'retryAt'> = {},
  ): void => {
    last = word;
    emit({
      type,
      reason,
      message: `${name} ${message}`,
      pod: podKey(pod),
      volume: volume.name,
      signerName,
      ...(certificate !== undefined && {
        serialNumber: certificate.serialNumber.toString(16),
        refreshAt: certificate.refreshAt,
        notAfter: certificate.notAfter,
      }),
      ...more,
    });
    onChange();
    // Kubernetes tells warnings on the pod itself.
    if (type === 'Warning')
      void api
        .createEvent({
          type,
          reason,
          note: message,
          regarding: { namespace: pod.namespace, name: pod.name, uid: identity.podUID },
          reportingController: options.reporter,
          eventTime: clock.now(),
        })
        .catch(() => {}); // the event has been shown already
  };

  const identity: RequestIdentity = {
    namespace: pod.namespace,
    signerName,
    podName: pod.name,
    serviceAccountName: pod.serviceAccountName,
    ...options.identityOf(pod),
    ...(source.maxExpirationSeconds !== undefined && { maxExpirationSeconds: source.maxExpirationSeconds }),
    unverifiedUserAnnotations: source.userAnnotations,
  };

  const obtain = async (signal: AbortSignal): Promise<CredentialBundle> => {
    await sleepFor(clock, Math.min(notBeforeDenied - clock.now(), DENIED_PAUSE), signal);
    requestedAt = clock.now();
    retryAt = undefined;
    const outcome = await requestCertificate({
      api,
      identity,
      async generateKey() {
        const key = await keys.generateKey(ALGORITHMS[source.keyType]);
        return { key, privateKeyInfo: key.exportPkcs8() };
      },
      anchors: () => signerAnchors(api, signerName),
      verify: keys.verify,
      clock,
      randomBytes,
      inFlight,
      ...(provePossession && { provePossession }),
      signal,
      onEvent(event) {
        if (event.type === 'lost')
          tell('Warning', 'RequestLost', `waits in vain: request ${event.name} is gone unanswered`, 'request lost');
      },
    }).finally(() => {
      requestedAt = undefined;
    });
    if (outcome.outcome !== 'issued') throw new RequestEnded(outcome.outcome, outcome.reason, outcome.message);
    settle = outcome.settle;
    return outcome.bundle;
  };

  /** Without the API nobody knows better: what is stored serves until it is due. */
  const distrustOfStored = async (bundle: CredentialBundle): Promise<string | undefined> => {
    try {
      return distrustOf(bundle, await signerAnchors(api, signerName), clock.now(), keys.verify);
    } catch (error) {
      if (error instanceof CliError) throw error;
      return undefined;
    }
  };

  /** The bundle is safe first, then visible, then the request may be forgotten. */
  const store = {
    async load() {
      const bundle = await stored.load();
      if (bundle === undefined) return undefined;
      if (parseCertificate(bundle.chain[0]!).validity.notAfter < clock.now()) {
        const what = 'had a certificate that expired while mayfly was not running; a new one is requested';
        tell('Normal', 'ExpiredBeforeStart', what, 'expired before the start');
        return undefined;
      }
      const distrust = await distrustOfStored(bundle);
      if (distrust !== undefined) {
        const what = `has a certificate that is no longer trusted, ${distrust}; a new one is requested`;
        tell('Warning', 'Rejected', what, 'distrusted');
        return undefined;
      }
      bundles.set(source, bundle);
      requestWrite();
      return bundle;
    },
    async replace(bundle: CredentialBundle) {
      await stored.replace(bundle);
      bundles.set(source, bundle);
      await write();
      await settle();
    },
  };

  const failed = (error: unknown, until: Seconds): void => {
    const outcome = error instanceof RequestEnded ? error.outcome : 'trouble';
    const advice = adviceFor(error);
    const message = `${messageOf(error)}${advice === undefined ? '' : `; ${advice}`}`;
    trouble = { outcome, message, attempts: (trouble?.attempts ?? 0) + 1 };
    if (outcome === 'denied') notBeforeDenied = clock.now() + DENIED_PAUSE;
    retryAt = Math.max(until, notBeforeDenied);
    const kept = certificate === undefined ? 'it has none yet' : 'the certificate that it has stays in use';
    const reason = REASONS[outcome];
    tell(
      'Warning',
      reason,
      `got no certificate: ${message}; ${kept}, attempts go on`,
      outcome === 'trouble' ? 'retrying' : outcome,
      { retryAt },
    );
  };

  const onEvent = (event: KeepFreshEvent): void => {
    switch (event.type) {
      case 'loaded':
      case 'fresh': {
        const { serialNumber, refreshAt, notAfter } = event;
        const first = certificate === undefined;
        if (certificate !== undefined) earlier = [...earlier.slice(-MAX_EARLIER + 1), certificate];
        const { notBefore } = parseCertificate(bundles.get(source)!.chain[0]!).validity; // what the event tells of
        certificate = { serialNumber, notBefore, since: event.at, refreshAt, notAfter };
        retryAt = undefined;
        alarm = undefined;
        trouble = undefined;
        if (!first) rotations++;
        const serial = serialNumber.toString(16).slice(0, 10);
        if (event.type === 'loaded') tell('Normal', 'Loaded', `goes on with certificate ${serial}`, 'loaded');
        else if (first) tell('Normal', 'Issued', `has certificate ${serial}`, 'issued');
        else tell('Normal', 'Rotated', `rotated to certificate ${serial}`, 'rotated');
        return;
      }
      case 'retry':
        failed(event.error, event.until);
        return;
      case 'overdue': {
        alarm = 'overdue for refresh';
        const late = event.at - event.refreshAt;
        const left = Math.max(0, event.notAfter - event.at);
        const what = `should have a new certificate since ${formatDuration(late)}; it is valid for another ${formatDuration(left)}`;
        tell('Warning', 'CertificateOverdueForRefresh', what, 'overdue');
        return;
      }
      case 'expired':
        alarm = 'expired';
        tell('Warning', 'CertificateExpired', 'has an expired certificate; attempts to get a new one go on', 'expired');
    }
  };

  const problem = (): string | undefined => {
    const standing = certificate === undefined ? 'no certificate yet' : alarm;
    const isRemarkable =
      trouble !== undefined && (trouble.outcome !== 'trouble' || trouble.attempts > UNREMARKABLE_ATTEMPTS);
    if (standing === undefined && !isRemarkable) return undefined;
    const why = trouble && `${trouble.outcome === 'trouble' ? '' : `${trouble.outcome}: `}${trouble.message}`;
    return [standing, why].filter(Boolean).join(', ');
  };

  return {
    status: () => ({
      id: `${name}/${ownName}`,
      pod: podKey(pod),
      volume: volume.name,
      signerName,
      certificate,
      earlier,
      requestedAt,
      retryAt,
      rotations,
      last,
      problem: problem(),
    }),
    run: (signal) => keepFresh({ store, obtain, clock, backoff, signal, onEvent }),
  };
}
