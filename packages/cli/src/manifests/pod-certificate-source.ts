import type { Seconds } from '@mayfly/der';
import { isReservedSignerName, type KeyType, keyTypes, kubernetesLimits } from '@mayfly/pod-certificates';
import { annotationFault, encodeAnnotations, isForeignAnnotation, listFault } from './annotations.js';
import type { FieldReader, Placed } from './field-reader.js';
import { quoted } from './findings.js';
import { annotationKeyFault, filePathFault } from './kubernetes-names.js';
import type { ClusterTrustBundleSource, PodCertificateSource } from './manifest.js';
import { attributeFault, dnsNameFault } from './requested-names.js';
import { POPULAR_SIGNER_NAME, reservedSignerFault, signerNameFault } from './signer-names.js';

/** The API server's bounds of a lifetime. */
export const MIN_EXPIRATION_SECONDS: Seconds = kubernetesLimits.minExpirationSeconds;
const MAX_EXPIRATION_SECONDS: Seconds = 7_862_400;
const MAX_RESERVED_EXPIRATION_SECONDS: Seconds = 86_400;

/** Fields that only the popular form has. */
export const popularFields = ['expirationSeconds', 'stubPKCS10Request'] as const;
/** Fields that only the real API has. */
const realFields = [
  'keyType',
  'maxExpirationSeconds',
  'credentialBundlePath',
  'keyPath',
  'certificateChainPath',
  'userAnnotations',
] as const;
/** The files of the popular form, which names none. */
export const popularPaths = { keyPath: 'tls.key', certificateChainPath: 'tls.crt', caPath: 'ca.crt' } as const;

/** Keys and values of user annotations together, in bytes. */
const MAX_ANNOTATIONS_LENGTH = 256 * 1024;

export interface SourceOptions {
  /** Shortest lifetime accepted, in seconds. Default 3600, the API server's floor; local mode may go lower. */
  readonly minExpirationSeconds?: Seconds;
}

/** A path that a source writes, for the check that no two sources of a volume write one file. */
export interface WrittenPath extends Placed<string> {}

/** A source in real form, the trust bundle that the popular form implies, and the files of both. */
export interface ReadPodCertificate {
  readonly source: PodCertificateSource;
  /** Only for the popular form. */
  readonly impliedBundle: ClusterTrustBundleSource | undefined;
  readonly paths: readonly WrittenPath[];
}

/** Reads a `podCertificate` source of either form; what is wrong goes to the reader's findings. */
export function readPodCertificate(
  fields: FieldReader,
  index: number,
  { minExpirationSeconds = MIN_EXPIRATION_SECONDS, ...unknown }: SourceOptions,
): ReadPodCertificate {
  unknown satisfies Record<string, never>;
  const signerName = readSignerName(fields);
  // The owner of the files, since Kubernetes 1.37: locally they are all the operator's.
  fields.ignore('user');
  const popular = popularFields.filter((name) => fields.has(name));
  const real = realFields.filter((name) => fields.has(name));
  if (popular.length > 0 && real.length > 0) {
    const state = `${popular.join(', ')} of the popular form together with ${real.join(', ')} of the real API: write one form`;
    fields.findings.error('ERR_CLI_MIXED_FORMS', fields.place, fields.path, state);
  }
  // A field that is misspelt may be the one that tells the form, so nothing is said to be missing beside it.
  const isPopular = popular.length > 0 || (real.length === 0 && fields.rest().length === 0);
  fields.end();
  return isPopular
    ? readPopular(fields, index, signerName, minExpirationSeconds)
    : readReal(fields, index, signerName, minExpirationSeconds);
}

function readPopular(fields: FieldReader, index: number, signerName: string, minimum: Seconds): ReadPodCertificate {
  const { place, path } = fields;
  fields.findings.once('PopularForm', place, path);
  const { keyPath, certificateChainPath, caPath } = popularPaths;
  const source: PodCertificateSource = {
    type: 'podCertificate',
    place,
    index,
    signerName,
    keyType: 'ECDSAP256',
    maxExpirationSeconds: readLifetime(fields, 'expirationSeconds', signerName, minimum),
    credentialBundlePath: undefined,
    keyPath,
    certificateChainPath,
    userAnnotations: readStub(fields.object('stubPKCS10Request')),
  };
  const impliedBundle: ClusterTrustBundleSource = {
    type: 'clusterTrustBundle',
    place,
    index,
    path: caPath,
    from: { signerName, labelSelector: { matchLabels: {}, matchExpressions: [] } },
    optional: false,
  };
  return { source, impliedBundle, paths: [keyPath, certificateChainPath].map((value) => ({ value, place, path })) };
}

/** The popular form's `stubPKCS10Request` object as the annotations that ask for the same. */
function readStub(stub: FieldReader | undefined): Readonly<Record<string, string>> {
  if (stub === undefined) return {};
  const subject = stub.object('subject');
  const dnsNames = stub.strings('dnsNames');
  stub.end();
  const commonName = subject?.string('commonName');
  const organization = subject?.strings('organization') ?? [];
  subject?.end();
  if (subject !== undefined && commonName !== undefined) {
    const fault = attributeFault(commonName);
    if (fault !== undefined) subject.error('ERR_CLI_VALUE', 'commonName', `${quoted(commonName)} ${fault}`);
  }
  checkEach(stub, organization, attributeFault);
  checkEach(stub, dnsNames, dnsNameFault);
  return encodeAnnotations({
    commonName,
    organization: organization.map(({ value }) => value),
    dnsNames: dnsNames.map(({ value }) => value),
    uris: [],
    ipAddresses: [],
    usage: undefined,
  });
}

function checkEach(
  { findings }: FieldReader,
  names: readonly Placed<string>[],
  faultOf: (name: string) => string | undefined,
): void {
  let faultless = true;
  for (const { value, place, path } of names) {
    const fault = faultOf(value);
    if (fault === undefined) continue;
    faultless = false;
    findings.error('ERR_CLI_VALUE', place, path, `${quoted(value)} ${fault}`);
  }
  const fault = listFault(
    names.map(({ value }) => value),
    () => undefined,
  );
  const last = names.at(-1);
  if (faultless && fault !== undefined && last !== undefined)
    findings.error('ERR_CLI_VALUE', last.place, last.path.replace(/\[\d+\]$/, ''), fault);
}

function readReal(fields: FieldReader, index: number, signerName: string, minimum: Seconds): ReadPodCertificate {
  const credentialBundlePath = readFilePath(fields, 'credentialBundlePath');
  const keyPath = readFilePath(fields, 'keyPath');
  const certificateChainPath = readFilePath(fields, 'certificateChainPath');
  const paths = [credentialBundlePath, keyPath, certificateChainPath].filter((path) => path !== undefined);
  if (paths.length === 0 && fields.rest().length === 0) {
    const state = 'needs credentialBundlePath, or keyPath and certificateChainPath';
    fields.findings.error('ERR_CLI_MISSING_FIELD', fields.place, fields.path, state);
  }
  const source: PodCertificateSource = {
    type: 'podCertificate',
    place: fields.place,
    index,
    signerName,
    keyType: readKeyType(fields),
    maxExpirationSeconds: readLifetime(fields, 'maxExpirationSeconds', signerName, minimum),
    credentialBundlePath: credentialBundlePath?.value,
    keyPath: keyPath?.value,
    certificateChainPath: certificateChainPath?.value,
    userAnnotations: readUserAnnotations(fields, signerName),
  };
  return { source, impliedBundle: undefined, paths };
}

function readSignerName(fields: FieldReader): string {
  const signerName = fields.requiredString('signerName');
  if (signerName === '') return signerName;
  const syntax = signerNameFault(signerName);
  const reserved = reservedSignerFault(signerName);
  if (syntax !== undefined) fields.error('ERR_CLI_VALUE', 'signerName', `${quoted(signerName)} ${syntax}`);
  else if (reserved !== undefined) fields.error('ERR_CLI_SIGNER', 'signerName', reserved);
  else if (signerName === POPULAR_SIGNER_NAME)
    fields.findings.once('SignerNotInClusters', fields.placeOf('signerName'), signerName);
  return signerName;
}

function readKeyType(fields: FieldReader): KeyType {
  const written = fields.string('keyType');
  const keyType = keyTypes.find((name) => name === written);
  if (keyType !== undefined) return keyType;
  if (written === undefined) {
    if (!fields.has('keyType') && fields.rest().length === 0)
      fields.error('ERR_CLI_MISSING_FIELD', 'keyType', `required, one of ${keyTypes.join(', ')}`);
  } else
    fields.error('ERR_CLI_VALUE', 'keyType', `${quoted(written)} is no key type; known are ${keyTypes.join(', ')}`);
  return 'ECDSAP256';
}

function readLifetime(
  fields: FieldReader,
  name: 'expirationSeconds' | 'maxExpirationSeconds',
  signerName: string,
  minimum: Seconds,
): Seconds | undefined {
  const lifetime = fields.integer(name);
  if (lifetime === undefined) return undefined;
  const fault = lifetimeFault(lifetime, minimum, signerName);
  if (fault !== undefined) fields.error('ERR_CLI_LIFETIME', name, fault);
  return lifetime;
}

/** What is wrong with a lifetime for a signer; `undefined` when nothing is. */
export function lifetimeFault(lifetime: Seconds, minimum: Seconds, signerName?: string): string | undefined {
  const reserved = signerName !== undefined && isReservedSignerName(signerName);
  const maximum = reserved ? MAX_RESERVED_EXPIRATION_SECONDS : MAX_EXPIRATION_SECONDS;
  if (lifetime < minimum) {
    const floor =
      minimum === MIN_EXPIRATION_SECONDS
        ? 'the API server issues nothing below 3600; mayfly up --lifetime 60s gives every certificate a shorter life'
        : `at least ${minimum}`;
    return `${lifetime} seconds are too short: ${floor}`;
  }
  if (lifetime <= maximum) return undefined;
  return `${lifetime} seconds are too long: at most ${maximum}${reserved ? ' for signers of kubernetes.io' : ', which is 91 days'}`;
}

function readUserAnnotations(fields: FieldReader, signerName: string): Readonly<Record<string, string>> {
  const annotations = fields.stringMap('userAnnotations');
  let length = 0;
  for (const [key, { value, place, path }] of annotations) {
    length += Buffer.byteLength(key) + Buffer.byteLength(value);
    const keyFault = annotationKeyFault(key);
    if (keyFault !== undefined) {
      fields.findings.error('ERR_CLI_VALUE', place, path, `the key ${keyFault}`);
    } else if (isForeignAnnotation(key)) {
      const message = `not an annotation of Mayfly's: local mode passes over what it asks of ${signerName}`;
      fields.findings.notice('ForeignAnnotation', place, path, message);
    } else {
      const fault = annotationFault(key, value);
      if (fault !== undefined) fields.findings.error('ERR_CLI_VALUE', place, path, fault);
    }
  }
  if (length > MAX_ANNOTATIONS_LENGTH)
    fields.error('ERR_CLI_VALUE', 'userAnnotations', `${length} bytes in all, at most ${MAX_ANNOTATIONS_LENGTH}`);
  return Object.fromEntries([...annotations].map(([key, { value }]) => [key, value]));
}

/** Reads the path of a file inside the volume. */
export function readFilePath(fields: FieldReader, name: string): WrittenPath | undefined {
  const value = fields.string(name);
  if (value === undefined) return undefined;
  const fault = filePathFault(value);
  if (fault !== undefined) fields.error('ERR_CLI_VALUE', name, `${quoted(value)} ${fault}`);
  return { value, place: fields.placeOf(name), path: fields.pathOf(name) };
}
