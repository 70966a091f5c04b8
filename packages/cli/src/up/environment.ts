import type { Container, EnvironmentVariable, Pod } from '../manifests/manifest.js';

/** Where a container would find a volume, and where it is here. */
export interface Mapping {
  readonly mountPath: string;
  readonly directory: string;
}

/**
 * Replaces paths below a mount path by the places where the files are here: at the beginning of a text or behind one of
 * `=:,`, as in `--tls-cert=/certs/tls.crt`.
 */
export function mapPaths(text: string, mappings: readonly Mapping[]): string {
  let mapped = '';
  for (let at = 0; at < text.length; ) {
    const mapping =
      at === 0 || /[=:,]/.test(text[at - 1]!)
        ? mappings.find(({ mountPath }) => isBelow(text.slice(at), mountPath))
        : undefined;
    if (mapping === undefined) mapped += text[at++];
    else {
      mapped += mapping.directory;
      at += mapping.mountPath.length;
    }
  }
  return mapped;
}

const isBelow = (text: string, mountPath: string): boolean =>
  text.startsWith(mountPath) && (text.length === mountPath.length || /[/:,]/.test(text[mountPath.length]!));

/** The mappings of a container's mounts, the deepest first. */
export const mappingsOf = (
  container: Container,
  directoryOf: (volume: string) => string | undefined,
): readonly Mapping[] =>
  container.volumeMounts
    .flatMap(({ name, mountPath }) => {
      const directory = directoryOf(name);
      return directory === undefined ? [] : [{ mountPath: withoutSlashes(mountPath), directory }];
    })
    .sort((a, b) => b.mountPath.length - a.mountPath.length);

/** What a program of a pod finds in its environment beside what it inherits. */
export function podEnvironment(
  pod: Pick<Pod, 'namespace' | 'name'>,
  variables: readonly EnvironmentVariable[],
  mappings: readonly Mapping[],
): Readonly<Record<string, string>> {
  const first = mappings.at(-1)?.directory;
  return {
    ...Object.fromEntries(variables.map(({ name, value }) => [name, mapPaths(value, mappings)])),
    MAYFLY_POD_NAMESPACE: pod.namespace,
    MAYFLY_POD_NAME: pod.name,
    ...(first !== undefined && { MAYFLY_CREDENTIAL_DIRECTORY: first }),
  };
}

/** A path without slashes at its end; the root keeps its own. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}
