import type { Seconds } from '@mayfly/der';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { type KubernetesClient, reflect, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { type Clock, sleepFor } from '@mayfly/rotation';
import { type PodIdentity, readPod, readService, type ServiceSelector } from './entitlement.js';
import { because, type Log } from './log.js';

/** Seconds between two attempts at Services that may not be followed. */
const LOOK_PERIOD: Seconds = 60;
/** Seconds since the watch of Services was last heard of after which nobody goes by it: it is heard of every minute. */
const MAX_AGE: Seconds = 120;

/**
 * The pod of the name that a request has, as it is now: labels that a cache still shows may have been taken away, so this asks
 * for the most recent, which costs the server's store one read.
 */
export const podOf = async (
  client: Pick<KubernetesClient, 'request'>,
  { metadata: { namespace }, spec: { podName } }: PodCertificateRequest,
): Promise<PodIdentity> =>
  readPod(await client.request({ method: 'GET', path: resourcePath('v1', 'pods', namespace, podName) }));

/** The Services of a cluster. */
export interface Services {
  /** Those of a namespace, no older than two minutes: as they are followed, or else listed now. Rejects where that fails. */
  of(namespace: string): Promise<readonly ServiceSelector[]>;
  /** Knows them as long as they may be listed and watched; while they are not known, `onState` is told so. */
  follow(signal: AbortSignal, onState: (areKnown: boolean) => void): Promise<void>;
}

/** Knows nothing yet. */
export function createServices(
  client: Pick<KubernetesClient, 'list' | 'pages' | 'watch'>,
  clock: Clock,
  log: Log,
): Services {
  /** By namespace, for a request asks for those of its own; then by uid. */
  const followed = new Map<string, Map<string, ServiceSelector>>();
  /** When a list was complete or a watch told that nothing was missing, by the monotonic clock. */
  let completeAt: number | undefined;
  const listed = new Map<string, { readonly at: number; readonly services: Promise<readonly ServiceSelector[]> }>();
  const onTrouble = ({ error }: { readonly error: unknown }): void =>
    log({ level: 'warn', reason: 'WatchInterrupted', message: because('The watch of Services goes on', error) });

  const list = async (namespace: string): Promise<readonly ServiceSelector[]> =>
    (await client.list(resourcePath('v1', 'services', namespace))).items.map(readService);

  return {
    async of(namespace) {
      const now = clock.monotonic();
      if (completeAt !== undefined && now < completeAt + MAX_AGE * 1000)
        return [...(followed.get(namespace)?.values() ?? [])];
      for (const [name, { at }] of listed) if (now >= at + LOOK_PERIOD * 1000) listed.delete(name);
      const known = listed.get(namespace)?.services ?? list(namespace);
      if (!listed.has(namespace)) listed.set(namespace, { at: now, services: known });
      try {
        return await known;
      } catch (error) {
        if (listed.get(namespace)?.services === known) listed.delete(namespace);
        throw error;
      }
    },
    async follow(signal, onState) {
      const path = resourcePath('v1', 'services');
      while (!signal.aborted) {
        completeAt = undefined;
        followed.clear();
        try {
          for await (const event of reflect({ client, path, query: {}, read: readService, clock, signal, onTrouble })) {
            if (event.type === 'bookmark') {
              completeAt = clock.monotonic();
              onState(true);
              continue;
            }
            const { metadata, namespace } = event.object;
            const around = followed.get(namespace) ?? new Map<string, ServiceSelector>();
            if (event.type === 'deleted') around.delete(metadata.uid);
            else around.set(metadata.uid, event.object);
            if (around.size > 0) followed.set(namespace, around);
            else followed.delete(namespace);
          }
        } catch (error) {
          onState(false);
          log({
            level: 'error',
            reason: 'ServicesNotFollowed',
            message: because(
              'Until Services can be listed and watched, they are listed again and again where that is allowed; or give --no-service-names',
              error,
            ),
          });
        }
        await sleepFor(clock, LOOK_PERIOD, signal);
      }
    },
  };
}
