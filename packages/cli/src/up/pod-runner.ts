import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, type Seconds } from '@mayfly/der';
import { fromPkcs8, generateKey, verifyWithNode } from '@mayfly/keys/node';
import type { KeyType } from '@mayfly/pod-certificates';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import { type RequestIdentity, requestCertificate } from '@mayfly/pod-certificates/requester';
import {
  type BackoffOptions,
  type Clock,
  type CredentialBundle,
  type KeepFreshEvent,
  keepFresh,
  RotationError,
} from '@mayfly/rotation';
import { directoryStore } from '@mayfly/rotation/fs';
import { type Certificate, parseCertificate, signedParts } from '@mayfly/x509';
import { CliError, messageOf } from '../errors.js';
import type { Pod, PodCertificateSource, Volume } from '../manifests/manifest.js';
import type { Emit, UpEvent, UpReason } from './event.js';
import { inFlightFile } from './in-flight.js';
import { credentialsDirectory, podKey, sourceName, volumeDirectory } from './places.js';
import { stableUid } from './state-directory.js';
import { signerAnchors } from './trust.js';
import { writePodVolume } from './volume.js';

/** What a local kubelet works with. */
export interface PodRunnerOptions {
  readonly api: PodCertificateApi;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Of the state directory. */
  readonly state: { readonly path: string; readonly installation: string };
  readonly emit: Emit;
  /** Between failed attempts. */
  readonly backoff?: BackoffOptions;
  readonly onChange: () => void;
}

/** How a source stands, for the table and for `/readyz`. */
export interface SourceStatus {
  readonly pod: string;
  readonly volume: string;
  readonly signerName: string;
  /** Of the certificate in use; `undefined` before the first. */
  readonly certificate:
    | {
        readonly serialNumber: bigint;
        readonly since: Seconds;
        readonly refreshAt: Seconds;
        readonly notAfter: Seconds;
      }
    | undefined;
  /** How many certificates followed the first one of this run. */
  readonly rotations: number;
  readonly state: 'waiting' | 'fresh' | 'retrying' | 'overdue' | 'expired' | 'denied';
  /** The newest thing that happened to it. */
  readonly last: string;
}

/** A pod whose volumes are kept as a kubelet keeps them. */
export interface PodRunner {
  readonly pod: Pod;
  readonly status: () => readonly SourceStatus[];
  /** Whether every volume was written at least once. */
  readonly mounted: () => boolean;
  /** Writes the volumes anew where a trust bundle changed. */
  trustChanged(): Promise<void>;
  /** Keeps everything fresh until the signal is aborted; rejects for state that a person has to look at. */
  run(signal: AbortSignal): Promise<void>;
}

/** A request that ended without a certificate. */
class RequestEnded extends Error {
  override readonly name = 'RequestEnded';
  readonly outcome: 'denied' | 'failed' | 'rejected';
  readonly reason: string;
  constructor(outcome: 'denied' | 'failed' | 'rejected', reason: string, message: string) {
    super(message === '' ? reason : `${message} (${reason})`);
    this.outcome = outcome;
    this.reason = reason;
  }
}

const ALGORITHMS = {
  ECDSAP256: 'P-256',
  ECDSAP384: 'P-384',
  ECDSAP521: 'P-521',
  ED25519: 'Ed25519',
  RSA3072: 'RSA-3072',
  RSA4096: 'RSA-4096',
} as const satisfies Partial<Record<KeyType, string>>;

/** The node that everything runs on in local mode. */
const NODE_NAME = 'localhost';

/** Makes a pod's runner; nothing happens before {@link PodRunner.run}. */
export function createPodRunner(pod: Pod, options: PodRunnerOptions): PodRunner {
  const volumes = pod.volumes.map((volume) => createVolumeRunner(pod, volume, options));
  return {
    pod,
    status: () => volumes.flatMap((volume) => volume.status()),
    mounted: () => volumes.every((volume) => volume.mounted()),
    async trustChanged() {
      for (const volume of volumes) await volume.write();
    },
    async run(signal) {
      await forgetOldSources(pod, options);
      await Promise.all(volumes.map((volume) => volume.run(signal)));
    },
  };
}

/** Removes keys of sources that the manifest no longer has. */
async function forgetOldSources(pod: Pod, { state }: PodRunnerOptions): Promise<void> {
  const directory = credentialsDirectory(state.path, pod);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = new Set(
    pod.volumes.flatMap((volume) =>
      volume.sources.flatMap((source) => (source.type === 'podCertificate' ? [sourceName(pod, volume, source)] : [])),
    ),
  );
  for (const name of await readdir(directory))
    if (!names.has(name.replace(/\.request\.json$/, '')))
      await rm(join(directory, name), { recursive: true, force: true });
}

interface VolumeRunner {
  status(): readonly SourceStatus[];
  mounted(): boolean;
  write(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

function createVolumeRunner(pod: Pod, volume: Volume, options: PodRunnerOptions): VolumeRunner {
  const { api, state, emit, onChange } = options;
  const directory = volumeDirectory(state.path, pod, volume.name);
  const bundles = new Map<PodCertificateSource, CredentialBundle>();
  let mounted = false;
  let missing: string | undefined;
  /** One writer at a time. */
  let tail: Promise<unknown> = Promise.resolve();
  const write = (): Promise<void> => {
    const done = tail.then(async () => {
      const outcome = await writePodVolume(directory, volume, bundles, api);
      if (outcome.type === 'incomplete') {
        if (!mounted && outcome.what !== missing && bundles.size === sources.length)
          emit({
            type: 'Warning',
            reason: 'VolumeNotWritten',
            pod: podKey(pod),
            volume: volume.name,
            message: `Volume ${volume.name} waits for ${outcome.what}`,
          });
        missing = outcome.what;
        return;
      }
      missing = undefined;
      if (outcome.type === 'written')
        emit({
          type: 'Normal',
          reason: 'VolumeWritten',
          pod: podKey(pod),
          volume: volume.name,
          message: `Volume ${volume.name} written to ${directory}`,
        });
      mounted = true;
      onChange();
    });
    tail = done.catch(() => {
      // Whoever asked for the write gets the error and tries again.
    });
    return done;
  };
  const sources = volume.sources
    .filter((source) => source.type === 'podCertificate')
    .map((source) => createSourceRunner({ pod, volume, source, bundles, write }, options));
  return {
    status: () => sources.map((source) => source.status()),
    mounted: () => mounted,
    async write() {
      try {
        await write();
      } catch (error) {
        emit({
          type: 'Warning',
          reason: 'VolumeNotWritten',
          pod: podKey(pod),
          volume: volume.name,
          message: messageOf(error),
        });
      }
    },
    async run(signal) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // A volume of trust bundles alone has no certificate to wait for.
      if (sources.length === 0) await this.write();
      await Promise.all(sources.map((source) => source.run(signal)));
    },
  };
}

interface Holder {
  readonly pod: Pod;
  readonly volume: Volume;
  readonly source: PodCertificateSource;
  readonly bundles: Map<PodCertificateSource, CredentialBundle>;
  readonly write: () => Promise<void>;
}

function createSourceRunner({ pod, volume, source, bundles, write }: Holder, options: PodRunnerOptions) {
  const { api, clock, randomBytes, state, emit, backoff = {}, onChange } = options;
  const { signerName } = source;
  const place = join(credentialsDirectory(state.path, pod), sourceName(pod, volume, source));
  const stored = directoryStore(place);
  const inFlight = inFlightFile(`${place}.request.json`);
  let settle = async (): Promise<void> => {};
  let certificate: SourceStatus['certificate'];
  let standing: SourceStatus['state'] = 'waiting';
  let last = 'waiting for its first certificate';
  let rotations = 0;

  const tell = (type: UpEvent['type'], reason: UpReason, message: string, word: string): void => {
    last = word;
    emit({
      type,
      reason,
      message,
      pod: podKey(pod),
      volume: volume.name,
      signerName,
      ...(certificate !== undefined && {
        serialNumber: certificate.serialNumber.toString(16),
        refreshAt: certificate.refreshAt,
        notAfter: certificate.notAfter,
      }),
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
          reportingController: 'mayfly.dev/up',
          eventTime: clock.now(),
        })
        .catch(() => {}); // the event has been shown already
  };

  const identity: RequestIdentity = {
    namespace: pod.namespace,
    signerName,
    podName: pod.name,
    podUID: stableUid(state, 'Pod', podKey(pod)),
    serviceAccountName: pod.serviceAccountName,
    serviceAccountUID: stableUid(state, 'ServiceAccount', `${pod.namespace}/${pod.serviceAccountName}`),
    nodeName: NODE_NAME,
    nodeUID: stableUid(state, 'Node', NODE_NAME),
    ...(source.maxExpirationSeconds !== undefined && { maxExpirationSeconds: source.maxExpirationSeconds }),
    unverifiedUserAnnotations: source.userAnnotations,
  };

  const obtain = async (signal: AbortSignal): Promise<CredentialBundle> => {
    const outcome = await requestCertificate({
      api,
      identity,
      async generateKey() {
        const key = await generateKey(ALGORITHMS[source.keyType]);
        return { key, privateKeyInfo: key.exportPkcs8() };
      },
      anchors: () => signerAnchors(api, signerName),
      verify: verifyWithNode,
      clock,
      randomBytes,
      inFlight,
      signal,
      onEvent(event) {
        if (event.type === 'lost')
          tell('Warning', 'RequestLost', `Request ${event.name} is gone without an answer`, 'request lost');
      },
    });
    if (outcome.outcome !== 'issued') throw new RequestEnded(outcome.outcome, outcome.reason, outcome.message);
    settle = outcome.settle;
    return outcome.bundle;
  };

  /** The bundle is safe first, then visible, then the request may be forgotten. */
  const store = {
    async load() {
      const bundle = await loadOrExplain(place, stored.load);
      if (bundle === undefined) return undefined;
      if (parseCertificate(bundle.chain[0]!).validity.notAfter < clock.now()) {
        tell(
          'Normal',
          'ExpiredBeforeStart',
          `${podKey(pod)}/${volume.name} had a certificate that expired while mayfly was not running; a new one is requested`,
          'expired before the start',
        );
        return undefined;
      }
      if (!isTrusted(bundle, await signerAnchors(api, signerName))) {
        tell(
          'Warning',
          'Rejected',
          `${podKey(pod)}/${volume.name} has a certificate of an authority that is no longer trusted; a new one is requested`,
          'distrusted',
        );
        return undefined;
      }
      bundles.set(source, bundle);
      return bundle;
    },
    async replace(bundle: CredentialBundle) {
      await stored.replace(bundle);
      bundles.set(source, bundle);
      await write();
      await settle();
    },
  };

  const onEvent = (event: KeepFreshEvent): void => {
    const name = `${podKey(pod)}/${volume.name}`;
    switch (event.type) {
      case 'loaded':
      case 'fresh': {
        const { serialNumber, refreshAt, notAfter } = event;
        const first = certificate === undefined;
        certificate = { serialNumber, refreshAt, notAfter, since: event.at };
        standing = 'fresh';
        if (!first) rotations++;
        const serial = serialNumber.toString(16).slice(0, 10);
        if (event.type === 'loaded') {
          tell('Normal', 'Loaded', `${name} goes on with certificate ${serial}`, 'loaded');
          void write().catch((error: unknown) =>
            tell('Warning', 'VolumeNotWritten', messageOf(error), 'volume not written'),
          );
        } else if (first) tell('Normal', 'Issued', `${name} has certificate ${serial}`, 'issued');
        else tell('Normal', 'Rotated', `${name} rotated to certificate ${serial}`, 'rotated');
        return;
      }
      case 'retry': {
        const { error } = event;
        const wait = event.until - event.at;
        const ended = error instanceof RequestEnded ? error.outcome : undefined;
        standing =
          ended === 'denied'
            ? 'denied'
            : certificate === undefined
              ? 'waiting'
              : standing === 'fresh'
                ? 'retrying'
                : standing;
        const reason =
          ended === 'denied'
            ? 'Denied'
            : ended === 'failed'
              ? 'Failed'
              : ended === 'rejected'
                ? 'Rejected'
                : 'RefreshFailed';
        const kept = certificate === undefined ? 'it has none yet' : 'the certificate that it has stays in use';
        tell(
          'Warning',
          reason,
          `${name} got no certificate: ${messageOf(error)}; ${kept}, next attempt in ${wait} s`,
          reason === 'RefreshFailed' ? 'retrying' : reason.toLowerCase(),
        );
        return;
      }
      case 'overdue':
        standing = 'overdue';
        tell(
          'Warning',
          'CertificateOverdueForRefresh',
          `${name} should have a new certificate since ${event.at - event.refreshAt} s; it is valid for another ${event.notAfter - event.at} s`,
          'overdue',
        );
        return;
      case 'expired':
        standing = 'expired';
        tell(
          'Warning',
          'CertificateExpired',
          `${name} has an expired certificate; attempts to get a new one go on`,
          'expired',
        );
    }
  };

  return {
    status: (): SourceStatus => ({
      pod: podKey(pod),
      volume: volume.name,
      signerName,
      certificate,
      rotations,
      state: standing,
      last,
    }),
    run: (signal: AbortSignal): Promise<void> => keepFresh({ store, obtain, clock, backoff, signal, onEvent }),
  };
}

/**
 * Reads a stored bundle and checks that its key belongs to its certificate.
 * @throws {@link CliError} `ERR_CLI_STATE` for files that are broken, saying which and what to do.
 */
async function loadOrExplain(
  place: string,
  load: () => Promise<CredentialBundle | undefined>,
): Promise<CredentialBundle | undefined> {
  try {
    const bundle = await load();
    if (bundle === undefined) return undefined;
    const { subjectPublicKeyInfo } = fromPkcs8(bundle.privateKeyInfo);
    if (equalBytes(subjectPublicKeyInfo, parseCertificate(bundle.chain[0]!).subjectPublicKeyInfo)) return bundle;
    throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot use ${place}: its key belongs to another certificate`);
  } catch (cause) {
    if (cause instanceof RotationError && cause.code === 'ERR_ROTATION_IO') throw cause;
    const state = messageOf(cause);
    throw new CliError(
      'ERR_CLI_STATE',
      `${state.includes(place) ? state : `Cannot use ${place}: ${state}`}; remove that directory, and the pod gets a new certificate`,
      { cause },
    );
  }
}

/** Whether the leaf was signed by one of the anchors. */
function isTrusted({ chain }: CredentialBundle, anchors: readonly Certificate[]): boolean {
  const leaf = parseCertificate(chain[0]!);
  return anchors.some(
    (anchor) =>
      equalBytes(anchor.subject, leaf.issuer) && verifyWithNode(signedParts(leaf), anchor.subjectPublicKeyInfo),
  );
}
