import { PemError, parsePem } from '@mayfly/der/pem';
import { trustBundlePrefix } from '@mayfly/pod-certificates';
import type { LabelExpression, LabelSelector } from '@mayfly/pod-certificates/api';
import type { FieldReader } from './field-reader.js';
import { quoted } from './findings.js';
import { kubernetesFields } from './kubernetes-fields.js';
import { isDnsSubdomain, labelKeyFault, labelValueFault } from './kubernetes-names.js';
import type { ClusterTrustBundle, ClusterTrustBundleReference, ClusterTrustBundleSource } from './manifest.js';
import { readFilePath, type WrittenPath } from './pod-certificate-source.js';
import { signerNameFault } from './signer-names.js';

const MAX_TRUST_BUNDLE_LENGTH = 1024 * 1024;
const OPERATORS: readonly LabelExpression['operator'][] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Reads a ClusterTrustBundle document by every rule that needs no certificate parser. */
export function readClusterTrustBundle(document: FieldReader): ClusterTrustBundle | undefined {
  const metadata = document.object('metadata');
  const spec = document.object('spec');
  if (metadata === undefined) document.missing('metadata');
  if (spec === undefined) document.missing('spec');
  if (metadata === undefined || spec === undefined) return undefined;
  const name = metadata.requiredString('name');
  const labels = readLabels(metadata, 'labels');
  metadata.end(kubernetesFields.ObjectMeta);
  const signerName = readSignerName(spec);
  const trustBundle = spec.requiredString('trustBundle');
  spec.end();
  document.end(kubernetesFields.ClusterTrustBundle);
  const nameFault = name === '' ? undefined : bundleNameFault(name, signerName);
  if (nameFault !== undefined) metadata.error('ERR_CLI_VALUE', 'name', `${quoted(name)} ${nameFault}`);
  const bundleFault = trustBundle === '' ? undefined : trustBundleFault(trustBundle);
  if (bundleFault !== undefined) spec.error('ERR_CLI_VALUE', 'trustBundle', bundleFault);
  return { place: document.place, name, labels, signerName, trustBundle };
}

/** Reads a `clusterTrustBundle` projected source. */
export function readClusterTrustBundleSource(
  fields: FieldReader,
  index: number,
): { readonly source: ClusterTrustBundleSource; readonly path: WrittenPath | undefined } {
  const path = readFilePath(fields, 'path');
  const name = fields.string('name');
  const signerName = readSignerName(fields);
  const selector = fields.object('labelSelector');
  const labelSelector = selector === undefined ? undefined : readLabelSelector(selector);
  const optional = fields.boolean('optional') ?? false;
  const isWhole = fields.rest().length === 0;
  fields.end();
  if (path === undefined && isWhole) fields.missing('path');
  if (name !== undefined && (signerName !== undefined || selector !== undefined))
    fields.error('ERR_CLI_MIXED_FORMS', 'name', 'name excludes signerName and labelSelector');
  if (name === undefined && signerName === undefined && isWhole)
    fields.findings.error('ERR_CLI_MISSING_FIELD', fields.place, fields.path, 'needs name or signerName');
  const from: ClusterTrustBundleReference =
    name === undefined ? { signerName: signerName ?? '', labelSelector } : { name };
  const source: ClusterTrustBundleSource = {
    type: 'clusterTrustBundle',
    place: fields.place,
    index,
    path: path?.value ?? '',
    from,
    optional,
  };
  return { source, path };
}

/** Reads a mapping of labels. */
export function readLabels(fields: FieldReader, name: string): Readonly<Record<string, string>> {
  const labels = fields.stringMap(name);
  for (const [key, { value, place, path }] of labels) {
    const keyFault = labelKeyFault(key);
    const valueFault = labelValueFault(value);
    if (keyFault !== undefined) fields.findings.error('ERR_CLI_VALUE', place, path, `the key ${keyFault}`);
    else if (valueFault !== undefined) fields.findings.error('ERR_CLI_VALUE', place, path, `the value ${valueFault}`);
  }
  return Object.fromEntries([...labels].map(([key, { value }]) => [key, value]));
}

function readSignerName(fields: FieldReader): string | undefined {
  const signerName = fields.string('signerName');
  const fault = signerName === undefined ? undefined : signerNameFault(signerName);
  if (fault !== undefined) fields.error('ERR_CLI_VALUE', 'signerName', `${quoted(signerName!)} ${fault}`);
  return signerName;
}

function readLabelSelector(fields: FieldReader): LabelSelector {
  const matchLabels = readLabels(fields, 'matchLabels');
  const matchExpressions = fields.objects('matchExpressions').flatMap((expression) => {
    const read = readLabelExpression(expression);
    return read === undefined ? [] : [read];
  });
  fields.end();
  return { matchLabels, matchExpressions };
}

function readLabelExpression(fields: FieldReader): LabelExpression | undefined {
  const key = fields.requiredString('key');
  const written = fields.requiredString('operator');
  const values = fields.strings('values').map(({ value }) => value);
  fields.end();
  const keyFault = key === '' ? undefined : labelKeyFault(key);
  if (keyFault !== undefined) fields.error('ERR_CLI_VALUE', 'key', `${quoted(key)} ${keyFault}`);
  const operator = OPERATORS.find((name) => name === written);
  if (operator === undefined) {
    if (written !== '')
      fields.error('ERR_CLI_VALUE', 'operator', `${quoted(written)} is none of ${OPERATORS.join(', ')}`);
    return undefined;
  }
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues !== values.length > 0)
    fields.error('ERR_CLI_VALUE', 'values', takesValues ? `${operator} needs values` : `${operator} takes no values`);
  return { key, operator, values };
}

function bundleNameFault(name: string, signerName: string | undefined): string | undefined {
  if (signerName === undefined) {
    if (name.includes(':')) return "has a colon, which only the name of a signer's bundle has";
    return isDnsSubdomain(name) ? undefined : 'is no lower-case DNS name';
  }
  const prefix = trustBundlePrefix(signerName);
  return name.startsWith(prefix) && isDnsSubdomain(name.slice(prefix.length))
    ? undefined
    : `does not begin with ${quoted(prefix)} and end with a lower-case DNS name`;
}

function trustBundleFault(trustBundle: string): string | undefined {
  if (Buffer.byteLength(trustBundle) > MAX_TRUST_BUNDLE_LENGTH) return `longer than ${MAX_TRUST_BUNDLE_LENGTH} bytes`;
  try {
    const blocks = parsePem(trustBundle);
    if (blocks.length === 0) return 'no CERTIFICATE block';
    const seen = new Map<string, number>();
    for (const { label, headers, bytes, line } of blocks) {
      if (label !== 'CERTIFICATE') return `block ${quoted(label)} at line ${line} of the bundle is no CERTIFICATE`;
      if (headers.length > 0) return `the block at line ${line} of the bundle has PEM headers`;
      const der = Buffer.from(bytes).toString('base64');
      const first = seen.get(der);
      if (first !== undefined) return `the certificate at line ${line} of the bundle is the one at line ${first} again`;
      seen.set(der, line);
    }
    return undefined;
  } catch (error) {
    if (error instanceof PemError) return `malformed PEM at line ${error.line} of the bundle (${error.code})`;
    throw error;
  }
}
