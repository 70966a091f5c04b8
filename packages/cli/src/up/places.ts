import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Pod, PodCertificateSource, Volume } from '../manifests/manifest.js';

/** `namespace/name`, by which people and events call a pod. */
export const podKey = ({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): string => `${namespace}/${name}`;

/** Where everything of a pod lives in a state directory. */
export const podDirectory = (state: string, { namespace, name }: Pick<Pod, 'namespace' | 'name'>): string =>
  join(state, 'pods', namespace, name);

/** What programs read: the volume as a container would see it. */
export const volumeDirectory = (state: string, pod: Pick<Pod, 'namespace' | 'name'>, volume: string): string =>
  join(podDirectory(state, pod), 'volumes', volume);

/** What `mayfly exec` reads of a pod. */
export const podFile = (state: string, pod: Pick<Pod, 'namespace' | 'name'>): string =>
  join(podDirectory(state, pod), 'pod.json');

/** Keys and chains, one directory per source. */
export const credentialsDirectory = (state: string, pod: Pick<Pod, 'namespace' | 'name'>): string =>
  join(podDirectory(state, pod), 'credentials');

/**
 * Name of a source's directory. It changes with everything that a certificate depends on, so a manifest that asks for
 * something else gets it at the next start, and one that does not keeps its certificate.
 */
export function sourceName(pod: Pod, volume: Volume, source: PodCertificateSource): string {
  const { signerName, keyType, maxExpirationSeconds = null, userAnnotations } = source;
  const annotations = Object.entries(userAnnotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const facts = JSON.stringify([signerName, keyType, maxExpirationSeconds, annotations, pod.serviceAccountName]);
  return `${volume.name}-${source.index}-${createHash('sha256').update(facts).digest('hex').slice(0, 12)}`;
}
