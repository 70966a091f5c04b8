import type { Seconds } from '@mayfly/der';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { ApiError } from '@mayfly/pod-certificates/api';
import { type KubernetesClient, type Query, reflect, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { type Clock, sleepFor } from '@mayfly/rotation';
import { claimDenial, type PodIdentity, readPod, readService, type ServiceSelector } from './entitlement.js';
import { because, type Log } from './log.js';

/** Seconds between two attempts at Services that may not be followed. */
const LOOK_PERIOD: Seconds = 60;

/** The pod of the name that a request has. What was seen of it is believed where it says yes: it may be older than the request. */
export async function podOf(
  client: Pick<KubernetesClient, 'request'>,
  request: PodCertificateRequest,
): Promise<PodIdentity> {
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
export async function followServices(
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
