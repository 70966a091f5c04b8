import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Seconds } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { type FileOperations, readFileIfThere, readVolume, writeFileAtomic } from '@mayfly/rotation/fs';
import { parseCertificate } from '@mayfly/x509';
import { z } from 'zod';
import { CliError } from '../errors.js';
import type { Pod } from '../manifests/manifest.js';
import { nearestName } from '../manifests/spelling.js';
import { type Mapping, mappingsOf, podEnvironment } from './environment.js';
import { podFile, podKey, volumeDirectory } from './places.js';
import { makePrivateDirectory, requirePrivateDirectory } from './private-directory.js';

/** One container of a pod, with the places of its mounts here. */
export interface RunnableContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mappings: readonly Mapping[];
}

/** One volume, and the files in it that begin with a certificate or a key and its certificate. */
export interface RunnableVolume {
  /** Absolute. */
  readonly directory: string;
  readonly certificates: readonly string[];
}

/** What is needed to start a program as a pod, written by `mayfly up` for `mayfly exec`. */
export interface RunnablePod {
  readonly version: 1;
  readonly namespace: string;
  readonly name: string;
  /** Where relative commands start: the directory of the manifest. */
  readonly directory: string;
  readonly volumes: readonly RunnableVolume[];
  readonly containers: readonly RunnableContainer[];
}

const containerSchema: z.ZodType<RunnableContainer> = z.object({
  name: z.string(),
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  mappings: z.array(z.object({ mountPath: z.string(), directory: z.string() })),
});

const podSchema: z.ZodType<RunnablePod> = z.object({
  version: z.literal(1),
  namespace: z.string(),
  name: z.string(),
  directory: z.string(),
  volumes: z.array(z.object({ directory: z.string(), certificates: z.array(z.string()) })),
  containers: z.array(containerSchema),
});

/** A pod as its programs see it here. */
export function runnablePod(state: string, pod: Pod): RunnablePod {
  const served = new Set(pod.volumes.map(({ name }) => name));
  return {
    version: 1,
    namespace: pod.namespace,
    name: pod.name,
    directory: resolve(dirname(pod.place.file)),
    volumes: pod.volumes.map(({ name, sources }) => ({
      directory: volumeDirectory(state, pod, name),
      certificates: sources.flatMap((source) =>
        source.type === 'podCertificate' ? (source.certificateChainPath ?? source.credentialBundlePath ?? []) : [],
      ),
    })),
    containers: pod.containers.map((container) => {
      const mappings: readonly Mapping[] = mappingsOf(container, (volume) =>
        served.has(volume) ? volumeDirectory(state, pod, volume) : undefined,
      );
      return {
        name: container.name,
        command: [...container.command, ...container.args],
        env: podEnvironment(pod, container.env, mappings),
        mappings,
      };
    }),
  };
}

/** Leaves a pod for `mayfly exec` to find. */
export async function writePodFile(state: string, pod: RunnablePod, files: FileOperations): Promise<void> {
  const path = podFile(state, pod);
  await makePrivateDirectory(files, dirname(path));
  const json = `${JSON.stringify(pod, undefined, 2)}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(json), 0o600, { files });
}

/**
 * Finds a pod by `name` or `namespace/name`.
 * @throws {@link CliError} `ERR_CLI_POD` when there is none or when several have the name; `ERR_CLI_STATE` for a broken file
 * and for a directory that others can write: a pod's file says what is run.
 */
export async function findPod(state: string, wanted: string): Promise<RunnablePod> {
  await requirePrivateDirectory(state);
  const [namespace, name] = wanted.includes('/') ? wanted.split('/', 2) : [undefined, wanted];
  const known: { readonly namespace: string; readonly name: string }[] = [];
  for (const space of await directoriesIn(join(state, 'pods')))
    for (const pod of await directoriesIn(join(state, 'pods', space))) known.push({ namespace: space, name: pod });
  const found = known.filter((pod) => pod.name === name && (namespace === undefined || pod.namespace === namespace));
  const [pod] = found;
  const list = known.map(podKey).join(', ');
  const meant = nearestName(
    wanted,
    known.map((pod) => (namespace === undefined ? pod.name : podKey(pod))),
  );
  if (pod === undefined)
    throw new CliError(
      'ERR_CLI_POD',
      `Cannot find pod ${wanted} in ${state}: ${list === '' ? 'there are none; start mayfly up first, or name its directory with --state' : `there are ${list}`}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
  if (found.length > 1)
    throw new CliError(
      'ERR_CLI_POD',
      `Cannot choose pod ${wanted}: there are ${found.map(podKey).join(', ')}; write namespace/name`,
    );
  const path = podFile(state, pod);
  const bytes = await readFileIfThere(path);
  const parsed = podSchema.safeParse(bytes === undefined ? undefined : parseJson(new TextDecoder().decode(bytes)));
  if (!parsed.success)
    throw new CliError('ERR_CLI_STATE', `Cannot read ${path}: it is not what mayfly up writes; start mayfly up again`);
  return parsed.data;
}

/** Whether all volumes of a pod have been written, and hold certificates that are still valid. */
export async function isMounted({ volumes }: RunnablePod, now: Seconds): Promise<boolean> {
  for (const { directory, certificates } of volumes) {
    const files = await readVolume(directory);
    if (files === undefined) return false;
    for (const path of certificates) {
      const file = files.find((each) => each.path === path);
      if (file === undefined || notAfterOf(file.bytes) < now) return false;
    }
  }
  return true;
}

/** When the first certificate of a PEM text ends. */
function notAfterOf(pem: Uint8Array): Seconds {
  const leaf = parsePem(new TextDecoder().decode(pem)).find(({ label }) => label === 'CERTIFICATE');
  return leaf === undefined ? 0 : parseCertificate(leaf.bytes).validity.notAfter;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no pod file then, as the caller says
  }
}

async function directoriesIn(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
