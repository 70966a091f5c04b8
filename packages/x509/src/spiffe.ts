import type { HasExtensions } from './extension.js';
import { basicConstraints } from './extensions/basic-constraints.js';
import { keyUsage } from './extensions/key-usage.js';
import { subjectAltName } from './extensions/subject-alt-name.js';
import type { GeneralName } from './general-name/codec.js';

/** SPIFFE-ID §2: who a workload is, within whose trust. */
export interface SpiffeID {
  /** For example `example.org`. */
  readonly trustDomain: string;
  /** Segments behind the trust domain; empty for the ID of the trust domain itself. */
  readonly path: readonly string[];
}

/** Why something is no SPIFFE ID, or no X509-SVID. */
export type SpiffeRefusalReason =
  | 'TooLong'
  | 'WrongScheme'
  | 'MissingTrustDomain'
  | 'TrustDomainTooLong'
  | 'BadTrustDomainCharacter'
  | 'EmptyPathSegment'
  | 'RelativePathSegment'
  | 'BadPathCharacter'
  | 'NoURI'
  | 'MultipleURIs'
  | 'LeafWithoutPath'
  | 'LeafIsCA'
  | 'LeafSignsCertificates'
  | 'LeafWithoutDigitalSignature'
  | 'SignerNotCA'
  | 'SignerWithoutKeyCertSign'
  | 'SignerWithPath';

/** An expected refusal, for programs and for people. */
export interface SpiffeRefusal {
  readonly ok: false;
  readonly reason: SpiffeRefusalReason;
  readonly message: string;
}

/** A SPIFFE ID, or why there is none. */
export type SpiffeResult = { readonly ok: true; readonly id: SpiffeID } | SpiffeRefusal;

/** Longest SPIFFE ID and longest trust domain, in octets (SPIFFE-ID §2.3 and §2.1). */
const MAX_ID_LENGTH = 2048;
const MAX_TRUST_DOMAIN_LENGTH = 255;

const SCHEME = 'spiffe://';

const refusal = (reason: SpiffeRefusalReason, message: string): SpiffeRefusal => ({ ok: false, reason, message });

/**
 * Reads a SPIFFE ID: `spiffe://` in lower case, a trust domain of lower-case letters, digits, `.`, `-` and `_`, and a path
 * of letters, digits, `.`, `-` and `_` without empty, `.` and `..` segments (SPIFFE-ID §2). No user, port, query, fragment or
 * percent-encoding.
 */
export function parseSpiffeID(text: string): SpiffeResult {
  if (text.length > MAX_ID_LENGTH)
    return refusal('TooLong', `The ID has ${text.length} characters, at most ${MAX_ID_LENGTH} are allowed`);
  if (!text.startsWith(SCHEME)) return refusal('WrongScheme', 'The ID does not begin with spiffe://');
  const [trustDomain = '', ...path] = text.slice(SCHEME.length).split('/');
  if (trustDomain === '') return refusal('MissingTrustDomain', 'The ID has no trust domain');
  if (trustDomain.length > MAX_TRUST_DOMAIN_LENGTH)
    return refusal(
      'TrustDomainTooLong',
      `The trust domain has ${trustDomain.length} characters, at most ${MAX_TRUST_DOMAIN_LENGTH} are allowed`,
    );
  if (!/^[a-z0-9._-]+$/.test(trustDomain))
    return refusal(
      'BadTrustDomainCharacter',
      'The trust domain has a character other than lower-case letters, digits, dots, hyphens and underscores',
    );
  return refusePath(path) ?? { ok: true, id: { trustDomain, path } };
}

function refusePath(path: readonly string[]): SpiffeRefusal | undefined {
  for (const segment of path) {
    if (segment === '') return refusal('EmptyPathSegment', 'The path has an empty segment, or a slash at its end');
    if (segment === '.' || segment === '..')
      return refusal('RelativePathSegment', 'The path has a segment that is one dot or two');
    if (!/^[A-Za-z0-9._-]+$/.test(segment))
      return refusal(
        'BadPathCharacter',
        'The path has a character other than letters, digits, dots, hyphens and underscores',
      );
  }
  return undefined;
}

/**
 * Writes a SPIFFE ID.
 * @throws RangeError when the parts make no valid ID.
 */
export function formatSpiffeID({ trustDomain, path }: SpiffeID): string {
  const text = [SCHEME + trustDomain, ...path].join('/');
  const parsed = parseSpiffeID(text);
  if (!parsed.ok) throw new RangeError(`Cannot format SPIFFE ID: ${parsed.message}`);
  if (parsed.id.path.length !== path.length || parsed.id.trustDomain !== trustDomain)
    throw new RangeError('Cannot format SPIFFE ID: a part has a slash');
  return text;
}

/** The name that an X509-SVID carries in its subjectAltName. */
export const spiffeIDName = (id: SpiffeID): GeneralName => ({
  type: 'uniformResourceIdentifier',
  value: formatSpiffeID(id),
});

/** Reads the one SPIFFE ID of a certificate: exactly one URI, whatever other names there are (X509-SVID §2). */
export function spiffeID(of: HasExtensions): SpiffeResult {
  const uris = (subjectAltName(of) ?? []).flatMap((name) =>
    name.type === 'uniformResourceIdentifier' ? [name.value] : [],
  );
  const [uri] = uris;
  if (uri === undefined) return refusal('NoURI', 'The certificate has no URI among its subjectAltNames');
  if (uris.length > 1)
    return refusal('MultipleURIs', `The certificate has ${uris.length} URIs among its subjectAltNames, one is allowed`);
  return parseSpiffeID(uri);
}

/**
 * Reads the SPIFFE ID of a workload's certificate (X509-SVID §3 and §4): it is no CA, may sign but neither certificates nor
 * revocation lists, and its ID has a path.
 *
 * The chain of signatures is not looked at.
 * @throws {@link DerError}, {@link X509Error} when one of the extensions is broken.
 */
export function validateLeafSVID(of: HasExtensions): SpiffeResult {
  const result = spiffeID(of);
  if (!result.ok) return result;
  const usage = keyUsage(of);
  if (basicConstraints(of)?.cA) return refusal('LeafIsCA', 'The certificate is that of a certification authority');
  if (usage?.has('keyCertSign') || usage?.has('cRLSign'))
    return refusal('LeafSignsCertificates', 'The keyUsage has keyCertSign or cRLSign');
  if (!usage?.has('digitalSignature'))
    return refusal('LeafWithoutDigitalSignature', 'The keyUsage lacks digitalSignature');
  if (result.id.path.length === 0) return refusal('LeafWithoutPath', 'The ID of a workload has a path');
  return result;
}

/**
 * Reads the SPIFFE ID of a signing certificate (X509-SVID §3 and §4): a CA that may sign certificates, whose ID, where it has
 * one, is that of its trust domain.
 * @returns `undefined` for a CA without a URI, which is allowed.
 * @throws {@link DerError}, {@link X509Error} when one of the extensions is broken.
 */
export function validateSigningSVID(of: HasExtensions): SpiffeResult | undefined {
  if (!basicConstraints(of)?.cA)
    return refusal('SignerNotCA', 'The certificate is not that of a certification authority');
  if (!keyUsage(of)?.has('keyCertSign')) return refusal('SignerWithoutKeyCertSign', 'The keyUsage lacks keyCertSign');
  const result = spiffeID(of);
  if (!result.ok) return result.reason === 'NoURI' ? undefined : result;
  if (result.id.path.length > 0) return refusal('SignerWithPath', 'The ID of a signing certificate has no path');
  return result;
}
