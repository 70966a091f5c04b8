import { isIP } from 'node:net';

const DNS_LABEL = /^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$/;
const SCHEME = /^[a-z][-+.a-z0-9]*:/;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
/** RFC 3986 characters, percent only before two hexadecimal digits. */
const URI = /^([!$&'()*+,\-./0-9:;=?@A-Z_a-z~[\]]|%[0-9A-Fa-f]{2})+$/;
/** Host and port, the host a name or an address. Userinfo is none of a name, and percent-encoding hides what it is. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[-0-9a-z._~!$&'()*+,;=]+)(:[0-9]{1,5})?$/;
/** RFC 5280 appendix A: ub-common-name and ub-organization-name. */
const MAX_ATTRIBUTE_LENGTH = 64;

/** What is wrong with the text of a subject attribute (RFC 5280 appendix A upper bounds); `undefined` when nothing is. */
export function attributeFault(value: string): string | undefined {
  if (value.trim() === '') return 'is empty';
  if ([...value].length > MAX_ATTRIBUTE_LENGTH) return `has more than ${MAX_ATTRIBUTE_LENGTH} characters`;
  if (!value.isWellFormed()) return 'is not well-formed Unicode';
  return /\p{Cc}/u.test(value) ? 'has a control character' : undefined;
}

/**
 * What is wrong with a requested dNSName (RFC 5280 §4.2.1.6, preferred name syntax; one leading `*.` as in RFC 9525);
 * `undefined` when nothing is.
 */
export function dnsNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (isIP(name) !== 0) return 'is an IP address, not a DNS name';
  if (name.endsWith('.')) return 'ends in a dot, which certificates leave out';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
  if (/[^\u0000-\u007f]/.test(name)) return 'has characters beyond ASCII; write the xn-- form';
  if (name.length > 253) return 'has more than 253 characters';
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  if (name.startsWith('*.') && labels.length < 2) return 'is a wildcard for a whole top-level domain';
  const fault = labels.find((label) => label.length > 63 || !DNS_LABEL.test(label));
  if (fault === undefined) return undefined;
  return fault === ''
    ? 'has an empty label'
    : `has a label that is no host name: ${JSON.stringify(fault.slice(0, 63))}`;
}

/** What is wrong with a requested URI (RFC 5280 §4.2.1.6; SPIFFE-ID §2 for `spiffe:`); `undefined` when nothing is. */
export function uriFault(uri: string): string | undefined {
  if (!SCHEME.test(uri)) return 'has no lower-case scheme, as in spiffe://example.org/web';
  if (uri.length > 2048) return 'has more than 2048 characters';
  if (!URI.test(uri)) return 'has a character that no URI may have, or a fragment';
  const [, authority, path = ''] = /^[^:]+:\/\/([^/?]*)([^?]*)/.exec(uri) ?? [];
  if (authority === undefined) return undefined;
  if (authority === '' || authority !== authority.toLowerCase()) return 'needs a lower-case host after "//"';
  // Readers differ in what they take for the host of an authority that is more than host and port.
  if (!AUTHORITY.test(authority)) return 'needs a plain host after "//", with a port in digits or none';
  // Whoever compares after normalising would see another name than whoever compares the text.
  if (path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))) return 'has a "." or ".." path segment';
  return uri.startsWith('spiffe:') && !SPIFFE_ID.test(uri)
    ? 'is no SPIFFE ID: only letters, digits, ".", "-" and "_" in non-empty segments, no port, user, query or trailing "/"'
    : undefined;
}

/** What is wrong with the text of a requested IP address; `undefined` when nothing is. */
export function ipAddressFault(address: string): string | undefined {
  if (isIP(address) === 0) return 'is no IPv4 or IPv6 address';
  if (address.includes('%')) return 'has a zone, which certificates cannot carry';
  return /^(0*:)*:?(0*:)*ffff:/i.test(address) ? 'is an IPv4 address inside IPv6; write the IPv4 address' : undefined;
}
