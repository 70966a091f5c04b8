import { encode, fromHex, string, tags, toHex } from '@mayfly/der';
import { X509Error } from '../errors.js';
import { attributeTypes } from './attribute-types.js';
import { attributeTypeOf } from './build.js';
import {
  type AttributeTypeAndValue,
  encodeName,
  type Name,
  parseName,
  type RelativeDistinguishedName,
} from './codec.js';

const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Writes a Name as RFC 4514 does: the last RDN first, `,` between RDNs, `+` within. Types without a registered
 * descriptor, and values that are no text, are written as `#` and the hexadecimal of their DER.
 *
 * Control and formatting characters are written as `\` and two digits an octet, so the result is one line and runs in one
 * direction.
 */
export const formatDistinguishedName = (name: Name): string => name.map(formatRdn).reverse().join(',');

const formatRdn = (rdn: RelativeDistinguishedName): string => rdn.map(formatAttribute).join('+');

function formatAttribute(attribute: AttributeTypeAndValue): string {
  const known = Object.values(attributeTypes).find(({ type }) => type === attribute.type);
  if (attribute.stringType === undefined) return `${known?.descriptor ?? attribute.type}=#${toHex(attribute.value)}`;
  return known === undefined
    ? `${attribute.type}=#${toHex(encode(string(tags[attribute.stringType], attribute.value)))}`
    : `${known.descriptor}=${escapeValue(attribute.value)}`;
}

/** RFC 4514 §2.4. */
const escapeValue = (value: string): string =>
  value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!^\\) $/, '\\ ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
      [...new TextEncoder().encode(character)].map((octet) => `\\${toHex(Uint8Array.of(octet))}`).join(''),
    );

/**
 * Reads the RFC 4514 text of a Name. The empty text is the empty name. Spaces after an unescaped `,` or `+` are passed
 * over, as people write them.
 * @returns Values in the string type that {@link buildName} writes for their type, in UTF8String where they do not fit it;
 * bounds are not checked. `#` values are as they stand.
 * @throws {@link X509Error} `ERR_X509_NAME_TEXT`, with `offset` in characters.
 */
export function parseDistinguishedName(text: string): Name {
  if (text === '') return [];
  const name: AttributeTypeAndValue[][] = [[]];
  for (let at = 0; ; at++) {
    const { attribute, end } = parseAttribute(text, at);
    name[name.length - 1]!.push(attribute);
    at = end;
    if (at === text.length) return name.reverse();
    if (text[at] === ',') name.push([]);
  }
}

const refuse = (offset: number, state: string): never => {
  throw new X509Error('ERR_X509_NAME_TEXT', offset, 'distinguishedName', state);
};

function parseAttribute(text: string, start: number): { attribute: AttributeTypeAndValue; end: number } {
  const head = /^ *([A-Za-z][A-Za-z0-9-]*|[0-2](?:\.(?:0|[1-9][0-9]*))+)=/.exec(text.slice(start, start + 600));
  if (head === null) return refuse(start, 'no attribute type and equals sign');
  const known = attributeTypeOf(head[1]!);
  const type = known?.type ?? head[1]!;
  if (!/^[0-9]/.test(type)) return refuse(start, `unknown attribute type ${head[1]}`);
  const valueStart = start + head[0].length;
  if (text[valueStart] === '#') return parseHexValue(text, valueStart, type);
  const { value, end } = parseStringValue(text, valueStart);
  const stringType = known?.stringType ?? 'utf8String';
  try {
    string(tags[stringType], value);
    return { attribute: { type, value, stringType }, end };
  } catch {
    return { attribute: { type, value, stringType: 'utf8String' }, end }; // a PrintableString or IA5String it does not fit
  }
}

function parseHexValue(text: string, start: number, type: string): { attribute: AttributeTypeAndValue; end: number } {
  const digits = /^[0-9a-fA-F]*/.exec(text.slice(start + 1))![0];
  const end = start + 1 + digits.length;
  if (digits === '' || digits.length % 2 !== 0 || (end < text.length && !/[,+]/.test(text[end]!)))
    return refuse(start, 'no pairs of hexadecimal digits after #');
  try {
    // A placeholder of the same shape makes the reader look at the value as it would inside a certificate.
    const whole = encodeName([[{ type, value: fromHex(digits) }]]);
    return { attribute: parseName(whole)[0]![0]!, end };
  } catch (cause) {
    return refuse(start, `the octets after # are no DER value (${cause instanceof Error ? cause.message : 'unknown'})`);
  }
}

/** Reads to the next unescaped separator; escaped pairs of digits are octets of UTF-8. */
function parseStringValue(text: string, start: number): { value: string; end: number } {
  let value = '';
  let octets: number[] = [];
  let trailingSpace = false;
  let at = start;
  const flush = () => {
    if (octets.length === 0) return;
    try {
      value += UTF8.decode(Uint8Array.from(octets));
    } catch {
      refuse(at, 'escaped octets are no UTF-8');
    }
    octets = [];
  };
  for (; at < text.length && !/[,+]/.test(text[at]!); at++) {
    const character = text[at]!;
    trailingSpace = character === ' ';
    if (character !== '\\') {
      if (/["<>;\0]/.test(character) || (at === start && character === ' '))
        refuse(at, `unescaped ${JSON.stringify(character)}`);
      flush();
      value += character;
      continue;
    }
    const pair = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 1, at + 3));
    if (pair !== null) {
      octets.push(Number.parseInt(pair[0], 16));
      at += 2;
    } else if (/^[ "#+,;<=>\\]/.test(text.slice(at + 1, at + 2))) {
      flush();
      value += text[++at];
    } else refuse(at, 'a backslash before neither a special character nor two digits');
  }
  flush();
  if (trailingSpace && text[at - 2] !== '\\') refuse(at - 1, 'unescaped space at the end of a value');
  if (!value.isWellFormed()) refuse(start, 'a lone surrogate');
  return { value, end: at };
}
