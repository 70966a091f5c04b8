import { compareBytes, DerError, equalBytes } from '@mayfly/der';
import { encodePem, type PemBlock, PemError, parsePem } from '@mayfly/der/pem';
import { type Certificate, inspectCertificate, X509Error } from '@mayfly/x509';
import { basicConstraints } from '@mayfly/x509/extensions';
import { type FieldError, invalid, required, tooLong, wrongType } from './field-error.js';
import { type JsonObject, objectMember, textMember } from './json.js';
import { signerNameErrors, subdomainErrors } from './names.js';
import { applyRules, type Rule } from './rule.js';
import type { ClusterTrustBundle } from './types.js';

/** Longest bundle, in octets. */
const MAX_BUNDLE = 1024 * 1024;

/** What the rules for a trust bundle look at. */
export interface TrustBundleContext {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
  /** What stood there before; `undefined` for a new bundle. */
  readonly oldSpec: JsonObject | undefined;
}

/**
 * Everything that kube-apiserver refuses in a ClusterTrustBundle, new or changed; nothing when it would be accepted.
 * The certificates are read again only when they changed. Expiry and signatures are nobody's business here.
 */
export const validateTrustBundle = (json: JsonObject, old?: JsonObject): readonly FieldError[] =>
  applyRules(trustBundleRules, {
    metadata: objectMember(json, 'metadata'),
    spec: objectMember(json, 'spec'),
    oldSpec: old && objectMember(old, 'spec'),
  });

/** The name that a signer's bundle begins with: `example.com/signer` gives `example.com:signer:`. */
export const trustBundlePrefix = (signerName: string): string => `${signerName.replaceAll('/', ':')}:`;

/** The rules in the order in which the API server asks them. */
export const trustBundleRules: readonly Rule<TrustBundleContext>[] = [
  {
    name: 'the members have their types',
    last: true,
    check: ({ spec }) =>
      ['signerName', 'trustBundle'].flatMap((member) => {
        const value = spec[member] ?? '';
        return typeof value === 'string' ? [] : [wrongType(`spec.${member}`, 'text')];
      }),
  },
  {
    name: 'the name begins with the signer, or has no colon',
    check({ metadata, spec }) {
      const field = 'metadata.name';
      const name = textMember(metadata, 'name');
      const signerName = textMember(spec, 'signerName');
      if (name === '') return [required(field, 'name or generateName is required')];
      if (signerName === '')
        return name.includes(':')
          ? [invalid(field, name, 'ClusterTrustBundle without signer name must not have ":" in its name')]
          : subdomainErrors(field, name);
      const prefix = trustBundlePrefix(signerName);
      return name.startsWith(prefix)
        ? subdomainErrors(field, name.slice(prefix.length))
        : [invalid(field, name, `ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`)];
    },
  },
  {
    name: 'spec.signerName is a signer name where it is set, and does not change',
    check({ spec, oldSpec }) {
      const signerName = textMember(spec, 'signerName');
      return [
        ...(signerName === '' ? [] : signerNameErrors('spec.signerName', signerName)),
        ...(oldSpec !== undefined && textMember(oldSpec, 'signerName') !== signerName
          ? [invalid('spec.signerName', signerName, 'field is immutable')]
          : []),
      ];
    },
  },
  {
    name: 'spec.trustBundle holds CA certificates, each once and without headers',
    check({ spec, oldSpec }) {
      const field = 'spec.trustBundle';
      const text = textMember(spec, 'trustBundle');
      if (oldSpec !== undefined && textMember(oldSpec, 'trustBundle') === text) return [];
      if (new TextEncoder().encode(text).length > MAX_BUNDLE) return [tooLong(field, MAX_BUNDLE)];
      const blocks = readBlocks(text);
      if (blocks === undefined) return [invalid(field, undefined, 'must be well-formed PEM')];
      if (blocks.length === 0) return [invalid(field, undefined, 'at least one trust anchor must be provided')];
      return [...blocks.flatMap((block, index) => entryErrors(field, block, index)), ...duplicateErrors(field, blocks)];
    },
  },
];

function entryErrors(field: string, { label, headers, bytes }: PemBlock, index: number): readonly FieldError[] {
  const refuse = (state: string) => [invalid(field, undefined, `entry ${index} ${state}`)];
  if (label !== 'CERTIFICATE') return refuse(`has bad block type: ${label}`);
  if (headers.length > 0) return refuse('has PEM block headers');
  try {
    const constraints = basicConstraints(inspectCertificate(bytes));
    if (constraints === undefined) return refuse('does not have the BasicConstraints extension');
    return constraints.cA ? [] : refuse('does not have the CA bit set');
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return refuse('does not parse as X.509');
    throw error;
  }
}

function duplicateErrors(field: string, blocks: readonly PemBlock[]): readonly FieldError[] {
  return blocks.flatMap(({ bytes }, index) => {
    const first = blocks.findIndex((earlier) => equalBytes(earlier.bytes, bytes));
    return first < index ? [invalid(field, undefined, `duplicate trust anchor (indices [${first} ${index}])`)] : [];
  });
}

function readBlocks(text: string): readonly PemBlock[] | undefined {
  try {
    return parsePem(text);
  } catch (error) {
    if (error instanceof PemError) return undefined;
    throw error;
  }
}

/**
 * The anchors of several bundles as a projected volume shows them: merged, each once, in an order that depends on
 * nothing but the anchors.
 */
export function mergeTrustBundles(bundles: readonly ClusterTrustBundle[]): readonly Certificate[] {
  const ders = bundles.flatMap(({ spec }) => parsePem(spec.trustBundle).map(({ bytes }) => bytes)).sort(compareBytes);
  return ders.filter((der, index) => index === 0 || !equalBytes(der, ders[index - 1]!)).map(inspectCertificate);
}

/** {@link mergeTrustBundles} as PEM. */
export const mergedTrustBundlePem = (bundles: readonly ClusterTrustBundle[]): string =>
  mergeTrustBundles(bundles)
    .map(({ der }) => encodePem('CERTIFICATE', der))
    .join('');
