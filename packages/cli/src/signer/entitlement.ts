import type { Denial } from '@mayfly/ca';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { isObject, type JsonObject } from './json.js';

/** What of a Service decides whether its name is a pod's. */
export interface ServiceSelector {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly namespace: string;
  readonly name: string;
  /** `undefined` where the Service selects no pods by itself. */
  readonly selector: Readonly<Record<string, string>> | undefined;
}

/** What of a pod decides over its names. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccountName: string | undefined;
  readonly nodeName: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string | undefined;
  readonly subdomain: string | undefined;
}

/** Reads a Service of the core API. @throws TypeError for what has no name. */
export function readService(json: unknown): ServiceSelector {
  const { metadata, spec } = partsOf(json);
  const selector = isObject(spec['selector']) ? textMap(spec['selector']) : {};
  return {
    metadata: { uid: text(metadata, 'uid'), resourceVersion: text(metadata, 'resourceVersion') },
    namespace: text(metadata, 'namespace'),
    name: text(metadata, 'name'),
    // An ExternalName is an alias of something else, and selectors of it mean nothing.
    selector: Object.keys(selector).length > 0 && spec['type'] !== 'ExternalName' ? selector : undefined,
  };
}

/** Reads a Pod of the core API. @throws TypeError for what has no name. */
export function readPod(json: unknown): PodIdentity {
  const { metadata, spec } = partsOf(json);
  const optional = (name: string): string | undefined => (typeof spec[name] === 'string' ? spec[name] : undefined);
  return {
    namespace: text(metadata, 'namespace'),
    name: text(metadata, 'name'),
    uid: text(metadata, 'uid'),
    labels: isObject(metadata['labels']) ? textMap(metadata['labels']) : {},
    serviceAccountName: optional('serviceAccountName'),
    nodeName: optional('nodeName'),
    hostname: optional('hostname'),
    subdomain: optional('subdomain'),
  };
}

/**
 * Why a request does not speak for the pod that it names. The API server has seen that a node asks for its own pods; whoever
 * else may create requests could name a pod and somebody else's service account.
 * @throws Error when the pod of that name is another one.
 */
export function claimDenial({ spec, metadata }: PodCertificateRequest, pod: PodIdentity): Denial | undefined {
  const { podName, podUID, serviceAccountName, nodeName } = spec;
  if (pod.uid !== podUID)
    throw new Error(
      `Cannot name pod ${metadata.namespace}/${podName}: it has uid ${pod.uid}, the request was made for ${podUID}`,
    );
  const foreign = (field: string, claimed: string, found: string | undefined): Denial => ({
    reason: 'ForeignIdentity',
    message: `The request says ${field} ${JSON.stringify(claimed)}, pod ${podName} has ${JSON.stringify(found ?? '')}`,
  });
  if (pod.serviceAccountName !== serviceAccountName)
    return foreign('serviceAccountName', serviceAccountName, pod.serviceAccountName);
  return pod.nodeName === nodeName ? undefined : foreign('nodeName', nodeName, pod.nodeName);
}

/**
 * The DNS names by which a pod is called: those of the Services that select it, and below a Service that its `subdomain`
 * names its own. Each stands as `<name>.<namespace>.svc` and with the cluster's domain behind it.
 */
export function dnsNamesOf(
  pod: PodIdentity,
  services: Iterable<ServiceSelector>,
  clusterDomain: string,
): readonly string[] {
  const selecting = [...services].filter(
    ({ namespace, selector }) =>
      namespace === pod.namespace &&
      selector !== undefined &&
      Object.entries(selector).every(([key, value]) => Object.hasOwn(pod.labels, key) && pod.labels[key] === value),
  );
  const names = selecting.flatMap(({ name }) => [
    `${name}.${pod.namespace}.svc`,
    // As EndpointSlices have it: a host name of the pod's own counts below the Service that is its subdomain. Without one the
    // name is nobody's, or that of a sibling with this hostname.
    ...(pod.subdomain === name && pod.hostname !== undefined ? [`${pod.hostname}.${name}.${pod.namespace}.svc`] : []),
  ]);
  // No certificate has a longer name, and no resolver finds one.
  return names.toSorted().flatMap((name) => [name, `${name}.${clusterDomain}`].filter(isShortEnough));
}

const MAX_DNS_NAME = 253;
const isShortEnough = (name: string): boolean => name.length <= MAX_DNS_NAME;

function partsOf(json: unknown): { readonly metadata: JsonObject; readonly spec: JsonObject } {
  const { metadata, spec } = isObject(json) ? json : {};
  if (!isObject(metadata)) throw new TypeError('Cannot read an object of the API: it has no metadata');
  return { metadata, spec: isObject(spec) ? spec : {} };
}

function text(json: JsonObject, name: string): string {
  const value = json[name];
  if (typeof value !== 'string') throw new TypeError(`Cannot read an object of the API: metadata.${name} is no text`);
  return value;
}

const textMap = (json: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
