import type { Seconds } from '@mayfly/der';
import { type Clock, sleepFor } from '@mayfly/rotation';
import {
  ApiError,
  invalidObject,
  matchesLabels,
  type PodCertificateApi,
  type PodEvent,
  type RequestSelector,
  type StatusUpdate,
  type TrustBundleSelector,
} from './api.js';
import { PodCertificatesError } from './errors.js';
import { describeFieldError, type FieldError } from './field-error.js';
import { isObject, type JsonObject, objectMember } from './json.js';
import { kubernetesLimits, localLimits } from './limits.js';
import { createObjectTable, type ObjectTable, type Selection, type Versioned } from './object-table.js';
import {
  clusterTrustBundleToJson,
  podCertificateRequestToJson,
  readClusterTrustBundle,
  readPodCertificateRequest,
} from './read.js';
import { defaultPodCertificateRequest, type RequestVerifiers, validateNewRequest } from './request-rules.js';
import { requestedKey } from './requested-key.js';
import { validateStatusUpdate } from './status-rules.js';
import type { ObjectStorage } from './storage.js';
import { formatTimestamp } from './timestamp.js';
import { validateTrustBundle } from './trust-bundle-rules.js';
import type { ClusterTrustBundle, NewPodCertificateRequest, PodCertificateRequest } from './types.js';

export type { RequestVerifiers, VerifyProofOfPossession } from './request-rules.js';
export type { JsonObject, ObjectStorage } from './storage.js';

export interface EmbeddedApiOptions {
  /** The server's clock. */
  readonly clock: Pick<Clock, 'now'>;
  /** For uids and generated names. Returns a new array. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** The cryptography of the rules; `@mayfly/pod-certificates/node` has it for Node. */
  readonly verifiers: RequestVerifiers;
  /** Where objects outlive the process. Default nowhere. */
  readonly storage?: ObjectStorage;
  /** Local mode: shortest lifetime in seconds, 1 to 3600, margins in proportion (`localLimits`). Default 3600, the real rules. */
  readonly minExpirationSeconds?: Seconds;
}

/** An API server in the process, for these two kinds. */
export interface EmbeddedApi extends PodCertificateApi {
  /** Deletes every request older than fifteen minutes, as kube-controller-manager does; returns how many. */
  clean(): Promise<number>;
  /** Calls {@link EmbeddedApi.clean} every five minutes until the signal is aborted. */
  runCleaner(clock: Clock, signal: AbortSignal): Promise<void>;
  /** The newest events, at most a thousand, oldest first. */
  events(): readonly PodEvent[];
}

const MAX_REQUEST_AGE: Seconds = 15 * 60;
const CLEANER_PERIOD: Seconds = 5 * 60;
const MAX_EVENTS = 1000;
/** Versions that are set aside in storage at once, so that a restart never gives one out again. */
const VERSION_BLOCK = 1000;
const VERSION_KEY = 'server/resource-version';
/** Longest prefix that a generated suffix of five characters is put behind. */
const MAX_GENERATE_NAME = 58;
/** Kubernetes' alphabet for generated names: no vowels, no digits that look like letters. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

const REQUESTS = 'podcertificaterequests';
const BUNDLES = 'clustertrustbundles';

/**
 * Starts an API server that enforces the rules of kube-apiserver 1.36 on PodCertificateRequests and ClusterTrustBundles.
 * Every write is in storage before it is answered or seen by a watch.
 * @throws {@link PodCertificatesError} `ERR_POD_CERTIFICATES_STORAGE` when something in storage cannot be read.
 */
export async function openEmbeddedApi({
  clock,
  randomBytes,
  verifiers,
  storage,
  minExpirationSeconds = kubernetesLimits.minExpirationSeconds,
  ...unknown
}: EmbeddedApiOptions): Promise<EmbeddedApi> {
  unknown satisfies Record<string, never>;
  const limits = localLimits(minExpirationSeconds);
  const requests = createObjectTable<PodCertificateRequest>();
  const bundles = createObjectTable<ClusterTrustBundle>();
  let events: PodEvent[] = [];
  let { version, versionsSetAside } = await restore(storage, requests, bundles);

  /** Writes happen one after the other, in the order of their versions. */
  let tail: Promise<unknown> = Promise.resolve();
  const serialize = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch(() => {
      // Whoever asked for the write gets the error; the next write goes on.
    });
    return result;
  };

  const nextVersion = async (): Promise<string> => {
    if (version >= versionsSetAside) {
      await storage?.put(VERSION_KEY, { setAside: version + VERSION_BLOCK });
      versionsSetAside = version + VERSION_BLOCK;
    }
    return String(++version);
  };

  const writeRequest = async (request: PodCertificateRequest): Promise<PodCertificateRequest> => {
    const written = withVersion(request, await nextVersion());
    await storage?.put(`${REQUESTS}/${written.metadata.uid}`, podCertificateRequestToJson(written, 'v1beta1'));
    requests.set(requestKey(written.metadata.namespace, written.metadata.name), written);
    return written;
  };

  const removeRequest = async (request: PodCertificateRequest): Promise<void> => {
    const last = withVersion(request, await nextVersion());
    await storage?.delete(`${REQUESTS}/${request.metadata.uid}`);
    requests.delete(requestKey(request.metadata.namespace, request.metadata.name), last);
  };

  const requireRequest = (namespace: string, name: string): PodCertificateRequest => {
    const request = requests.get(requestKey(namespace, name));
    if (request === undefined) throw notFound(REQUESTS, name);
    return request;
  };

  const requireBundle = (name: string): ClusterTrustBundle => {
    const bundle = bundles.get(name);
    if (bundle === undefined) throw notFound(BUNDLES, name);
    return bundle;
  };

  const generatedName = (prefix: string): string => {
    let suffix = '';
    for (const octet of randomBytes(5)) suffix += SUFFIX_ALPHABET[octet % SUFFIX_ALPHABET.length]!;
    return prefix.slice(0, MAX_GENERATE_NAME) + suffix;
  };

  const serverMetadata = (): JsonObject => ({
    uid: uuid(randomBytes(16)),
    creationTimestamp: formatTimestamp(clock.now()),
    resourceVersion: '0',
  });

  const create = async (request: NewPodCertificateRequest): Promise<PodCertificateRequest> => {
    const { name: given, generateName = '' } = request.metadata;
    const sent = defaultPodCertificateRequest(podCertificateRequestToJson(request, 'v1beta1'));
    const named = (name: string): JsonObject => ({
      ...sent,
      metadata: { ...objectMember(sent, 'metadata'), ...serverMetadata(), name },
    });
    const nameOf = () => given ?? (generateName === '' ? '' : generatedName(generateName));
    const firstName = nameOf();
    const first = named(firstName);
    const errors = await validateNewRequest(first, verifiers, limits);
    if (errors.length > 0) throw refusedObject('PodCertificateRequest', firstName, errors);
    return serialize(async () => {
      let object = readPodCertificateRequest(first);
      while (requests.get(requestKey(object.metadata.namespace, object.metadata.name)) !== undefined) {
        if (given !== undefined)
          throw new ApiError(
            'AlreadyExists',
            `${REQUESTS}.certificates.k8s.io ${JSON.stringify(given)} already exists`,
          );
        object = readPodCertificateRequest(named(nameOf()));
      }
      return await writeRequest(object);
    });
  };

  const api: EmbeddedApi = {
    createRequest: create,
    async getRequest(namespace, name) {
      return requireRequest(namespace, name);
    },
    async listRequests(selector = {}) {
      return requests.list(selectedRequests(selector), version);
    },
    watchRequests: (selector, options) => requests.watch(selectedRequests(selector), options, version),

    updateStatus: ({ metadata: { namespace, name, uid, resourceVersion } }, status) =>
      serialize(async (): Promise<StatusUpdate> => {
        const request = requests.get(requestKey(namespace, name));
        if (request === undefined || request.metadata.uid !== uid)
          return { ok: false, reason: 'NotFound', message: notFound(REQUESTS, name).message };
        if (request.metadata.resourceVersion !== resourceVersion)
          return {
            ok: false,
            reason: 'Conflict',
            message: `Operation cannot be fulfilled on ${REQUESTS}.certificates.k8s.io ${JSON.stringify(name)}: the object has been modified; please apply your changes to the latest version and try again`,
          };
        const json = podCertificateRequestToJson(request, 'v1beta1');
        const newStatus: JsonObject = { ...status };
        const errors = validateStatusUpdate({
          oldStatus: objectMember(json, 'status'),
          newStatus,
          // Creation has seen that there is a key.
          subjectPublicKeyInfo: requestedKey(request)!.subjectPublicKeyInfo,
          maxExpirationSeconds: request.spec.maxExpirationSeconds,
          now: clock.now(),
          limits,
        });
        if (errors.length > 0) throw refusedObject('PodCertificateRequest', name, errors);
        // Accepted and already terminal, or accepted without a condition: nothing changes.
        if (request.terminal !== undefined || status.conditions.length === 0) return { ok: true, request };
        const updated = readPodCertificateRequest({ ...json, status: newStatus });
        return { ok: true, request: await writeRequest(updated) };
      }),

    deleteRequest: (namespace, name, uid) =>
      serialize(async () => {
        const request = requireRequest(namespace, name);
        if (uid !== undefined && request.metadata.uid !== uid)
          throw new ApiError('Conflict', `the UID in the precondition (${uid}) does not match ${request.metadata.uid}`);
        await removeRequest(request);
      }),

    async getTrustBundle(name) {
      return requireBundle(name);
    },
    async listTrustBundles(selector) {
      return bundles.list({ matches: matchesBundle(selector) }, version);
    },
    watchTrustBundles: (selector, options) => bundles.watch({ matches: matchesBundle(selector) }, options, version),

    applyTrustBundle: (bundle) =>
      serialize(async () => {
        const { name } = bundle.metadata;
        const old = bundles.get(name);
        const oldJson = old && clusterTrustBundleToJson(old, 'v1');
        const sent = clusterTrustBundleToJson(bundle, 'v1');
        const errors = validateTrustBundle(sent, oldJson);
        if (errors.length > 0) throw refusedObject('ClusterTrustBundle', name, errors);
        const kept = oldJson === undefined ? serverMetadata() : objectMember(oldJson, 'metadata');
        const json = { ...sent, metadata: { ...kept, ...objectMember(sent, 'metadata') } };
        const written = withVersion(readClusterTrustBundle(json), await nextVersion());
        await storage?.put(`${BUNDLES}/${written.metadata.uid}`, clusterTrustBundleToJson(written, 'v1'));
        bundles.set(name, written);
        return written;
      }),

    deleteTrustBundle: (name, preconditions) =>
      serialize(async () => {
        const bundle = requireBundle(name);
        const { uid, resourceVersion } = bundle.metadata;
        if (preconditions !== undefined && preconditions.uid !== uid)
          throw new ApiError('Conflict', `the UID in the precondition (${preconditions.uid}) does not match ${uid}`);
        if (preconditions !== undefined && preconditions.resourceVersion !== resourceVersion)
          throw new ApiError(
            'Conflict',
            `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match ${resourceVersion}`,
          );
        const last = withVersion(bundle, await nextVersion());
        await storage?.delete(`${BUNDLES}/${uid}`);
        bundles.delete(name, last);
      }),

    async createEvent(event) {
      events.push(event);
      if (events.length > 2 * MAX_EVENTS) events = events.slice(-MAX_EVENTS);
    },
    events: () => events.slice(-MAX_EVENTS),

    clean: () =>
      serialize(async () => {
        const oldest = clock.now() - MAX_REQUEST_AGE;
        const old = [...requests.values()].filter(({ metadata }) => metadata.creationTimestamp < oldest);
        for (const request of old) await removeRequest(request);
        return old.length;
      }),

    async runCleaner(cleanerClock, signal) {
      while (await sleepFor(cleanerClock, CLEANER_PERIOD, signal)) {
        try {
          await api.clean();
        } catch {
          // Storage that refuses now is asked again in five minutes; what is old only gets older.
        }
      }
    },
  };
  return api;
}

/** What cannot be decoded is a 400 before any rule is asked; what the rules refuse a 422. */
function refusedObject(kind: string, name: string, errors: readonly FieldError[]): ApiError {
  const undecodable = errors.filter(({ reason }) => reason === 'FieldValueTypeInvalid');
  if (undecodable.length === 0) return invalidObject(kind, name, errors);
  const texts = undecodable.map(describeFieldError).join(', ');
  return new ApiError('BadRequest', `${kind} in version "v1beta1" cannot be handled as a ${kind}: ${texts}`);
}

async function restore(
  storage: ObjectStorage | undefined,
  requests: ObjectTable<PodCertificateRequest>,
  bundles: ObjectTable<ClusterTrustBundle>,
): Promise<{ version: number; versionsSetAside: number }> {
  if (storage === undefined) return { version: 0, versionsSetAside: Number.POSITIVE_INFINITY };
  let version = 0;
  const restoredRequests = new Map<string, PodCertificateRequest>();
  const restoredBundles = new Map<string, ClusterTrustBundle>();
  for (const [key, json] of await storage.load()) {
    try {
      if (key === VERSION_KEY) version = Math.max(version, readSetAside(json));
      else if (key.startsWith(`${REQUESTS}/`)) {
        const request = readPodCertificateRequest(json);
        restoredRequests.set(requestKey(request.metadata.namespace, request.metadata.name), request);
        version = Math.max(version, readVersion(request));
      } else if (key.startsWith(`${BUNDLES}/`)) {
        const bundle = readClusterTrustBundle(json);
        restoredBundles.set(bundle.metadata.name, bundle);
        version = Math.max(version, readVersion(bundle));
      } else throw new PodCertificatesError('ERR_POD_CERTIFICATES_STORAGE', key, 'nothing that is kept there');
    } catch (cause) {
      const state = cause instanceof Error ? cause.message : 'broken';
      throw new PodCertificatesError('ERR_POD_CERTIFICATES_STORAGE', key, state, { cause });
    }
  }
  requests.restore(restoredRequests, version);
  bundles.restore(restoredBundles, version);
  return { version, versionsSetAside: version };
}

function readVersion({ metadata: { resourceVersion } }: Versioned): number {
  const version = Number(resourceVersion);
  if (/^\d+$/.test(resourceVersion) && Number.isSafeInteger(version)) return version;
  throw new PodCertificatesError('ERR_POD_CERTIFICATES_FIELD', 'metadata.resourceVersion', 'no resource version');
}

function readSetAside(json: unknown): number {
  const setAside = isObject(json) ? json['setAside'] : undefined;
  if (typeof setAside === 'number' && Number.isSafeInteger(setAside) && setAside >= 0) return setAside;
  throw new PodCertificatesError('ERR_POD_CERTIFICATES_FIELD', 'setAside', 'no resource version');
}

const requestKey = (namespace: string, name: string): string => `${namespace}/${name}`;

const withVersion = <T extends Versioned>(object: T, resourceVersion: string): T => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion },
});

const notFound = (resource: string, name: string): ApiError =>
  new ApiError('NotFound', `${resource}.certificates.k8s.io ${JSON.stringify(name)} not found`);

const selectedRequests = ({
  namespace,
  name,
  signerName,
  podName,
  nodeName,
}: RequestSelector): Selection<PodCertificateRequest> => ({
  key: namespace === undefined || name === undefined ? undefined : requestKey(namespace, name),
  matches: ({ metadata, spec }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    (name === undefined || metadata.name === name) &&
    (signerName === undefined || spec.signerName === signerName) &&
    (podName === undefined || spec.podName === podName) &&
    (nodeName === undefined || spec.nodeName === nodeName),
});

function matchesBundle(selector: TrustBundleSelector | undefined): (bundle: ClusterTrustBundle) => boolean {
  if (selector === undefined) return () => true;
  if ('name' in selector) return ({ metadata }) => metadata.name === selector.name;
  const { signerName, labelSelector } = selector;
  matchesLabels(labelSelector, {}); // throws for whoever asks what it would throw at the next write
  return ({ metadata, spec }) => spec.signerName === signerName && matchesLabels(labelSelector, metadata.labels);
}

/** RFC 9562 §5.4, version 4. */
function uuid(random: Uint8Array): string {
  const octets = random.slice(0, 16);
  octets[6] = (octets[6]! & 0x0f) | 0x40;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  const hex = Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
