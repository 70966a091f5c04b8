import { tags } from '@mayfly/der';
import { MAX_GENERAL_NAMES } from '@mayfly/x509/general-name';

/** What an octet may be in, as bits. */
const ALPHANUMERIC = 1;
const LETTER = 2;
/** In a PrintableString (X.680 §41.4), which UTF8String writes alike. */
const PRINTABLE = 4;
/** Behind the first letter of a scheme, and behind its colon (RFC 3986 §3.1, §2). */
const SCHEME = 8;
const URI = 16;

const KINDS: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, octet) => {
  const character = octet < 0x80 ? String.fromCharCode(octet) : '';
  return (
    (/[A-Za-z0-9]/.test(character) ? ALPHANUMERIC : 0) |
    (/[A-Za-z]/.test(character) ? LETTER : 0) |
    (/[A-Za-z0-9 '()+,./:=?-]/.test(character) ? PRINTABLE : 0) |
    (/[A-Za-z0-9+.-]/.test(character) ? SCHEME : 0) |
    (/[A-Za-z0-9!#$%&'()*+,./:;=?@[\]_~-]/.test(character) ? URI : 0)
  );
});

const NOWHERE = -1;
const COLON = 0x3a;
const HYPHEN = 0x2d;
const DOT = 0x2e;
/** RFC 1035 §2.3.4. */
const MOST_IN_LABEL = 63;
/** RFC 5280 appendix A.1, of the attributes below. */
const MOST_IN_ATTRIBUTE = 64;
/** Identifier octets of the names that are known (RFC 5280 §4.2.1.6). */
const DNS_NAME = 0x82;
const UNIFORM_RESOURCE_IDENTIFIER = 0x86;

const isKind = (octets: Uint8Array, at: number, kind: number): boolean => (KINDS[octets[at]!]! & kind) !== 0;

const areKind = (octets: Uint8Array, from: number, end: number, kind: number): boolean => {
  let common = kind;
  for (let at = from; at < end; at++) common &= KINDS[octets[at]!]!;
  return common !== 0;
};

/** Whether from `from` to `end` GeneralNames stand, one at least, that are host names and absolute URIs. */
export function arePlainNames(der: Uint8Array, from: number, end: number): boolean {
  if (from < 0) return false;
  let at = from;
  for (let names = 0; at + 2 < end; names++) {
    if (names === MAX_GENERAL_NAMES) return false; // more are judged where all are read
    const start = at + 2;
    const length = der[at + 1]!;
    const tag = der[at];
    at = start + length;
    if (length >= 0x80 || at > end) return false;
    if (!(tag === DNS_NAME ? isHost(der, start, at) : tag === UNIFORM_RESOURCE_IDENTIFIER && isURI(der, start, at)))
      return false;
  }
  return at === end && at > from;
}

/** Labels of letters, digits and inner hyphens (RFC 1123 §2.1); the last begins with a letter, so it is no address. */
function isHost(octets: Uint8Array, from: number, end: number): boolean {
  let label = from;
  for (let at = from; at <= end; at++) {
    if (at < end && octets[at] !== DOT) {
      if (!isKind(octets, at, ALPHANUMERIC) && octets[at] !== HYPHEN) return false;
      continue;
    }
    if (at === label || at - label > MOST_IN_LABEL || octets[label] === HYPHEN || octets[at - 1] === HYPHEN)
      return false;
    if (at < end) label = at + 1;
  }
  return isKind(octets, label, LETTER);
}

/** RFC 3986 §3: a scheme and something behind it. */
function isURI(octets: Uint8Array, from: number, end: number): boolean {
  let colon = from;
  while (colon < end && octets[colon] !== COLON) colon++;
  return (
    colon + 1 < end &&
    isKind(octets, from, LETTER) &&
    areKind(octets, from, colon, SCHEME) &&
    areKind(octets, colon + 1, end, URI)
  );
}

/**
 * The place behind a Name of common names, organizations and their units, each alone at its level: SEQUENCE OF SET of one
 * SEQUENCE { type, value }. Below zero where none stands at `at`.
 */
export function isPlainName(der: Uint8Array, at: number): number {
  const end = at + 2 + der[at + 1]!;
  if (der[at] !== tags.sequence || der[at + 1]! >= 0x80 || end > der.length) return NOWHERE;
  let rdn = at + 2;
  while (rdn < end) {
    const length = der[rdn + 1]!;
    const value = rdn + 9;
    const valueEnd = rdn + 2 + length;
    const isKnown =
      der[rdn] === tags.set &&
      length < 0x80 &&
      der[rdn + 2] === tags.sequence &&
      der[rdn + 3] === length - 2 &&
      isKnownType(der, rdn + 4) &&
      (der[value] === tags.utf8String || der[value] === tags.printableString) &&
      der[value + 1] === valueEnd - value - 2;
    if (!isKnown || der[value + 1]! > MOST_IN_ATTRIBUTE || !areKind(der, value + 2, valueEnd, PRINTABLE))
      return NOWHERE;
    rdn = valueEnd;
  }
  return rdn === end ? end : NOWHERE;
}

/** `id-at` (2.5.4) with one of three arcs behind it. */
const isKnownType = (der: Uint8Array, at: number): boolean =>
  der[at] === tags.oid &&
  der[at + 1] === 3 &&
  der[at + 2] === 0x55 &&
  der[at + 3] === 4 &&
  (der[at + 4] === COMMON_NAME || der[at + 4] === ORGANIZATION || der[at + 4] === ORGANIZATIONAL_UNIT);

const COMMON_NAME = 3;
const ORGANIZATION = 10;
const ORGANIZATIONAL_UNIT = 11;
