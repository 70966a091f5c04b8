import { join } from 'node:path';
import type { Seconds } from '@mayfly/der';
import { DEFAULT_MAX_EXPIRATION_SECONDS, keyTypes, localLimits } from '@mayfly/pod-certificates';
import { ApiError } from '@mayfly/pod-certificates/api';
import { type EmbeddedApi, openEmbeddedApi } from '@mayfly/pod-certificates/embedded';
import { nodeVerifiers } from '@mayfly/pod-certificates/node';
import { directoryStorage } from '@mayfly/pod-certificates/persistence';
import { runSigner, type SignerEvent } from '@mayfly/pod-certificates/signer';
import type { Clock } from '@mayfly/rotation';
import { CliError, messageOf } from '../errors.js';
import { annotationKeys } from '../manifests/annotations.js';
import type { ClusterTrustBundle, Manifests } from '../manifests/manifest.js';
import type { Policy } from '../policy/policy.js';
import { type LocalAuthority, openLocalAuthority, ownBundleName } from './authority.js';
import type { Emit } from './event.js';
import type { Keys } from './keys.js';
import { requestedUsage, wantedCertificate } from './local-signer.js';
import { signerDirectory } from './places.js';
import { makePrivateDirectory } from './private-directory.js';
import type { StateDirectory } from './state-directory.js';

export interface LocalClusterOptions {
  readonly manifests: Manifests;
  readonly policy: Policy | undefined;
  readonly state: StateDirectory;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Shortest lifetime that is issued; below 3600 the rules of local mode hold. */
  readonly minExpirationSeconds: Seconds;
  /** Seconds that an authority lives; `undefined` takes 90 days, or four times the longest certificate. */
  readonly caLifetime: Seconds | undefined;
  readonly emit: Emit;
}

/** An API server, and a signer with an authority of its own for each signer name that the manifests use. */
export interface LocalCluster {
  readonly api: EmbeddedApi;
  readonly authorities: readonly LocalAuthority[];
  /** Answers requests until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const DAY: Seconds = 86_400;
/** Seconds that programs here have to see a new trust bundle before anything is signed under it. */
const PROPAGATION: Seconds = 60;

/**
 * Opens everything that stands behind a kubelet. The trust bundles are published when this resolves.
 * @throws {@link CliError} `ERR_CLI_STATE` for state that cannot be used, {@link ApiError} for a trust bundle of the
 * manifests that the API refuses.
 */
export async function openLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { manifests, policy, state, keys, clock, randomBytes, minExpirationSeconds, caLifetime, emit } = options;
  const apiDirectory = join(state.path, 'api');
  await makePrivateDirectory(state.files, apiDirectory);
  const api = await openEmbeddedApi({
    clock,
    randomBytes,
    verifiers: nodeVerifiers,
    storage: directoryStorage(apiDirectory),
    minExpirationSeconds,
  });
  const sources = manifests.pods.flatMap(({ volumes }) =>
    volumes.flatMap((volume) => volume.sources.filter((source) => source.type === 'podCertificate')),
  );
  const signerNames = [...new Set(sources.map(({ signerName }) => signerName))];
  await publishDocuments(api, manifests.clusterTrustBundles, signerNames.map(ownBundleName));

  const lifetimes = sources.map(({ maxExpirationSeconds = DEFAULT_MAX_EXPIRATION_SECONDS }) => maxExpirationSeconds);
  const maxLeafLifetime = Math.max(minExpirationSeconds, ...lifetimes);
  const lifetime = caLifetime ?? Math.max(90 * DAY, 4 * maxLeafLifetime);
  const authorities: LocalAuthority[] = [];
  for (const signerName of signerNames)
    authorities.push(
      await openLocalAuthority({
        directory: signerDirectory(state.path, signerName),
        files: state.files,
        keys,
        signerName,
        api,
        clock,
        randomBytes,
        lifetime,
        // The machine's own clock judges them, so short lives are not spent on backdating.
        backdate: Math.min(60, Math.floor(Math.min(...lifetimes) / 30)),
        succession: { maxLeafLifetime, propagation: Math.min(PROPAGATION, Math.floor(lifetime / 20)), skew: 5 },
        emit,
      }),
    );
  const foreignAnnotations = sources.flatMap(({ userAnnotations }) => Object.keys(userAnnotations));

  const serve = (authority: LocalAuthority, signal: AbortSignal): Promise<void> =>
    runSigner({
      api,
      signerName: authority.signerName,
      toRequest: (request) => wantedCertificate(request, { trustDomain: state.trustDomain, policy }),
      compiled: (request) => authority.compiled(requestedUsage(request)),
      issueMany: (compiled, requests, around) => authority.issueMany(compiled, requests, around),
      keyTypes,
      annotations: [...new Set([...Object.values(annotationKeys), ...foreignAnnotations])],
      limits: localLimits(minExpirationSeconds),
      verify: keys.verify,
      clock,
      randomBytes,
      signal,
      onEvent: (event) => tellRetries(event, authority.signerName, emit),
    });

  return {
    api,
    authorities,
    async run(signal) {
      await Promise.all([
        ...authorities.map((authority) => authority.run(signal)),
        ...authorities.map((authority) => serve(authority, signal)),
        api.runCleaner(clock, signal),
      ]);
    },
  };
}

/** Makes the documents of the manifests the only bundles beside those of the signers here. */
async function publishDocuments(
  api: EmbeddedApi,
  documents: readonly ClusterTrustBundle[],
  own: readonly string[],
): Promise<void> {
  const kept = new Set([...own, ...documents.map(({ name }) => name)]);
  for (const { metadata } of (await api.listTrustBundles()).items)
    if (!kept.has(metadata.name)) await api.deleteTrustBundle(metadata.name);
  for (const { name, labels, signerName, trustBundle, place } of documents) {
    if (own.includes(name)) {
      const state = "mayfly's own signer publishes under this name; name yours otherwise";
      throw new CliError(
        'ERR_CLI_MANIFEST',
        `Cannot use ClusterTrustBundle ${name} at ${place.file}:${place.line}:${place.column}: ${state}`,
      );
    }
    try {
      await api.applyTrustBundle({
        metadata: { name, labels },
        spec: { ...(signerName !== undefined && { signerName }), trustBundle },
      });
    } catch (cause) {
      if (!(cause instanceof ApiError && cause.reason === 'Invalid')) throw cause;
      const { file, line, column } = place;
      const state = cause.causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
      throw new CliError(
        'ERR_CLI_MANIFEST',
        `Cannot use ClusterTrustBundle ${name} at ${file}:${line}:${column}: ${state}`,
        { cause },
      );
    }
  }
}

/** Everything else is told by the pod that asked. */
function tellRetries(event: SignerEvent, signerName: string, emit: Emit): void {
  if (event.type !== 'retry' && event.type !== 'disconnected') return;
  const what =
    event.type === 'retry'
      ? `cannot answer ${event.request.metadata.namespace}/${event.request.spec.podName} yet`
      : 'lost its watch';
  emit({
    type: 'Warning',
    reason: 'SignerRetries',
    signerName,
    message: `Signer ${signerName} ${what}: ${messageOf(event.error)}`,
  });
}
