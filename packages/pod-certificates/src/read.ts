import type { Seconds } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { PodCertificatesError } from './errors.js';
import { bytesMember, isObject, type JsonObject } from './json.js';
import { formatTimestamp, parseTimestamp } from './timestamp.js';
import type {
  ApiVersion,
  ClusterTrustBundle,
  Condition,
  NewClusterTrustBundle,
  NewPodCertificateRequest,
  ObjectMeta,
  OwnerReference,
  PodCertificateRequest,
  PodCertificateRequestStatus,
  TerminalCondition,
} from './types.js';

/** What `maxExpirationSeconds` is when a request leaves it out. */
export const DEFAULT_MAX_EXPIRATION_SECONDS: Seconds = 86_400;

/**
 * Reads a PodCertificateRequest as an API server sends it: v1, or v1beta1 with the stub or the pair. Byte fields that
 * are `null`, `""` or absent are empty octets; the pair does not exist in v1 and is passed over there.
 * @throws {@link PodCertificatesError} `ERR_POD_CERTIFICATES_KIND` for another kind or version,
 * `ERR_POD_CERTIFICATES_FIELD` for a member of the wrong type.
 */
export function readPodCertificateRequest(json: unknown): PodCertificateRequest {
  const object = requireKind(json, 'PodCertificateRequest');
  const metadata = requireObject(object, 'metadata', '');
  const spec = requireObject(object, 'spec', '');
  const text = (member: string) => requireText(spec, member, 'spec.');
  const hasPair = object['apiVersion'] !== 'certificates.k8s.io/v1';
  const status = readStatus(object['status']);
  return {
    metadata: { namespace: requireText(metadata, 'namespace', 'metadata.'), ...readMetadata(metadata) },
    spec: {
      signerName: text('signerName'),
      podName: text('podName'),
      podUID: text('podUID'),
      serviceAccountName: text('serviceAccountName'),
      serviceAccountUID: text('serviceAccountUID'),
      nodeName: text('nodeName'),
      nodeUID: text('nodeUID'),
      maxExpirationSeconds: readMaxExpirationSeconds(spec),
      unverifiedUserAnnotations: readTextMap(spec, 'unverifiedUserAnnotations', 'spec.'),
      stubPKCS10Request: readBytes(spec, 'stubPKCS10Request'),
      pkixPublicKey: hasPair ? readBytes(spec, 'pkixPublicKey') : new Uint8Array(),
      proofOfPossession: hasPair ? readBytes(spec, 'proofOfPossession') : new Uint8Array(),
    },
    status,
    terminal: terminalCondition(status.conditions),
  };
}

/** Reads a ClusterTrustBundle; throws as {@link readPodCertificateRequest} does. */
export function readClusterTrustBundle(json: unknown): ClusterTrustBundle {
  const object = requireKind(json, 'ClusterTrustBundle');
  const spec = requireObject(object, 'spec', '');
  return {
    metadata: readMetadata(requireObject(object, 'metadata', '')),
    spec: {
      signerName: optionalText(spec, 'signerName', 'spec.') ?? '',
      trustBundle: requireText(spec, 'trustBundle', 'spec.'),
    },
  };
}

/**
 * The JSON of a request, read or new, in the version asked for. v1beta1 states empty byte fields as `null`, as the API
 * server does; v1 knows no pair.
 * @throws RangeError when a request that carries its key in the pair is to be written as v1.
 */
export function podCertificateRequestToJson(
  request: PodCertificateRequest | NewPodCertificateRequest,
  version: ApiVersion,
): JsonObject {
  const {
    stubPKCS10Request,
    pkixPublicKey,
    proofOfPossession,
    maxExpirationSeconds,
    unverifiedUserAnnotations,
    ...spec
  } = request.spec;
  if (version === 'v1' && (pkixPublicKey?.length || proofOfPossession?.length))
    throw new RangeError('Cannot write a PodCertificateRequest as v1: its key is in pkixPublicKey, which v1 lacks');
  return {
    apiVersion: `certificates.k8s.io/${version}`,
    kind: 'PodCertificateRequest',
    metadata: metadataToJson(request.metadata),
    spec: {
      ...spec,
      ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
      ...(version === 'v1beta1' && {
        pkixPublicKey: bytesToJson(pkixPublicKey),
        proofOfPossession: bytesToJson(proofOfPossession),
      }),
      stubPKCS10Request: bytesToJson(stubPKCS10Request),
      ...(unverifiedUserAnnotations &&
        Object.keys(unverifiedUserAnnotations).length > 0 && { unverifiedUserAnnotations }),
    },
    ...('status' in request && { status: statusToJson(request.status) }),
  };
}

/** The JSON of a trust bundle, read or new, in the version asked for. */
export const clusterTrustBundleToJson = (
  { metadata, spec }: ClusterTrustBundle | NewClusterTrustBundle,
  version: ApiVersion,
): JsonObject => ({
  apiVersion: `certificates.k8s.io/${version}`,
  kind: 'ClusterTrustBundle',
  metadata: metadataToJson(metadata),
  spec: { ...(spec.signerName && { signerName: spec.signerName }), trustBundle: spec.trustBundle },
});

/** The one of the three conditions that is there with status `"True"`. */
const terminalCondition = (conditions: readonly Condition[]): TerminalCondition | undefined =>
  (['Issued', 'Denied', 'Failed'] as const).find((type) =>
    conditions.some((condition) => condition.type === type && condition.status === 'True'),
  );

function requireKind(json: unknown, kind: string): JsonObject {
  if (!isObject(json)) throw new PodCertificatesError('ERR_POD_CERTIFICATES_KIND', kind, 'no JSON object');
  const { apiVersion, kind: found } = json;
  const versions = ['certificates.k8s.io/v1', 'certificates.k8s.io/v1beta1'];
  // A server leaves both out of the items of a list.
  const known =
    (apiVersion === undefined && found === undefined) || (found === kind && versions.includes(String(apiVersion)));
  if (!known)
    throw new PodCertificatesError(
      'ERR_POD_CERTIFICATES_KIND',
      kind,
      `found ${String(found)} of ${String(apiVersion)}`,
    );
  return json;
}

function readMetadata(metadata: JsonObject): ObjectMeta {
  const creationTimestamp = parseTimestamp(metadata['creationTimestamp']);
  if (creationTimestamp === undefined) throw fieldError('metadata.creationTimestamp', 'no RFC 3339 time');
  const generateName = optionalText(metadata, 'generateName', 'metadata.');
  return {
    name: requireText(metadata, 'name', 'metadata.'),
    uid: requireText(metadata, 'uid', 'metadata.'),
    resourceVersion: requireText(metadata, 'resourceVersion', 'metadata.'),
    creationTimestamp,
    ...(generateName !== undefined && { generateName }),
    labels: readTextMap(metadata, 'labels', 'metadata.'),
    ownerReferences: readOwnerReferences(metadata['ownerReferences']),
  };
}

function readOwnerReferences(json: unknown): readonly OwnerReference[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw fieldError('metadata.ownerReferences', 'no list');
  return json.map((reference: unknown, index) => {
    const path = `metadata.ownerReferences[${index}]`;
    if (!isObject(reference)) throw fieldError(path, 'no object');
    const text = (member: string) => requireText(reference, member, `${path}.`);
    return { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name'), uid: text('uid') };
  });
}

function readMaxExpirationSeconds(spec: JsonObject): Seconds {
  const value = spec['maxExpirationSeconds'];
  if (value === undefined || value === null) return DEFAULT_MAX_EXPIRATION_SECONDS;
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw fieldError('spec.maxExpirationSeconds', 'no integer');
  return value;
}

function readStatus(json: unknown): PodCertificateRequestStatus {
  if (json === undefined || json === null) return { conditions: [], certificateChain: '' };
  if (!isObject(json)) throw fieldError('status', 'no object');
  const list = json['conditions'] ?? [];
  if (!Array.isArray(list)) throw fieldError('status.conditions', 'no list');
  const conditions = list.map((condition: unknown, index): Condition => {
    const path = `status.conditions[${index}].`;
    if (!isObject(condition)) throw fieldError(`status.conditions[${index}]`, 'no object');
    const lastTransitionTime = readTime(condition, 'lastTransitionTime', path);
    return {
      type: requireText(condition, 'type', path),
      status: requireText(condition, 'status', path),
      reason: optionalText(condition, 'reason', path) ?? '',
      message: optionalText(condition, 'message', path) ?? '',
      ...(lastTransitionTime !== undefined && { lastTransitionTime }),
    };
  });
  const notBefore = readTime(json, 'notBefore', 'status.');
  const notAfter = readTime(json, 'notAfter', 'status.');
  const beginRefreshAt = readTime(json, 'beginRefreshAt', 'status.');
  return {
    conditions,
    certificateChain: optionalText(json, 'certificateChain', 'status.') ?? '',
    ...(notBefore !== undefined && { notBefore }),
    ...(notAfter !== undefined && { notAfter }),
    ...(beginRefreshAt !== undefined && { beginRefreshAt }),
  };
}

function readTime(json: JsonObject, member: string, prefix: string): Seconds | undefined {
  const value = json[member];
  if (value === undefined || value === null) return undefined;
  const at = parseTimestamp(value);
  if (at === undefined) throw fieldError(prefix + member, 'no RFC 3339 time');
  return at;
}

function requireObject(json: JsonObject, member: string, prefix: string): JsonObject {
  const value = json[member];
  if (!isObject(value)) throw fieldError(prefix + member, value === undefined ? 'absent' : 'no object');
  return value;
}

function requireText(json: JsonObject, member: string, prefix: string): string {
  const value = optionalText(json, member, prefix);
  if (value === undefined) throw fieldError(prefix + member, 'absent');
  return value;
}

function optionalText(json: JsonObject, member: string, prefix: string): string | undefined {
  const value = json[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw fieldError(prefix + member, `found ${typeof value}, not text`);
  return value;
}

function readBytes(json: JsonObject, member: string): Uint8Array {
  const bytes = bytesMember(json, member);
  if (bytes === undefined) throw fieldError(`spec.${member}`, 'no base64');
  return bytes;
}

function readTextMap(json: JsonObject, member: string, prefix: string): Readonly<Record<string, string>> {
  const value = json[member];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw fieldError(prefix + member, 'no object');
  // null is the empty text, as the API server decodes it
  const text = (key: string): string => optionalText(value, key, `${prefix}${member}.`) ?? '';
  return Object.fromEntries(Object.keys(value).map((key) => [key, text(key)]));
}

const fieldError = (path: string, state: string): PodCertificatesError =>
  new PodCertificatesError('ERR_POD_CERTIFICATES_FIELD', path, state);

const bytesToJson = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined || bytes.length === 0 ? null : encodeBase64(bytes);

function metadataToJson(
  metadata: (NewPodCertificateRequest['metadata'] | NewClusterTrustBundle['metadata']) & Partial<ObjectMeta>,
): JsonObject {
  const { creationTimestamp, labels = {}, ownerReferences = [], ...rest } = metadata;
  return {
    ...rest,
    ...(creationTimestamp !== undefined && { creationTimestamp: formatTimestamp(creationTimestamp) }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(ownerReferences.length > 0 && { ownerReferences }),
  };
}

function statusToJson(status: PodCertificateRequestStatus): JsonObject {
  const { conditions, certificateChain, notBefore, notAfter, beginRefreshAt } = status;
  return {
    ...(conditions.length > 0 && {
      conditions: conditions.map(({ lastTransitionTime, ...condition }) => ({
        ...condition,
        ...(lastTransitionTime !== undefined && { lastTransitionTime: formatTimestamp(lastTransitionTime) }),
      })),
    }),
    ...(certificateChain !== '' && { certificateChain }),
    ...(notBefore !== undefined && { notBefore: formatTimestamp(notBefore) }),
    ...(beginRefreshAt !== undefined && { beginRefreshAt: formatTimestamp(beginRefreshAt) }),
    ...(notAfter !== undefined && { notAfter: formatTimestamp(notAfter) }),
  };
}
