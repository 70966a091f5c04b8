import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Pod, PodCertificateSource, Volume } from '../manifests/manifest.js';
import type { Policy } from '../policy/policy.js';

/** The state directory of a command that names none. */
export const DEFAULT_STATE = '.mayfly';

/** `namespace/name`, by which people and events call a pod. */
export const podKey = ({ namespace, name }: Pick<Pod, 'namespace' | 'name'>): string => `${namespace}/${name}`;

/** Where everything of a pod lives in a state directory. */
export const podDirectory = (state: string, { namespace, name }: Pick<Pod, 'namespace' | 'name'>): string =>
  join(state, 'pods', namespace, name);

/** Where the authority of a signer lives. A signer name may have 571 characters, a directory's name 255. */
export function signerDirectory(state: string, signerName: string): string {
  const name = signerName.replaceAll('/', '_');
  const short = name.length <= 200 ? name : `${name.slice(0, 160)}~${digest(signerName).slice(0, 32)}`;
  return join(state, 'signers', short);
}

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
 * Name of a source's directory. It changes with everything that a certificate depends on, the policy that granted it
 * included: a manifest that asks for something else gets it at the next start, a policy that became tighter is asked again,
 * and what did not change keeps its certificate.
 * @param basis - What it depends on beside the manifest, for example {@link digestOfPolicy}.
 */
export function sourceName(pod: Pod, volume: Volume, source: PodCertificateSource, basis: string): string {
  const { signerName, keyType, maxExpirationSeconds = null, userAnnotations } = source;
  const annotations = Object.entries(userAnnotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const facts = [signerName, keyType, maxExpirationSeconds, annotations, pod.serviceAccountName, basis];
  return `${volume.name}-${source.index}-${digest(facts).slice(0, 12)}`;
}

/** What tells one policy from another, wherever its rules stand in their file; empty where there is none. */
export const digestOfPolicy = (policy: Policy | undefined): string => (policy === undefined ? '' : digest(policy));

const digest = (facts: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(facts, (member, value) => (member === 'place' ? undefined : value)))
    .digest('hex');
