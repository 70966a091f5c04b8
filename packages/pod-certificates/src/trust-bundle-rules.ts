import { compareBytes, DerError, equalBytes } from '@mayfly/der';
import { encodeBase64, encodePem, type PemBlock } from '@mayfly/der/pem';
import { type Certificate, inspectCertificate, X509Error } from '@mayfly/x509';
import { basicConstraints } from '@mayfly/x509/extensions';
import { byteLength, type FieldError, invalid, required, tooLong } from './field-error.js';
import { trustBundleSpecFields, typeErrors } from './fields.js';
import { type JsonObject, objectMember, textMember } from './json.js';
import { signerNameErrors, subdomainErrors } from './names.js';
import { applyRules, type Rule } from './rule.js';
import { parseServerPem } from './server-pem.js';
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
    last: 'own',
    check: ({ spec }) => typeErrors(spec, trustBundleSpecFields, 'spec'),
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
        ? subdomainErrors(field, name, name.slice(prefix.length))
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
      if (byteLength(text) > MAX_BUNDLE) return [tooLong(field, MAX_BUNDLE)];
      const blocks = parseServerPem(text);
      const malformed = blocks.flatMap((block, index) => {
        const fault = entryFault(block);
        return fault === undefined ? [] : [`entry ${index} ${fault}`];
      });
      const faults = malformed.length > 0 ? malformed : setFaults(blocks);
      return faults.map((fault) => invalid(field, '<value omitted>', fault));
    },
  },
];

function entryFault({ label, headers, bytes }: PemBlock): string | undefined {
  if (label !== 'CERTIFICATE') return `has bad block type: ${label}`;
  if (headers.length > 0) return 'has PEM block headers';
  try {
    return basicConstraints(inspectCertificate(bytes))?.cA === true ? undefined : 'does not have the CA bit set';
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return 'does not parse as X.509';
    throw error;
  }
}

/** What is wrong with anchors that are in order one by one. */
function setFaults(blocks: readonly PemBlock[]): readonly string[] {
  if (blocks.length === 0) return ['at least one trust anchor must be provided'];
  const places = new Map<string, readonly number[]>();
  for (const [index, { bytes }] of blocks.entries()) {
    const anchor = encodeBase64(bytes);
    places.set(anchor, [...(places.get(anchor) ?? []), index]);
  }
  return [...places.values()]
    .filter(({ length }) => length > 1)
    .map((indices) => `duplicate trust anchor (indices [${indices.join(' ')}])`);
}

/**
 * The anchors of several bundles as a projected volume shows them: merged, each once, in an order that depends on
 * nothing but the anchors.
 */
export function mergeTrustBundles(bundles: readonly ClusterTrustBundle[]): readonly Certificate[] {
  const ders = bundles
    .flatMap(({ spec }) => parseServerPem(spec.trustBundle).map(({ bytes }) => bytes))
    .sort(compareBytes);
  return ders.filter((der, index) => index === 0 || !equalBytes(der, ders[index - 1]!)).map(inspectCertificate);
}

/** {@link mergeTrustBundles} as PEM. */
export const mergedTrustBundlePem = (bundles: readonly ClusterTrustBundle[]): string =>
  mergeTrustBundles(bundles)
    .map(({ der }) => encodePem('CERTIFICATE', der))
    .join('');
