import { toHex } from '@mayfly/der';
import { parseName } from '../name/codec.js';
import { formatDistinguishedName } from '../name/text.js';
import type { GeneralName } from './codec.js';
import { isDNSName, isMailbox } from './dns-name.js';
import { formatIPAddress, parseIPAddress } from './ip-address.js';

/**
 * One line for people, with the prefixes that openssl has: `DNS:`, `IP:`, `email:`, `URI:`, `DirName:`, `RID:`, `othername:`.
 * Control characters and what is outside ASCII are written as `\x` and two digits, so a name cannot imitate another line.
 */
export function formatGeneralName(name: GeneralName): string {
  switch (name.type) {
    case 'dNSName':
      return `DNS:${escapeText(name.value)}`;
    case 'rfc822Name':
      return `email:${escapeText(name.value)}`;
    case 'uniformResourceIdentifier':
      return `URI:${escapeText(name.value)}`;
    case 'iPAddress':
      return `IP:${name.value.length === 4 || name.value.length === 16 ? formatIPAddress(name.value) : formatMasked(name.value)}`;
    case 'directoryName':
      return `DirName:${formatDistinguishedName(parseName(name.value))}`;
    case 'registeredID':
      return `RID:${name.value}`;
    case 'otherName':
      return `othername:${name.typeId}:${toHex(name.value)}`;
    case 'x400Address':
      return `X400Name:${toHex(name.value)}`;
    case 'ediPartyName':
      return `EdiPartyName:${toHex(name.value)}`;
  }
}

/** Address and mask of a name constraint. */
const formatMasked = (octets: Uint8Array): string =>
  `${formatIPAddress(octets.subarray(0, octets.length / 2))}/${formatIPAddress(octets.subarray(octets.length / 2))}`;

const escapeText = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/**
 * Reads `DNS:`, `IP:`, `email:` and `URI:` with what belongs behind them; without a prefix, an IP address or a DNS name.
 * @returns A DNS name may have a wildcard for its leftmost label.
 * @throws RangeError for anything else: other prefixes, names that are not in their syntax.
 */
export function parseGeneralName(text: string): GeneralName {
  const [, prefix, value] = /^(?:(DNS|IP|email|URI):)?(.*)$/s.exec(text) as unknown as [string, string?, string?]; // always matches
  const octets = prefix === undefined || prefix === 'IP' ? parseIPAddress(value ?? '') : undefined;
  if (octets !== undefined) return { type: 'iPAddress', value: octets };
  if ((prefix === undefined || prefix === 'DNS') && isDNSName(value ?? '', { wildcard: true }))
    return { type: 'dNSName', value: value ?? '' };
  if (prefix === 'email' && isMailbox(value ?? '')) return { type: 'rfc822Name', value: value ?? '' };
  if (prefix === 'URI' && isURI(value ?? '')) return { type: 'uniformResourceIdentifier', value: value ?? '' };
  throw new RangeError(`Cannot read GeneralName: neither an address nor a name in its syntax "${text.slice(0, 64)}"`);
}

/** Whether a text is an absolute URI of ASCII: a scheme, and something behind it without spaces (RFC 5280 §4.2.1.6). */
const isURI = (text: string): boolean =>
  /^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/.test(text);
