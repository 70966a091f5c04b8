import { equalBytes } from '@mayfly/der';
import type { HasExtensions } from '../extension.js';
import { subjectAltName } from '../extensions/subject-alt-name.js';
import { isDNSName, parseMailbox } from '../general-name/dns-name.js';
import { parseIPAddress } from '../general-name/ip-address.js';
import { formatGeneralName } from '../general-name/text.js';
import { formatSpiffeID, parseSpiffeID, validateLeafSVID } from '../spiffe.js';
import { fault, type PathFault } from './refusal.js';

/** What somebody looks for in a certificate. */
export type ReferenceName =
  | { readonly type: 'dns'; readonly value: string }
  /** 4 or 16 octets. */
  | { readonly type: 'ip'; readonly value: Uint8Array }
  | { readonly type: 'email'; readonly value: string }
  /** Compared octet by octet. */
  | { readonly type: 'uri'; readonly value: string }
  /** A whole SPIFFE ID. */
  | { readonly type: 'spiffe'; readonly value: string }
  /** Any SPIFFE ID of a workload in a trust domain. */
  | { readonly type: 'spiffe-trust-domain'; readonly value: string };

/**
 * Reads a name from a command line or a configuration: a SPIFFE ID, or `spiffe://example.org` for anybody in a trust domain,
 * an IP address with or without brackets, a mailbox, a DNS name (a dot at its end is dropped), or another URI.
 * @returns `undefined` when it is none of them. A wildcard is nothing to look for.
 */
export function parseReferenceName(text: string): ReferenceName | undefined {
  if (/^spiffe:/i.test(text)) {
    const result = parseSpiffeID(text);
    if (!result.ok) return undefined;
    return result.id.path.length > 0
      ? { type: 'spiffe', value: text }
      : { type: 'spiffe-trust-domain', value: result.id.trustDomain };
  }
  const octets = parseIPAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (octets !== undefined) return { type: 'ip', value: octets };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(text)) return { type: 'uri', value: text };
  if (text.includes('@')) return parseMailbox(text) && { type: 'email', value: text };
  const name = text.replace(/\.$/, '');
  return isDNSName(name) ? { type: 'dns', value: name } : undefined;
}

/** A domain below which anybody may register names, such as `com` or `co.uk`. In lower case, without a dot at its end. */
export type IsPublicSuffix = (domain: string) => boolean;

/**
 * Whether a leaf stands for a name. The subject is never looked at (RFC 9525 §1.4).
 *
 * A dNSName counts without regard to case, `*` for one whole leftmost label (RFC 9525 §6.3); an iPAddress to the octet; a
 * mailbox with its local part to the octet and its domain without regard to case (RFC 5280 §7.5); a URI to the octet; a
 * SPIFFE ID only as the one URI of a valid X509-SVID.
 * @param isPublicSuffix - Domains whose wildcard stands for no name: nobody speaks for all of them. Default none but top-level
 * domains, whose wildcards are no names anyway.
 * @throws {@link DerError}, {@link X509Error} when the names cannot be read.
 */
export function referenceNameFault(
  leaf: HasExtensions,
  wanted: ReferenceName,
  isPublicSuffix: IsPublicSuffix = () => false,
): PathFault | undefined {
  if (wanted.type === 'spiffe' || wanted.type === 'spiffe-trust-domain') {
    const result = validateLeafSVID(leaf);
    if (!result.ok) return fault('NotASpiffeID', 'X509-SVID §2', `${result.reason}: ${result.message}`);
    const found = wanted.type === 'spiffe' ? formatSpiffeID(result.id) : result.id.trustDomain;
    if (found === wanted.value) return undefined;
    return fault('NameMismatch', 'SPIFFE-ID §2', `The certificate is for ${formatSpiffeID(result.id)}`);
  }
  const names = subjectAltName(leaf) ?? [];
  const matches = matcher(wanted, isPublicSuffix);
  for (const name of names) if (matches(name.type, name.value)) return undefined;
  if (names.length === 0) return fault('NameMismatch', 'RFC 9525 §6', 'The certificate has no subjectAltName');
  const shown = names.slice(0, 10).map(formatGeneralName).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return fault('NameMismatch', 'RFC 9525 §6', `The certificate is for ${shown}${more}`);
}

function matcher(
  wanted: Exclude<ReferenceName, { type: 'spiffe' | 'spiffe-trust-domain' }>,
  isPublicSuffix: IsPublicSuffix,
): (type: string, value: string | Uint8Array) => boolean {
  switch (wanted.type) {
    case 'dns': {
      const name = wanted.value.replace(/\.$/, '').toLowerCase();
      if (!isDNSName(name)) return () => false;
      return (type, value) =>
        type === 'dNSName' && typeof value === 'string' && matchesDNSName(value, name, isPublicSuffix);
    }
    case 'ip':
      return (type, value) => type === 'iPAddress' && typeof value !== 'string' && equalBytes(value, wanted.value);
    case 'email': {
      const mailbox = parseMailbox(wanted.value);
      return (type, value) => {
        const presented = type === 'rfc822Name' && typeof value === 'string' ? parseMailbox(value) : undefined;
        return (
          mailbox !== undefined &&
          presented !== undefined &&
          presented.localPart === mailbox.localPart &&
          presented.domain.toLowerCase() === mailbox.domain.toLowerCase()
        );
      };
    }
    case 'uri':
      return (type, value) => type === 'uniformResourceIdentifier' && value === wanted.value;
  }
}

/** @param name - In lower case. */
function matchesDNSName(presented: string, name: string, isPublicSuffix: IsPublicSuffix): boolean {
  const pattern = presented.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern === name;
  const dot = name.indexOf('.');
  return (
    dot > 0 &&
    name.slice(dot) === pattern.slice(1) &&
    isDNSName(pattern, { wildcard: true }) &&
    !isPublicSuffix(pattern.slice(2))
  );
}
