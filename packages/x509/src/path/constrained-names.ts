import type { GeneralName, GeneralNameType } from '../general-name/codec.js';
import { isDNSName, parseMailbox } from '../general-name/dns-name.js';
import { parseIPAddress } from '../general-name/ip-address.js';
import { parseName } from '../name/codec.js';
import { matchingKeys } from '../name/match.js';

/** A name of a certificate, prepared to be held against name constraints (RFC 5280 §4.2.1.10). */
export type ConstrainedName =
  | { readonly type: 'dNSName'; readonly host: string; readonly wildcard: boolean }
  | { readonly type: 'rfc822Name'; readonly localPart: string; readonly host: string }
  | { readonly type: 'uniformResourceIdentifier'; readonly host: string }
  | { readonly type: 'iPAddress'; readonly octets: Uint8Array }
  | { readonly type: 'directoryName'; readonly rdns: readonly string[] }
  /** Of a type without rules for constraints, or not in the syntax of its type: judged where no constraint touches the type. */
  | { readonly type: GeneralNameType; readonly unjudgeable: string };

/** `id-on-SmtpUTF8Mailbox`, RFC 9598 §3: a mailbox that constraints for rfc822Name are about too. */
const idOnSmtpUTF8Mailbox = '1.3.6.1.5.5.7.8.9';

/** Prepares a name of a subjectAltName. */
export function constrainedName(name: GeneralName): ConstrainedName {
  switch (name.type) {
    case 'dNSName': {
      if (!isDNSName(name.value, { wildcard: true }))
        return { type: name.type, unjudgeable: 'is not in the preferred name syntax' };
      const host = name.value.toLowerCase();
      return host.startsWith('*.')
        ? { type: name.type, host: host.slice(2), wildcard: true }
        : { type: name.type, host, wildcard: false };
    }
    case 'rfc822Name':
      return constrainedMailbox(name.value);
    case 'uniformResourceIdentifier': {
      const host = hostOfURI(name.value);
      return host === undefined
        ? { type: name.type, unjudgeable: 'has no host that is a DNS name' }
        : { type: name.type, host };
    }
    case 'iPAddress':
      return { type: name.type, octets: name.value };
    case 'directoryName':
      return { type: name.type, rdns: matchingKeys(parseName(name.value)) };
    case 'otherName':
      if (name.typeId === idOnSmtpUTF8Mailbox)
        return { type: 'rfc822Name', unjudgeable: 'is a mailbox outside ASCII, which is not compared' };
      return { type: name.type, unjudgeable: 'is of a type without rules for constraints' };
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return { type: name.type, unjudgeable: 'is of a type without rules for constraints' };
  }
}

/** Prepares a mailbox, wherever it stands. */
export function constrainedMailbox(text: string): ConstrainedName {
  const mailbox = parseMailbox(text);
  return mailbox === undefined
    ? { type: 'rfc822Name', unjudgeable: 'is no mailbox' }
    : { type: 'rfc822Name', localPart: mailbox.localPart, host: mailbox.domain.toLowerCase() };
}

/** The host of a URI where it is a DNS name, in lower case: constraints speak of no others (RFC 5280 §4.2.1.10). */
function hostOfURI(uri: string): string | undefined {
  // Characters of RFC 3986 §3.2 alone: readers of URIs do not agree where an authority with others ends.
  const [, authority] = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([\w.~!$&'()*+,;=:@%[\]-]*)(?:[/?#]|$)/.exec(uri) ?? [];
  if (authority === undefined) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:[0-9]*$/, '');
  // A trust domain may have an underscore (SPIFFE-ID §2.1).
  if (parseIPAddress(host) !== undefined || !isDNSName(host.replaceAll('_', 'x'))) return undefined;
  return host.toLowerCase();
}
