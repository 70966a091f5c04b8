import { isReservedSignerName } from '@mayfly/pod-certificates';
import { readClusterTrustBundle } from './cluster-trust-bundle.js';
import { type FieldReader, readMapping } from './field-reader.js';
import {
  Findings,
  formatFinding,
  type ManifestError,
  type ManifestNotice,
  type ManifestNoticeCode,
  type Place,
  quoted,
} from './findings.js';
import { kubernetesFields } from './kubernetes-fields.js';
import type { ClusterTrustBundle, Manifests, Pod } from './manifest.js';
import { readIdentity, readPod } from './pod.js';
import { MIN_EXPIRATION_SECONDS, type SourceOptions } from './pod-certificate-source.js';
import { POPULAR_SIGNER_NAME } from './signer-names.js';
import { nearestName } from './spelling.js';
import { parseYaml, type SourceFile, type YamlNode } from './yaml-tree.js';

/** All that was found in some files: everything, or every error. */
export type ReadManifestsResult =
  | { readonly ok: true; readonly manifests: Manifests; readonly notices: readonly ManifestNotice[] }
  | { readonly ok: false; readonly errors: readonly ManifestError[]; readonly notices: readonly ManifestNotice[] };

/** Kinds with a pod template, by API group, with the way from the document to it. */
export const workloadKinds: Readonly<Record<string, { readonly group: string; readonly template: readonly string[] }>> =
  {
    Deployment: { group: 'apps', template: ['spec', 'template'] },
    StatefulSet: { group: 'apps', template: ['spec', 'template'] },
    DaemonSet: { group: 'apps', template: ['spec', 'template'] },
    ReplicaSet: { group: 'apps', template: ['spec', 'template'] },
    Job: { group: 'batch', template: ['spec', 'template'] },
    CronJob: { group: 'batch', template: ['spec', 'jobTemplate', 'spec', 'template'] },
  };
const CERTIFICATES_GROUP = 'certificates.k8s.io';
const READ_KINDS: readonly string[] = ['Pod', 'List', 'ClusterTrustBundle', ...Object.keys(workloadKinds)];

/**
 * Reads pods and trust bundles out of manifests, of the popular form, the real API's or both.
 * @param files - Texts with the names by which errors call them.
 * @returns The real form of everything, or all errors (at most 100) with their places; it throws nothing.
 */
export function readManifests(files: readonly SourceFile[], options: SourceOptions = {}): ReadManifestsResult {
  const findings = new Findings();
  const documents = new DocumentReader(findings, options);
  for (const file of files)
    for (const { tree } of parseYaml(file, findings)) if (tree !== undefined) documents.read(tree, '');
  const { pods, clusterTrustBundles } = documents;
  if (pods.length === 0 && findings.errors.length === 0) {
    const file = files[0]?.path ?? '';
    findings.error('ERR_CLI_NO_POD', { file, line: 1, column: 1 }, '', 'no Pod and no workload with a pod template');
  }
  if (findings.errors.length === 0) checkBundlesExist(pods, clusterTrustBundles, findings);
  const notices = findings.notices(tell);
  return findings.errors.length > 0
    ? { ok: false, errors: findings.errors, notices }
    : { ok: true, manifests: { pods, clusterTrustBundles }, notices };
}

/** What is wrong with manifests by the API server's rules alone, whether they hold a pod or not. */
export function manifestErrors(file: SourceFile): readonly ManifestError[] {
  const findings = new Findings();
  const documents = new DocumentReader(findings, { minExpirationSeconds: MIN_EXPIRATION_SECONDS });
  for (const { tree } of parseYaml(file, findings)) if (tree !== undefined) documents.read(tree, '');
  return findings.errors;
}

class DocumentReader {
  readonly pods: Pod[] = [];
  readonly clusterTrustBundles: ClusterTrustBundle[] = [];
  readonly #findings: Findings;
  readonly #options: SourceOptions;
  readonly #names = new Map<string, Place>();

  constructor(findings: Findings, options: SourceOptions) {
    this.#findings = findings;
    this.#options = options;
  }

  /** Reads one object; `depth` keeps a List of Lists from going on. */
  read(tree: YamlNode, path: string, depth = 0): void {
    const document = readMapping(tree, path, this.#findings);
    if (document === undefined) return;
    const apiVersion = document.requiredString('apiVersion');
    const kind = document.requiredString('kind');
    if (apiVersion === '' || kind === '') {
      document.end(kubernetesFields.Pod); // one of the others may be meant
      return;
    }
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const workload = Object.hasOwn(workloadKinds, kind) ? workloadKinds[kind] : undefined;
    if (kind === 'List' && group === '' && depth < 4)
      for (const item of document.items('items')) this.read(item.value, item.path, depth + 1);
    else if (kind === 'Pod' && group === '') this.#pod(document);
    else if (workload?.group === group) this.#workload(document, kind, workload.template);
    else if (kind === 'ClusterTrustBundle' && group === CERTIFICATES_GROUP) this.#bundle(document);
    else this.#ignore(document, kind);
  }

  #pod(document: FieldReader): void {
    const identity = readIdentity(document);
    const spec = requiredObject(document, 'spec');
    if (spec === undefined) return;
    const pod = readPod(identity, identity.metadata, spec, this.#options);
    identity.metadata?.end(kubernetesFields.ObjectMeta);
    document.end(kubernetesFields.Pod);
    this.#add({ ...pod, place: document.place }, identity.metadata ?? document);
  }

  #workload(document: FieldReader, kind: string, way: readonly string[]): void {
    const identity = readIdentity(document);
    let template: FieldReader | undefined = document;
    for (const step of way) template = template === undefined ? undefined : requiredObject(template, step);
    if (template === undefined) return;
    const spec = requiredObject(template, 'spec');
    if (spec === undefined) return;
    // A StatefulSet names its pods; the others draw names, so local mode keeps the workload's.
    const name = kind === 'StatefulSet' ? `${identity.name}-0` : identity.name;
    const metadata = template.object('metadata');
    const pod = readPod({ ...identity, name }, metadata, spec, this.#options);
    metadata?.end(kubernetesFields.ObjectMeta);
    template.end(kubernetesFields.PodTemplateSpec);
    identity.metadata?.end(kubernetesFields.ObjectMeta);
    document.findings.once('WorkloadAsPod', document.place, `${kind} ${identity.name} as pod ${name}`);
    this.#add({ ...pod, place: document.place }, identity.metadata ?? document);
  }

  #bundle(document: FieldReader): void {
    const bundle = readClusterTrustBundle(document);
    if (bundle === undefined || bundle.name === '') return;
    if (this.#isFirst(`ClusterTrustBundle ${bundle.name}`, document.placeOf('metadata'), document.pathOf('metadata')))
      this.clusterTrustBundles.push(bundle);
  }

  #ignore(document: FieldReader, kind: string): void {
    const meant = READ_KINDS.includes(kind) ? undefined : nearestName(kind, READ_KINDS, 1);
    if (meant !== undefined) {
      const message = `kind ${quoted(kind)} is ignored; did you mean "${meant}"`;
      document.findings.notice('Misspelt', document.placeOf('kind'), document.pathOf('kind'), message);
    } else document.findings.once('IgnoredKinds', document.place, kind.slice(0, 80));
  }

  #add(pod: Pod, metadata: FieldReader): void {
    if (pod.name === '') return;
    if (this.#isFirst(`pod ${pod.namespace}/${pod.name}`, metadata.placeOf('name'), metadata.pathOf('name')))
      this.pods.push(pod);
  }

  #isFirst(name: string, place: Place, path: string): boolean {
    const first = this.#names.get(name);
    if (first === undefined) this.#names.set(name, place);
    else
      this.#findings.error(
        'ERR_CLI_DUPLICATE',
        place,
        path,
        `${name} is also at ${first.file}:${first.line}:${first.column}`,
      );
    return first === undefined;
  }
}

function requiredObject(fields: FieldReader, name: string): FieldReader | undefined {
  if (!fields.has(name)) fields.missing(name);
  return fields.object(name);
}

/** A bundle of Kubernetes' own exists locally only where a document brings it. */
function checkBundlesExist(pods: readonly Pod[], bundles: readonly ClusterTrustBundle[], findings: Findings): void {
  for (const source of pods.flatMap(({ volumes }) => volumes.flatMap(({ sources }) => sources))) {
    if (source.type !== 'clusterTrustBundle' || source.optional || !('signerName' in source.from)) continue;
    const { signerName } = source.from;
    if (!isReservedSignerName(signerName) || signerName === POPULAR_SIGNER_NAME) continue;
    if (bundles.some((bundle) => bundle.signerName === signerName)) continue;
    const state = `no trust bundle of ${signerName} exists outside a cluster: add its ClusterTrustBundle to the manifests or set optional: true`;
    findings.error('ERR_CLI_NOT_FOUND', source.place, '', state);
  }
}

function tell(code: ManifestNoticeCode, values: readonly string[]): string {
  const list = values.join(', ');
  switch (code) {
    case 'IgnoredFields':
      return `ignored in local mode: ${list}`;
    case 'IgnoredKinds':
      return `ignored in local mode: documents of kind ${list}`;
    case 'IgnoredSources':
      return `ignored in local mode: projected sources ${list}`;
    case 'WorkloadAsPod':
      return `one local pod stands for each workload: ${list}`;
    case 'PopularForm':
      return 'written in the popular form, which no cluster accepts; mayfly translate prints the real one';
    case 'SignerNotInClusters':
      return `${list} is served by Mayfly's own signer here; in a cluster it signs CertificateSigningRequests only and never answers a pod`;
    default:
      return list;
  }
}

/** All findings as text, one on a line. */
export const formatFindings = (findings: readonly (ManifestError | ManifestNotice)[]): string =>
  findings.map((finding) => `${formatFinding(finding)}\n`).join('');
