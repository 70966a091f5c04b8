import { quoted } from './findings.js';
import { attributeFault, dnsNameFault, ipAddressFault, uriFault } from './requested-names.js';

/** The user annotations by which a pod asks Mayfly's signer for a subject, names and a usage. */
export const annotationKeys = {
  /** The value is the commonName itself. */
  commonName: 'mayfly.dev/common-name',
  /** The value is a JSON array of strings, because an organization's name may hold a comma. */
  organization: 'mayfly.dev/organization',
  /** A JSON array of strings. */
  dnsNames: 'mayfly.dev/dns-names',
  /** A JSON array of strings. */
  uris: 'mayfly.dev/uris',
  /** A JSON array of strings. */
  ipAddresses: 'mayfly.dev/ip-addresses',
  /** `client`, `server` or `peer`, which is both. */
  usage: 'mayfly.dev/usage',
} as const;

/** What a certificate is for: TLS client, TLS server, or both. */
export type Usage = 'client' | 'server' | 'peer';
export const usages: readonly Usage[] = ['client', 'server', 'peer'];
/** The usage of a pod that asks for none. */
export const DEFAULT_USAGE: Usage = 'peer';

/** What the author of a manifest asks for. Nobody has vouched for it: grant it by policy. */
export interface RequestedIdentity {
  readonly commonName: string | undefined;
  readonly organization: readonly string[];
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly usage: Usage | undefined;
}

/** Why annotations cannot be honoured, in the form of a `Denied` condition. */
export interface AnnotationDenial {
  readonly reason: 'InvalidUnverifiedUserAnnotations';
  readonly message: string;
}
export type DecodedAnnotations =
  | { readonly ok: true; readonly requested: RequestedIdentity }
  | { readonly ok: false; readonly denial: AnnotationDenial };

export interface DecodeOptions {
  /** Passes over keys of other domains, as local mode does where it stands in for another signer. Default false. */
  readonly ignoreForeign?: boolean;
}

/** Entries of one list; a certificate with more would not fit a PodCertificateRequest's status with ease. */
const MAX_LIST_LENGTH = 100;
const DOMAIN = 'mayfly.dev/';
const LISTS = [
  ['organization', attributeFault],
  ['dnsNames', dnsNameFault],
  ['uris', uriFault],
  ['ipAddresses', ipAddressFault],
] as const;

/** Whether a key belongs to another signer than Mayfly's. Kubernetes compares the domain in lower case. */
export const isForeignAnnotation = (key: string): boolean => !key.toLowerCase().startsWith(DOMAIN);

/** Writes a request as user annotations; what is not asked for has no annotation. */
export function encodeAnnotations(requested: RequestedIdentity): Readonly<Record<string, string>> {
  const annotations: Record<string, string> = {};
  if (requested.commonName !== undefined) annotations[annotationKeys.commonName] = requested.commonName;
  for (const [field] of LISTS)
    if (requested[field].length > 0) annotations[annotationKeys[field]] = JSON.stringify(requested[field]);
  if (requested.usage !== undefined) annotations[annotationKeys.usage] = requested.usage;
  return annotations;
}

/**
 * Reads the user annotations of a PodCertificateRequest.
 * @returns The request, or the denial of the first key that is unknown or the first value that is malformed.
 */
export function decodeAnnotations(
  annotations: Readonly<Record<string, string>>,
  { ignoreForeign = false, ...unknown }: DecodeOptions = {},
): DecodedAnnotations {
  unknown satisfies Record<string, never>;
  for (const [key, value] of Object.entries(annotations)) {
    if (ignoreForeign && isForeignAnnotation(key)) continue;
    const fault = annotationFault(key, value);
    if (fault !== undefined) return deny(`Annotation ${quoted(key)} ${fault}`);
  }
  const annotationOf = (key: string) => (Object.hasOwn(annotations, key) ? annotations[key] : undefined);
  const list = (key: string): readonly string[] => {
    const value = annotationOf(key);
    return value === undefined ? [] : (parseList(value) ?? []);
  };
  return {
    ok: true,
    requested: {
      commonName: annotationOf(annotationKeys.commonName),
      organization: list(annotationKeys.organization),
      dnsNames: list(annotationKeys.dnsNames),
      uris: list(annotationKeys.uris),
      ipAddresses: list(annotationKeys.ipAddresses),
      usage: usages.find((usage) => usage === annotationOf(annotationKeys.usage)),
    },
  };
}

/** What is wrong with one annotation for Mayfly's signer; `undefined` when nothing is. */
export function annotationFault(key: string, value: string): string | undefined {
  if (key === annotationKeys.commonName) return withValue(value, attributeFault(value));
  if (key === annotationKeys.usage)
    return usages.some((usage) => usage === value) ? undefined : withValue(value, `is none of ${usages.join(', ')}`);
  const list = LISTS.find(([field]) => key === annotationKeys[field]);
  if (list === undefined) return `is not known to this signer; known are ${Object.values(annotationKeys).join(', ')}`;
  const entries = parseList(value);
  if (entries === undefined) return `is no JSON array of strings, as in ["one","two"]`;
  return listFault(entries, list[1]);
}

/** What is wrong with a list of names: too long, one faulty, or one twice; `undefined` when nothing is. */
export function listFault(
  entries: readonly string[],
  faultOf: (entry: string) => string | undefined,
): string | undefined {
  if (entries.length > MAX_LIST_LENGTH) return `has ${entries.length} entries, at most ${MAX_LIST_LENGTH} are granted`;
  const seen = new Set<string>();
  for (const entry of entries) {
    const fault = faultOf(entry);
    if (fault !== undefined) return withValue(entry, fault);
    if (seen.has(entry.toLowerCase())) return `has ${quoted(entry)} twice`;
    seen.add(entry.toLowerCase());
  }
  return undefined;
}

const withValue = (value: string, fault: string | undefined): string | undefined =>
  fault === undefined ? undefined : `has the value ${quoted(value)}, which ${fault}`;

function parseList(value: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined;
  } catch {
    // Anything but JSON is told by the caller as what it should have been.
    return undefined;
  }
}

const deny = (message: string): DecodedAnnotations => ({
  ok: false,
  denial: { reason: 'InvalidUnverifiedUserAnnotations', message },
});
