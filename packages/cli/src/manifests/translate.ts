import { isReservedSignerName } from '@mayfly/pod-certificates';
import { type Document, isAlias, isMap, isScalar, isSeq, Parser, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { encodeAnnotations } from './annotations.js';
import { Findings, type ManifestError, type Place, quoted } from './findings.js';
import { popularFields, popularPaths } from './pod-certificate-source.js';
import { manifestErrors, workloadKinds } from './read-manifests.js';
import { signerNameFault } from './signer-names.js';
import { parseYaml, type SourceFile } from './yaml-tree.js';

/** The real form of a file, or why there is none. */
export type TranslateResult =
  | {
      readonly ok: true;
      readonly text: string;
      /** Number of sources that were rewritten; with 0 the text is the input. */
      readonly translated: number;
    }
  | { readonly ok: false; readonly errors: readonly ManifestError[] };

export interface TranslateOptions {
  /** Private signer that every rewritten source names. Default: their own, `mayfly.dev/workload` in place of a reserved one. */
  readonly signerName?: string;
}

/** What stands in the place of a reserved signer when no other is named. */
const PRIVATE_SIGNER = 'mayfly.dev/workload';

const REAL_FIELDS = [
  'keyType',
  'maxExpirationSeconds',
  'credentialBundlePath',
  'keyPath',
  'certificateChainPath',
  'userAnnotations',
];

/**
 * Rewrites every `podCertificate` source of the popular form into the real API's. All else of a document stays, comments
 * too; a document without such a source stays byte for byte.
 * @throws RangeError for a `signerName` that is no private signer's.
 */
export function translate(file: SourceFile, { signerName, ...unknown }: TranslateOptions = {}): TranslateResult {
  unknown satisfies Record<string, never>;
  const fault = signerName === undefined ? undefined : privateSignerFault(signerName);
  if (signerName !== undefined && fault !== undefined)
    throw new RangeError(`Cannot translate to signer ${quoted(signerName)}: it ${fault}`);
  const errors = manifestErrors(file);
  if (errors.length > 0) return { ok: false, errors };
  const findings = new Findings();
  const documents = parseYaml(file, findings).map(({ document }) => document);
  const slices = documentSlices(file.text, documents.length);
  let translated = 0;
  const texts = documents.map((document, index) => {
    const translation = new Translation(document, signerName, findings, file);
    translation.object(document.contents);
    translated += translation.count;
    const slice = slices?.[index];
    return translation.count === 0 && slice !== undefined ? slice : print(document, slice ?? file.text);
  });
  if (findings.errors.length > 0) return { ok: false, errors: findings.errors };
  return { ok: true, text: translated === 0 ? file.text : texts.join(''), translated };
}

const privateSignerFault = (signerName: string): string | undefined =>
  isReservedSignerName(signerName) ? 'is reserved for Kubernetes' : signerNameFault(signerName);

class Translation {
  count = 0;
  readonly #document: Document.Parsed;
  readonly #signerName: string | undefined;
  readonly #findings: Findings;
  readonly #file: SourceFile;
  /** Nodes that aliases share are rewritten once. */
  readonly #visited = new Set<unknown>();

  constructor(document: Document.Parsed, signerName: string | undefined, findings: Findings, file: SourceFile) {
    this.#document = document;
    this.#signerName = signerName;
    this.#findings = findings;
    this.#file = file;
  }

  object(node: unknown): void {
    const object = this.#map(node);
    if (object === undefined) return;
    const kind = this.#scalar(object, 'kind');
    if (kind === 'List') for (const item of this.#list(object, 'items')) this.object(item);
    const template =
      typeof kind === 'string' && Object.hasOwn(workloadKinds, kind) ? workloadKinds[kind]?.template : [];
    let holder: YAMLMap | undefined = object;
    for (const step of [...(template ?? []), 'spec']) holder = this.#map(holder?.get(step, true));
    if (holder === undefined || (kind !== 'Pod' && template?.length === 0)) return;
    for (const volume of this.#list(holder, 'volumes')) {
      const projected = this.#map(this.#map(volume)?.get('projected', true));
      const sources = this.#resolve(projected?.get('sources', true));
      if (isSeq(sources) && !this.#visited.has(sources)) this.#sources(sources);
    }
  }

  #sources(sources: YAMLSeq): void {
    this.#visited.add(sources);
    const hasCaFile = sources.items.some((item) => this.#writes(item, popularPaths.caPath));
    const items: unknown[] = [];
    for (const item of sources.items) {
      items.push(item);
      const source = this.#map(item);
      const certificate = this.#map(source?.get('podCertificate', true));
      if (source === undefined || certificate === undefined || REAL_FIELDS.some((name) => certificate.has(name)))
        continue;
      if (this.#visited.has(certificate) || isAlias(item) || usesMerge(source) || usesMerge(certificate)) {
        this.#refuse(certificate);
        continue;
      }
      this.#visited.add(certificate);
      const signerName = this.#certificate(certificate, source, hasCaFile);
      if (hasCaFile) continue;
      const bundle = { clusterTrustBundle: { signerName, labelSelector: {}, path: popularPaths.caPath } };
      items.push(this.#document.createNode(bundle));
    }
    sources.items = items;
  }

  /** Rewrites one source in place and returns its signer. */
  #certificate(certificate: YAMLMap, source: YAMLMap, hasCaFile: boolean): string {
    const changes: string[] = [];
    for (const pair of certificate.items)
      if (isScalar(pair.key) && pair.key.value === popularFields[0]) {
        pair.key.value = 'maxExpirationSeconds';
        changes.push('expirationSeconds is maxExpirationSeconds');
      }
    const written = String(this.#scalar(certificate, 'signerName'));
    const reserved = isReservedSignerName(written);
    const signerName = this.#signerName ?? (reserved ? PRIVATE_SIGNER : written);
    if (signerName !== written) {
      const scalar = certificate.get('signerName', true);
      if (isScalar(scalar)) (scalar as Scalar).value = signerName;
      else certificate.set('signerName', signerName);
      changes.push(
        reserved
          ? `signer ${written} answers no pod, ${signerName} is a private one`
          : `signer ${written} is ${signerName}`,
      );
    }
    const annotations = this.#stub(this.#map(certificate.get('stubPKCS10Request', true)));
    if (certificate.delete('stubPKCS10Request'))
      changes.push('stubPKCS10Request is userAnnotations, to be granted by the signer');
    certificate.set('keyType', 'ECDSAP256');
    certificate.set('keyPath', popularPaths.keyPath);
    certificate.set('certificateChainPath', popularPaths.certificateChainPath);
    if (Object.keys(annotations).length > 0) certificate.set('userAnnotations', this.#document.createNode(annotations));
    changes.push('keyType and paths are written out');
    if (!hasCaFile) changes.push(`${popularPaths.caPath} is a clusterTrustBundle source`);
    const comment = [' Translated to the real API by mayfly:', ...changes.map((change) => ` - ${change}`)].join('\n');
    source.commentBefore = source.commentBefore ? `${source.commentBefore}\n${comment}` : comment;
    this.count++;
    return signerName;
  }

  #stub(stub: YAMLMap | undefined): Readonly<Record<string, string>> {
    if (stub === undefined) return {};
    const subject = this.#map(stub.get('subject', true));
    const commonName = subject === undefined ? undefined : this.#scalar(subject, 'commonName');
    const strings = (map: YAMLMap | undefined, name: string) =>
      map === undefined ? [] : this.#list(map, name).map((item) => String(isScalar(item) ? item.value : item));
    return encodeAnnotations({
      commonName: typeof commonName === 'string' ? commonName : undefined,
      organization: strings(subject, 'organization'),
      dnsNames: strings(stub, 'dnsNames'),
      uris: [],
      ipAddresses: [],
      usage: undefined,
    });
  }

  /** Whether a source, served locally or not, writes a file of this path. */
  #writes(item: unknown, path: string): boolean {
    const source = this.#map(item);
    return (
      source?.items.some(({ value }) => {
        const fields = this.#map(value);
        if (fields === undefined) return false;
        const paths = [fields, ...this.#list(fields, 'items').map((entry) => this.#map(entry))];
        return paths.some((map) => map !== undefined && this.#scalar(map, 'path') === path);
      }) ?? false
    );
  }

  #refuse(certificate: YAMLMap): void {
    const state = 'the source is shared by an alias or a merge key: write it out where it is used';
    this.#findings.error(
      'ERR_CLI_TRANSLATE',
      placeIn(this.#file, certificate.range?.[0] ?? 0),
      'podCertificate',
      state,
    );
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #map(node: unknown): YAMLMap | undefined {
    const resolved = this.#resolve(node);
    return isMap(resolved) ? resolved : undefined;
  }

  #list(map: YAMLMap, name: string): readonly unknown[] {
    const list = this.#resolve(map.get(name, true));
    return isSeq(list) ? list.items.map((item) => this.#resolve(item)) : [];
  }

  #scalar(map: YAMLMap, name: string): unknown {
    const scalar = this.#resolve(map.get(name, true));
    return isScalar(scalar) ? scalar.value : undefined;
  }
}

const usesMerge = (map: YAMLMap): boolean => map.items.some(({ key }) => isScalar(key) && key.value === '<<');

function placeIn({ path: file, text }: SourceFile, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: before.at(-1)!.length + 1 };
}

/** The text of each document with the comments before it; `undefined` where directives span documents. */
function documentSlices(text: string, count: number): readonly string[] | undefined {
  const tokens = [...new Parser().parse(text)];
  const offsets = tokens.flatMap((token) => (token.type === 'document' ? [token.offset] : []));
  if (offsets.length !== count || tokens.some(({ type }) => type === 'directive')) return undefined;
  return offsets.map((offset, index) => text.slice(index === 0 ? 0 : offset, offsets[index + 1] ?? text.length));
}

/** Prints a document with long lines unbroken and lists indented as its source has them. */
function print(document: Document.Parsed, source: string): string {
  const indentSeq = !/^( *)[^\s#-][^#]*:[ \t]*\n\1- /m.test(source);
  const text = document.toString({ lineWidth: 0, indentSeq, flowCollectionPadding: /\{ /.test(source) });
  return text.endsWith('\n') ? text : `${text}\n`;
}
