import { ApiError } from '../api.js';
import { isObject, type JsonObject, objectMember, textMember } from '../json.js';
import type { ApiVersion } from '../types.js';
import type { KubernetesClient } from './client.js';
import { KubernetesError } from './errors.js';

/** Versions of `certificates.k8s.io` that a server serves its two kinds in, newest first; empty where it serves none. */
export interface ServedVersions {
  readonly podCertificateRequests: readonly ApiVersion[];
  readonly clusterTrustBundles: readonly ApiVersion[];
}

/** The versions to speak. */
export interface CertificatesVersions {
  readonly podCertificateRequests: ApiVersion;
  /** `undefined`: the server has no trust bundles. */
  readonly clusterTrustBundles: ApiVersion | undefined;
}

/** Asks which versions are served. Throws as `client.request` does. */
export async function discoverVersions(client: Pick<KubernetesClient, 'request'>): Promise<ServedVersions> {
  const group = await get(client, '/apis/certificates.k8s.io');
  const listed: readonly unknown[] = Array.isArray(group?.['versions']) ? group['versions'] : [];
  const versions = (['v1', 'v1beta1'] as const).filter((version) =>
    listed.some((entry) => isObject(entry) && entry['version'] === version),
  );
  const resources = await Promise.all(
    versions.map(async (version) => [version, await resourcesOf(client, version)] as const),
  );
  const serving = (resource: string): readonly ApiVersion[] =>
    resources.filter(([, names]) => names.has(resource)).map(([version]) => version);
  return {
    podCertificateRequests: serving('podcertificaterequests'),
    clusterTrustBundles: serving('clustertrustbundles'),
  };
}

/**
 * Chooses what to speak. A signer reads v1beta1 while it is served, because only there do kubelets of 1.35 show their keys; a
 * requester writes the newest.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_UNSUPPORTED` when the server serves no PodCertificateRequests, with what
 * switches them on.
 */
export function chooseVersions(served: ServedVersions, role: 'signer' | 'requester'): CertificatesVersions {
  const { podCertificateRequests: requests, clusterTrustBundles: bundles } = served;
  const chosen = role === 'signer' ? requests.at(-1) : requests[0];
  if (chosen === undefined)
    throw new KubernetesError(
      'ERR_KUBERNETES_UNSUPPORTED',
      '/apis/certificates.k8s.io',
      `Cannot use the cluster: ${ENABLE}`,
    );
  return { podCertificateRequests: chosen, clusterTrustBundles: bundles[0] };
}

/** What a cluster of 1.35 or 1.36 needs. */
const ENABLE =
  'it serves no podcertificaterequests; Kubernetes 1.37 serves them, 1.35 and 1.36 need the feature gate PodCertificateRequest=true on kube-apiserver, kube-controller-manager and kubelets, and --runtime-config=certificates.k8s.io/v1beta1/podcertificaterequests=true on kube-apiserver';

/**
 * How requests carry their key to a server: in the stub from 1.36 on, before that in v1beta1's pair of key and proof.
 * Reads the schema that the server publishes, and throws as `client.request` does.
 */
export async function keyForm(
  client: Pick<KubernetesClient, 'request'>,
  version: ApiVersion,
): Promise<'stub' | 'pair'> {
  if (version === 'v1') return 'stub';
  const document = await get(client, `/openapi/v3/apis/certificates.k8s.io/${version}`);
  const schemas = objectMember(objectMember(document, 'components'), 'schemas');
  const spec = Object.keys(schemas).find((name) => name.endsWith(`.${version}.PodCertificateRequestSpec`));
  if (spec === undefined) return 'stub'; // a server that publishes no schema is no kube-apiserver, of 1.35 or else
  const { stubPKCS10Request } = objectMember(objectMember(schemas, spec), 'properties');
  return stubPKCS10Request === undefined ? 'pair' : 'stub';
}

/** The version of the server itself, for example `v1.36.3`. */
export async function serverVersion(client: Pick<KubernetesClient, 'request'>): Promise<string> {
  return textMember(
    objectMember({ version: await client.request({ method: 'GET', path: '/version' }) }, 'version'),
    'gitVersion',
  );
}

async function resourcesOf(
  client: Pick<KubernetesClient, 'request'>,
  version: ApiVersion,
): Promise<ReadonlySet<string>> {
  const list = await get(client, `/apis/certificates.k8s.io/${version}`);
  const resources: readonly unknown[] = Array.isArray(list?.['resources']) ? list['resources'] : [];
  return new Set(resources.filter(isObject).map((resource) => textMember(resource, 'name')));
}

async function get(client: Pick<KubernetesClient, 'request'>, path: string): Promise<JsonObject | undefined> {
  try {
    const json = await client.request({ method: 'GET', path });
    return isObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
