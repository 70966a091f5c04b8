import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../manifests/manifest.js';
import { credentialsDirectory, podDirectory, podKey, sourceName, volumeDirectory } from './places.js';

/**
 * Removes what manifests no longer have, keys first of all: whole pods, volumes, and the credentials of sources that are
 * gone or ask for something else now.
 * @returns The pods that were removed, as `namespace/name`.
 */
export async function forgetAllBut(
  state: string,
  pods: readonly Pod[],
  policyDigest: string,
): Promise<readonly string[]> {
  const forgotten: string[] = [];
  const known = new Map(pods.map((pod) => [podKey(pod), pod]));
  for (const namespace of await namesIn(join(state, 'pods'))) {
    for (const name of await namesIn(join(state, 'pods', namespace))) {
      const pod = known.get(podKey({ namespace, name }));
      if (pod !== undefined) await forgetParts(state, pod, policyDigest);
      else {
        await remove(podDirectory(state, { namespace, name }));
        forgotten.push(podKey({ namespace, name }));
      }
    }
  }
  return forgotten;
}

async function forgetParts(state: string, pod: Pod, policyDigest: string): Promise<void> {
  const sources = pod.volumes.flatMap((volume) =>
    volume.sources.flatMap((source) =>
      source.type === 'podCertificate' ? [sourceName(pod, volume, source, policyDigest)] : [],
    ),
  );
  const credentials = credentialsDirectory(state, pod);
  for (const name of await namesIn(credentials))
    if (!sources.includes(name.replace(/\.request\.json$/, ''))) await remove(join(credentials, name));
  const volumes = join(podDirectory(state, pod), 'volumes');
  for (const name of await namesIn(volumes))
    if (!pod.volumes.some((volume) => volume.name === name)) await remove(volumeDirectory(state, pod, name));
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
