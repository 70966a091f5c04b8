import { equalBytes } from '@mayfly/der';
import type { HasExtensions } from '@mayfly/x509';
import { subjectAltName } from '@mayfly/x509/extensions';
import { formatGeneralName, isDNSName, parseIPAddress } from '@mayfly/x509/general-name';
import { formatSpiffeID, parseSpiffeID, validateLeafSVID } from '@mayfly/x509/spiffe';

/** What somebody looks for: a DNS name, an IP address or a SPIFFE ID. */
export type ReferenceName =
  | { readonly type: 'dns'; readonly value: string }
  | { readonly type: 'ip'; readonly value: Uint8Array }
  | { readonly type: 'spiffe'; readonly value: string };

/** A name from a command line; `undefined` when it is none of the three. A dot at the end of a DNS name is dropped. */
export function parseReferenceName(text: string): ReferenceName | undefined {
  if (text.startsWith('spiffe://')) return parseSpiffeID(text).ok ? { type: 'spiffe', value: text } : undefined;
  const octets = parseIPAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (octets !== undefined) return { type: 'ip', value: octets };
  const name = text.replace(/\.$/, '');
  return isDNSName(name) ? { type: 'dns', value: name } : undefined;
}

/** A certificate has the name, or why it has not. */
export type NameResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/**
 * Whether a leaf stands for a name: a dNSName without regard to case, where `*` stands for one whole leftmost label (RFC
 * 9525 §6.3), an iPAddress to the octet, or the one SPIFFE ID of a valid X509-SVID. The subject is not looked at (RFC 9525 §1.4).
 * @throws {@link DerError}, {@link X509Error} when the names cannot be read.
 */
export function matchName(leaf: HasExtensions, wanted: ReferenceName): NameResult {
  if (wanted.type === 'spiffe') {
    const result = validateLeafSVID(leaf);
    if (!result.ok) return result;
    const found = formatSpiffeID(result.id);
    return found === wanted.value ? { ok: true } : mismatch(`The certificate is for ${found}`);
  }
  const names = subjectAltName(leaf) ?? [];
  const matches = names.some((name) =>
    wanted.type === 'dns'
      ? name.type === 'dNSName' && matchesDNSName(name.value, wanted.value)
      : name.type === 'iPAddress' && equalBytes(name.value, wanted.value),
  );
  if (matches) return { ok: true };
  if (names.length === 0) return mismatch('The certificate has no subjectAltName');
  const shown = names.slice(0, 10).map(formatGeneralName).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return mismatch(`The certificate is for ${shown}${more}`);
}

function matchesDNSName(presented: string, wanted: string): boolean {
  const pattern = presented.toLowerCase();
  const name = wanted.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern === name;
  return (
    isDNSName(pattern, { wildcard: true }) && name.includes('.') && name.slice(name.indexOf('.')) === pattern.slice(1)
  );
}

const mismatch = (message: string): NameResult => ({ ok: false, reason: 'NameMismatch', message });
