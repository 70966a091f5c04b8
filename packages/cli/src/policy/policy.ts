import type { Seconds } from '@mayfly/der';
import { type KeyType, keyTypes } from '@mayfly/pod-certificates';
import { type Usage, usages } from '../manifests/annotations.js';
import { checkUnique, type FieldReader, joinPath, type Placed, readMapping } from '../manifests/field-reader.js';
import { Findings, type ManifestError, type Place, quoted } from '../manifests/findings.js';
import { lifetimeFault, MIN_EXPIRATION_SECONDS, type SourceOptions } from '../manifests/pod-certificate-source.js';
import { signerNameFault } from '../manifests/signer-names.js';
import { parseYaml, type SourceFile, type YamlNode } from '../manifests/yaml-tree.js';
import { dnsPatternFault, ipPatternFault } from './pattern.js';

/**
 * What the operator grants. Once there is a policy, what it does not grant is denied: a signer that it does not name, a
 * pod that no rule matches, a name that no matching rule lists.
 *
 * ```yaml
 * signers:
 * - name: mayfly.dev/workload
 *   maxExpirationSeconds: 86400         # longer requests get this; without it, what they ask for
 *   keyTypes: [ECDSAP256, ED25519]      # without it, all
 *   allow:
 *   - namespace: shop                   # namespace, serviceAccount, pod: "*" is any text; left out, any
 *     serviceAccount: web
 *     pod: web-*
 *     commonName: [web.shop.svc]        # what may be asked for; left out, nothing
 *     organization: [shop]
 *     dnsNames: ["*.shop.svc"]          # "*" stays inside a label
 *     wildcards: false                  # whether "*.shop.svc" itself may be asked for
 *     uris: ["spiffe://example.org/shop/*"]
 *     ipAddresses: [127.0.0.1, 10.0.0.0/8]
 *     usage: [client, server]           # left out, all
 * ```
 */
export interface Policy {
  /** Unique by name. */
  readonly signers: readonly SignerPolicy[];
}
export interface SignerPolicy {
  readonly name: string;
  /** `undefined` leaves the lifetime to the request. */
  readonly maxExpirationSeconds: Seconds | undefined;
  readonly keyTypes: readonly KeyType[];
  readonly allow: readonly AllowRule[];
}
/** A rule matches a pod by the first three; the others are patterns of what it may ask for. */
export interface AllowRule {
  /** By which a denial names the rule, for example `signers[0].allow[1]`. */
  readonly path: string;
  readonly place: Place;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: string;
  readonly commonName: readonly string[];
  readonly organization: readonly string[];
  readonly dnsNames: readonly string[];
  readonly wildcards: boolean;
  readonly uris: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly usage: readonly Usage[];
}

export type ReadPolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly ManifestError[] };

/**
 * Reads a policy file. Every field is known and has a value, or is an error: one that was left empty by mistake would grant
 * more than it says, as leaving it out does. The result is a policy or all errors; it throws nothing.
 */
export function readPolicy(
  file: SourceFile,
  { minExpirationSeconds = MIN_EXPIRATION_SECONDS, ...unknown }: SourceOptions = {},
): ReadPolicyResult {
  unknown satisfies Record<string, never>;
  const findings = new Findings();
  const documents = parseYaml(file, findings);
  const [first, second] = documents;
  const start = { file: file.path, line: 1, column: 1 };
  if (second !== undefined)
    findings.error('ERR_CLI_VALUE', second.tree?.place ?? start, '', 'a policy file holds one document');
  const fields = first?.tree === undefined ? undefined : readMapping(first.tree, '', findings);
  if (first?.tree !== undefined && fields?.has('signers')) refuseNothing(first.tree, '', findings);
  if (first?.tree === undefined && findings.errors.length === 0)
    findings.error('ERR_CLI_MISSING_FIELD', start, 'signers', 'required');
  if (fields !== undefined && !fields.has('signers')) fields.missing('signers');
  const readers = fields?.objects('signers') ?? [];
  const signers = readers.map((signer) => readSignerPolicy(signer, minExpirationSeconds));
  fields?.end();
  if (fields !== undefined)
    checkUnique(
      fields,
      readers.map((signer, index) => ({
        value: signers[index]?.name ?? '',
        place: signer.placeOf('name'),
        path: signer.pathOf('name'),
      })),
    );
  return findings.errors.length > 0 ? { ok: false, errors: findings.errors } : { ok: true, policy: { signers } };
}

/** Reports every field that is `null`, as written or as what a template left behind. */
function refuseNothing(node: YamlNode, path: string, findings: Findings): void {
  if (node.kind === 'list')
    for (const [index, item] of node.items.entries()) refuseNothing(item, `${path}[${index}]`, findings);
  if (node.kind !== 'map') return;
  for (const [name, { value }] of node.entries) {
    const at = joinPath(path, name);
    if (value.kind === 'scalar' && value.value === null)
      findings.error('ERR_CLI_VALUE', value.place, at, 'is nothing; write a value or leave the field out');
    else refuseNothing(value, at, findings);
  }
}

function readSignerPolicy(fields: FieldReader, minimum: Seconds): SignerPolicy {
  const name = fields.requiredString('name');
  const nameFault = name === '' ? undefined : signerNameFault(name);
  if (nameFault !== undefined) fields.error('ERR_CLI_VALUE', 'name', `${quoted(name)} ${nameFault}`);
  const maxExpirationSeconds = fields.integer('maxExpirationSeconds');
  const lifetime = maxExpirationSeconds === undefined ? undefined : lifetimeFault(maxExpirationSeconds, minimum, name);
  if (lifetime !== undefined) fields.error('ERR_CLI_LIFETIME', 'maxExpirationSeconds', lifetime);
  const allowed = readChoices(fields, 'keyTypes', keyTypes);
  const allow = fields.objects('allow').map(readRule);
  fields.end();
  return { name, maxExpirationSeconds, keyTypes: allowed, allow };
}

function readRule(fields: FieldReader): AllowRule {
  const rule: AllowRule = {
    path: fields.path,
    place: fields.place,
    namespace: readMatcher(fields, 'namespace'),
    serviceAccount: readMatcher(fields, 'serviceAccount'),
    pod: readMatcher(fields, 'pod'),
    commonName: readPatterns(fields, 'commonName', emptyFault),
    organization: readPatterns(fields, 'organization', emptyFault),
    dnsNames: readPatterns(fields, 'dnsNames', dnsPatternFault),
    wildcards: fields.boolean('wildcards') ?? false,
    uris: readPatterns(fields, 'uris', emptyFault),
    ipAddresses: readPatterns(fields, 'ipAddresses', ipPatternFault),
    usage: readChoices(fields, 'usage', usages),
  };
  fields.end();
  return rule;
}

/** What a pod's own name of a kind has to match; anything when the field is left out. */
function readMatcher(fields: FieldReader, name: string): string {
  const pattern = fields.string(name);
  if (pattern === '') fields.error('ERR_CLI_VALUE', name, 'is empty; write "*" for any, or leave the field out');
  return pattern ?? '*';
}

function readPatterns(
  fields: FieldReader,
  name: string,
  faultOf: (pattern: string) => string | undefined,
): readonly string[] {
  const patterns = fields.strings(name);
  reportEach(fields, patterns, faultOf);
  return patterns.map(({ value }) => value);
}

/** All choices when the field is absent; what is listed otherwise. */
function readChoices<T extends string>(fields: FieldReader, name: string, choices: readonly T[]): readonly T[] {
  if (!fields.has(name)) return choices;
  const written = fields.strings(name);
  reportEach(fields, written, (value) =>
    choices.some((choice) => choice === value) ? undefined : `is none of ${choices.join(', ')}`,
  );
  return choices.filter((choice) => written.some(({ value }) => value === choice));
}

function reportEach(
  { findings }: FieldReader,
  values: readonly Placed<string>[],
  faultOf: (value: string) => string | undefined,
): void {
  for (const { value, place, path } of values) {
    const fault = faultOf(value);
    if (fault !== undefined) findings.error('ERR_CLI_VALUE', place, path, `${quoted(value)} ${fault}`);
  }
}

const emptyFault = (pattern: string): string | undefined => (pattern === '' ? 'is empty' : undefined);
