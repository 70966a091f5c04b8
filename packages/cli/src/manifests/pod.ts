import { readClusterTrustBundleSource, readLabels } from './cluster-trust-bundle.js';
import { checkUnique, type FieldReader, type Placed } from './field-reader.js';
import { quoted } from './findings.js';
import { readKeystores } from './keystore.js';
import { kubernetesFields } from './kubernetes-fields.js';
import { isDnsLabel, isDnsSubdomain } from './kubernetes-names.js';
import type {
  ClusterTrustBundleSource,
  Container,
  EnvironmentVariable,
  Pod,
  Source,
  Volume,
  VolumeMount,
} from './manifest.js';
import { readPodCertificate, type SourceOptions, type WrittenPath } from './pod-certificate-source.js';

/** Projected sources that a kubelet serves and local mode does not. */
const IGNORED_SOURCES = ['serviceAccountToken', 'configMap', 'secret', 'downwardAPI'] as const;
const SOURCES = ['podCertificate', 'clusterTrustBundle', ...IGNORED_SOURCES] as const;

/** The pod's name where it differs from `metadata.name`, and the place of what names it. */
export interface PodIdentity {
  readonly metadata: FieldReader | undefined;
  /** `undefined` after an error in the name. */
  readonly name: string;
  readonly namespace: string;
}

/** Reads `metadata.name` and `metadata.namespace` of a pod or a workload. */
export function readIdentity(document: FieldReader): PodIdentity {
  const metadata = document.object('metadata');
  if (metadata === undefined) {
    if (!document.has('metadata')) document.missing('metadata');
    return { metadata, name: '', namespace: 'default' };
  }
  const namespace = metadata.string('namespace') ?? 'default';
  if (!isDnsLabel(namespace))
    metadata.error(
      'ERR_CLI_VALUE',
      'namespace',
      `${quoted(namespace)} is no lower-case DNS label of at most 63 characters`,
    );
  const name = metadata.requiredString('name');
  if (name !== '' && !isDnsSubdomain(name))
    metadata.error('ERR_CLI_VALUE', 'name', `${quoted(name)} is no lower-case DNS name of at most 253 characters`);
  return { metadata, name, namespace };
}

/**
 * Reads a pod specification.
 * @param labelled - The metadata that carries the pod's labels: a template's for a workload.
 */
export function readPod(
  { name, namespace }: PodIdentity,
  labelled: FieldReader | undefined,
  spec: FieldReader,
  options: SourceOptions,
): Pod {
  const labels = labelled === undefined ? {} : readLabels(labelled, 'labels');
  const serviceAccountName = readServiceAccountName(spec);
  const volumes = spec.objects('volumes').map((volume) => readVolume(volume, options));
  const containers = spec.objects('containers').map(readContainer);
  if (containers.length === 0 && !spec.has('containers')) spec.missing('containers');
  const initContainers = spec.objects('initContainers').map(readContainer);
  if (initContainers.length > 0)
    spec.findings.once('IgnoredFields', spec.placeOf('initContainers'), 'spec.initContainers[]');
  spec.end(kubernetesFields.PodSpec);

  const all = [...containers, ...initContainers];
  checkUnique(
    spec,
    all.map(({ fields, container }) => named(fields, container.name)),
  );
  checkUnique(
    spec,
    volumes.map(({ fields, volume }) => named(fields, volume.name)),
  );
  const names = new Set(volumes.map(({ volume }) => volume.name));
  for (const mount of all.flatMap(({ mounts }) => mounts)) {
    const { name } = mount.mount;
    if (name !== '' && !names.has(name))
      mount.fields.error('ERR_CLI_NOT_FOUND', 'name', `no volume of the pod is named ${quoted(name)}`);
  }
  const mounted = new Set(all.flatMap(({ mounts }) => mounts.map(({ mount }) => mount.name)));
  const served = volumes.filter(({ volume }) => volume.sources.length > 0);
  for (const { fields, volume } of served)
    if (!mounted.has(volume.name)) {
      const message = `no container mounts volume ${quoted(volume.name)}: local mode fills it, a kubelet would not`;
      spec.findings.notice('VolumeNotMounted', fields.place, fields.path, message);
    }
  if (served.length === 0)
    spec.findings.notice(
      'NoCredential',
      spec.place,
      spec.path,
      'no podCertificate source: nothing is delivered to this pod',
    );
  return {
    place: spec.place,
    namespace,
    name,
    serviceAccountName,
    labels,
    containers: containers.map(({ container }) => container),
    volumes: readKeystores(
      labelled,
      name,
      served.map(({ volume }) => volume),
    ),
  };
}

function readServiceAccountName(spec: FieldReader): string {
  // serviceAccount is the deprecated name of the same field.
  const field = spec.has('serviceAccountName') ? 'serviceAccountName' : 'serviceAccount';
  const name = spec.string(field) || 'default';
  if (!isDnsSubdomain(name)) spec.error('ERR_CLI_VALUE', field, `${quoted(name)} is no lower-case DNS name`);
  return name;
}

interface ReadMount {
  readonly fields: FieldReader;
  readonly mount: VolumeMount;
}

function readContainer(fields: FieldReader): {
  readonly fields: FieldReader;
  readonly container: Container;
  readonly mounts: readonly ReadMount[];
} {
  const name = readLabelName(fields);
  const strings = (field: string) => fields.strings(field).map(({ value }) => value);
  const env = fields.objects('env').flatMap((variable) => readVariable(variable) ?? []);
  const mounts = fields.objects('volumeMounts').map(readMount);
  const container: Container = {
    place: fields.place,
    name,
    command: strings('command'),
    args: strings('args'),
    env,
    volumeMounts: mounts.map(({ mount }) => mount),
  };
  fields.end(kubernetesFields.Container);
  checkUnique(
    fields,
    mounts.map(({ fields: mount, mount: { mountPath } }) => ({
      value: mountPath,
      place: mount.placeOf('mountPath'),
      path: mount.pathOf('mountPath'),
    })),
  );
  return { fields, container, mounts };
}

function readVariable(fields: FieldReader): EnvironmentVariable | undefined {
  const name = fields.requiredString('name');
  if (name.includes('=') || name.includes('\0'))
    fields.error('ERR_CLI_VALUE', 'name', `${quoted(name)} has a "=" or NUL`);
  const value = fields.string('value');
  if (value?.includes('\0')) fields.error('ERR_CLI_VALUE', 'value', 'has a NUL');
  const valueFrom = fields.object('valueFrom');
  fields.end(kubernetesFields.EnvVar);
  if (valueFrom === undefined) return { name, value: value ?? '' };
  const message = `${name} takes its value from the cluster: not set in local mode`;
  fields.findings.notice('EnvironmentNotResolved', valueFrom.place, valueFrom.path, message);
  return undefined;
}

function readMount(fields: FieldReader): ReadMount {
  const name = fields.requiredString('name');
  const mountPath = fields.requiredString('mountPath');
  if (mountPath.includes(':')) fields.error('ERR_CLI_VALUE', 'mountPath', `${quoted(mountPath)} has a colon`);
  const subPath = fields.string('subPath') || fields.string('subPathExpr') || undefined;
  // Nothing is mounted in local mode.
  for (const known of kubernetesFields.VolumeMount) fields.has(known);
  fields.end();
  if (subPath !== undefined) {
    const message = `${quoted(name)} is mounted by subPath, which never updates: in a cluster this file outlives its certificate`;
    fields.findings.notice('SubPath', fields.place, fields.path, message);
  }
  return { fields, mount: { place: fields.place, name, mountPath, subPath } };
}

function readVolume(
  fields: FieldReader,
  options: SourceOptions,
): { readonly fields: FieldReader; readonly volume: Volume } {
  const name = readLabelName(fields);
  const projected = fields.object('projected');
  const others = fields.rest();
  fields.end(kubernetesFields.Volume);
  if (projected !== undefined && others.length > 0) {
    const state = `projected beside ${others.join(', ')}: a volume has one type`;
    fields.findings.error('ERR_CLI_MIXED_FORMS', projected.place, projected.path, state);
  }
  const empty: Volume = { place: fields.place, name, defaultMode: 0o644, sources: [] };
  if (projected === undefined) return { fields, volume: empty };
  const defaultMode = projected.integer('defaultMode') ?? 0o644;
  if (defaultMode < 0 || defaultMode > 0o777)
    projected.error('ERR_CLI_VALUE', 'defaultMode', 'no file mode: from 0 to 0777, which is 511 in decimal');
  const read = projected.objects('sources').map((source, index) => readSource(source, index, options));
  projected.end(kubernetesFields.ProjectedVolumeSource);
  const paths = read.flatMap((source) => source.paths);
  checkUnique(projected, paths);
  const written = new Set(paths.map(({ value }) => value));
  // A bundle that the manifest itself writes to ca.crt stands in for the one that the popular form implies.
  const implied = read.flatMap(({ implied }) => (implied !== undefined && !written.has(implied.path) ? [implied] : []));
  const { path } = projected;
  checkNoFileIsDirectory(projected, [
    ...paths,
    ...implied.map((bundle) => ({ value: bundle.path, place: bundle.place, path })),
  ]);
  const sources = [...read.flatMap(({ served }) => served), ...implied];
  return { fields, volume: { ...empty, defaultMode, sources: sources.sort((a, b) => a.index - b.index) } };
}

/** Refuses a path below one that is a file: `a` and `a/b` cannot both be written. */
function checkNoFileIsDirectory({ findings }: FieldReader, paths: readonly WrittenPath[]): void {
  const files = new Map(paths.map((path) => [path.value, path]));
  for (const { value, place, path } of paths)
    for (let end = value.lastIndexOf('/'); end > 0; end = value.lastIndexOf('/', end - 1)) {
      const above = files.get(value.slice(0, end));
      if (above === undefined) continue;
      const state = `${quoted(value)} lies below ${quoted(above.value)}, which is a file of the volume, at ${above.path}`;
      findings.error('ERR_CLI_DUPLICATE', place, path, state);
      break;
    }
}

interface ReadSource {
  readonly served: readonly Source[];
  readonly implied: ClusterTrustBundleSource | undefined;
  readonly paths: readonly WrittenPath[];
}

function readSource(fields: FieldReader, index: number, options: SourceOptions): ReadSource {
  const nothing: ReadSource = { served: [], implied: undefined, paths: [] };
  const present = SOURCES.filter((type) => fields.has(type));
  const isWhole = fields.rest().length === 0;
  fields.end();
  if (present.length > 1)
    fields.findings.error('ERR_CLI_MIXED_FORMS', fields.place, fields.path, `${present.join(' and ')} in one source`);
  const [type] = present;
  if (type === undefined) {
    if (isWhole)
      fields.findings.error('ERR_CLI_MISSING_FIELD', fields.place, fields.path, `needs one of ${SOURCES.join(', ')}`);
    return nothing;
  }
  const source = fields.object(type);
  if (source === undefined) return nothing;
  if (type === 'podCertificate') {
    const { source: certificate, impliedBundle, paths } = readPodCertificate(source, index, options);
    return { served: [certificate], implied: impliedBundle, paths };
  }
  if (type === 'clusterTrustBundle') {
    const { source: bundle, path } = readClusterTrustBundleSource(source, index);
    return { served: [bundle], implied: undefined, paths: path === undefined ? [] : [path] };
  }
  fields.findings.once('IgnoredSources', source.place, type);
  return nothing;
}

function readLabelName(fields: FieldReader): string {
  const name = fields.requiredString('name');
  if (name !== '' && !isDnsLabel(name))
    fields.error('ERR_CLI_VALUE', 'name', `${quoted(name)} is no lower-case DNS label of at most 63 characters`);
  return name;
}

const named = (fields: FieldReader, name: string): Placed<string> => ({
  value: name,
  place: fields.placeOf('name'),
  path: fields.pathOf('name'),
});
