import type { BackoffOptions, Clock } from '@mayfly/rotation';
import {
  ApiError,
  type List,
  matchesLabels,
  type PodCertificateApi,
  type PodEvent,
  type Preconditions,
  type RequestSelector,
  type TrustBundleSelector,
  type WatchEvent,
  type WatchOptions,
} from '../api.js';
import type { JsonObject } from '../json.js';
import {
  clusterTrustBundleToJson,
  podCertificateRequestToJson,
  readClusterTrustBundle,
  readPodCertificateRequest,
} from '../read.js';
import { withoutContents } from '../request-size.js';
import type { ApiVersion } from '../types.js';
import type { KubernetesClient } from './client.js';
import type { CertificatesVersions } from './discovery.js';
import { KubernetesError } from './errors.js';
import { eventToJson } from './event.js';
import type { ObjectIdentity } from './known-objects.js';
import { labelQuery, type Query, requestFields, resourcePath } from './paths.js';
import { type ReflectorTrouble, reflect } from './reflector.js';

export interface ClusterApiOptions {
  readonly client: KubernetesClient;
  readonly versions: CertificatesVersions;
  /** For waiting between attempts to watch. */
  readonly clock: Clock;
  /** Who writes, for `managedFields` and events: a short name, and this instance of it. */
  readonly fieldManager: string;
  readonly instance: string;
  /** Draws from [0, 1). Default `Math.random`. */
  readonly random?: () => number;
  /** Between attempts to watch that fail. Default from 1 s to 60 s. */
  readonly backoff?: BackoffOptions;
  readonly onTrouble?: (trouble: ReflectorTrouble) => void;
}

/**
 * The API of a real cluster, on which signer and requester run as they run on the embedded one. Calls reject with
 * {@link ApiError} for what the server answers and with {@link KubernetesError} where no answer came. A watch without a
 * resource version does not end by itself: it is resumed, or listed anew, as `reflect` says.
 */
export function clusterApi(options: ClusterApiOptions): PodCertificateApi {
  const { client, versions, fieldManager, instance } = options;
  const requestVersion = versions.podCertificateRequests;
  const requests = (namespace?: string, ...rest: readonly string[]): string =>
    resourcePath(`certificates.k8s.io/${requestVersion}`, 'podcertificaterequests', namespace, ...rest);
  const bundleVersion = (): ApiVersion => {
    if (versions.clusterTrustBundles !== undefined) return versions.clusterTrustBundles;
    throw new KubernetesError('ERR_KUBERNETES_UNSUPPORTED', '/apis/certificates.k8s.io', NO_BUNDLES);
  };
  const bundles = (...rest: readonly string[]): string =>
    resourcePath(`certificates.k8s.io/${bundleVersion()}`, 'clustertrustbundles', undefined, ...rest);

  const list = async <T>(path: string, query: Query, read: (json: unknown) => T): Promise<List<T>> => {
    const { items, resourceVersion } = await client.list(path, query);
    return { items: items.map(read), resourceVersion };
  };
  const watch = <T extends ObjectIdentity>(
    path: string,
    query: Query,
    read: (json: unknown) => T,
    { resourceVersion, signal }: WatchOptions,
    keep: (object: T) => T = (object) => object,
  ): AsyncIterable<WatchEvent<T>> =>
    resourceVersion === undefined
      ? reflect({ ...options, path, query, read, keep, signal })
      : watchOnce(client, path, { ...query, resourceVersion }, read, signal);

  return {
    async createRequest(request) {
      const { namespace } = request.metadata;
      const body = podCertificateRequestToJson(request, requestVersion);
      return readPodCertificateRequest(await client.request({ method: 'POST', path: requests(namespace), body }));
    },
    async getRequest(namespace, name) {
      return readPodCertificateRequest(await client.request({ method: 'GET', path: requests(namespace, name) }));
    },
    listRequests: (selector = {}) => list(requests(selector.namespace), queryOf(selector), readPodCertificateRequest),
    watchRequests: (selector, watchOptions) =>
      watch(requests(selector.namespace), queryOf(selector), readPodCertificateRequest, watchOptions, withoutContents),

    async updateStatus({ metadata }, status) {
      const { namespace, name, uid, resourceVersion } = metadata;
      // Of the metadata the server reads what names the version; spec and labels it keeps as they are.
      const body: JsonObject = {
        apiVersion: `certificates.k8s.io/${requestVersion}`,
        kind: 'PodCertificateRequest',
        metadata: { namespace, name, uid, resourceVersion },
        status,
      };
      try {
        const path = requests(namespace, name, 'status');
        const json = await client.request({ method: 'PUT', path, query: { fieldManager }, body });
        return { ok: true, request: readPodCertificateRequest(json) };
      } catch (error) {
        if (error instanceof ApiError && (error.reason === 'Conflict' || error.reason === 'NotFound'))
          return { ok: false, reason: error.reason, message: error.message };
        throw error;
      }
    },
    async deleteRequest(namespace, name, uid) {
      const body = deleteOptions(uid === undefined ? undefined : { uid });
      await client.request({ method: 'DELETE', path: requests(namespace, name), body });
    },

    async getTrustBundle(name) {
      return readClusterTrustBundle(await client.request({ method: 'GET', path: bundles(name) }));
    },
    async listTrustBundles(selector) {
      const query = bundleQuery(selector);
      if (query === undefined) return { items: [], resourceVersion: '0' };
      return await list(bundles(), query, readClusterTrustBundle);
    },
    watchTrustBundles(selector, watchOptions) {
      const query = bundleQuery(selector);
      return query === undefined
        ? nothing(watchOptions.signal)
        : watch(bundles(), query, readClusterTrustBundle, watchOptions);
    },
    async applyTrustBundle(bundle) {
      const body = clusterTrustBundleToJson(bundle, bundleVersion());
      return readClusterTrustBundle(await client.apply(bundles(bundle.metadata.name), body, fieldManager));
    },
    async deleteTrustBundle(name, preconditions) {
      const body = deleteOptions(
        preconditions && { uid: preconditions.uid, resourceVersion: preconditions.resourceVersion },
      );
      await client.request({ method: 'DELETE', path: bundles(name), body });
    },

    async createEvent(event: PodEvent) {
      const path = resourcePath('events.k8s.io/v1', 'events', event.regarding.namespace);
      await client.request({ method: 'POST', path, body: eventToJson(event, instance) });
    },
  };
}

const NO_BUNDLES =
  'Cannot use trust bundles: the server serves no clustertrustbundles; Kubernetes 1.37 serves them, 1.33 to 1.36 need the feature gate ClusterTrustBundle=true and --runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true on kube-apiserver';

const deleteOptions = (preconditions: Partial<Preconditions> | undefined): JsonObject => ({
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  ...(preconditions && { preconditions }),
});

const queryOf = (selector: RequestSelector): Query => ({ fieldSelector: requestFields(selector) });

/** `undefined` for a selector that matches nothing. */
function bundleQuery(selector: TrustBundleSelector | undefined): Query | undefined {
  if (selector === undefined) return {};
  if ('name' in selector) return { fieldSelector: `metadata.name=${selector.name}` };
  matchesLabels(selector.labelSelector, {}); // throws for what is no selector
  if (selector.labelSelector === undefined) return undefined;
  return { fieldSelector: `spec.signerName=${selector.signerName}`, labelSelector: labelQuery(selector.labelSelector) };
}

async function* watchOnce<T>(
  client: KubernetesClient,
  path: string,
  query: Query,
  read: (json: unknown) => T,
  signal: AbortSignal,
): AsyncIterable<WatchEvent<T>> {
  const types = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;
  try {
    for await (const { type, object } of client.watch(path, query, signal)) {
      if (type === 'BOOKMARK') yield { type: 'bookmark', resourceVersion: bookmarkOf(object) };
      else if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
        yield { type: types[type], object: read(object) };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const bookmarkOf = ({ metadata }: JsonObject): string =>
  typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata
    ? String(metadata.resourceVersion)
    : '';

/** The watch of a selector that matches nothing. */
async function* nothing<T>(signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
  yield { type: 'bookmark', resourceVersion: '0' };
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
