import type { DerFault } from './errors.js';

/** Identifier octets of the universal types that PKIX uses (X.690 §8.1.2); the constructed bit is included. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[tagNumber]` of a primitive context-specific type, for example `[2] IMPLICIT IA5String`. */
export const contextTag = (tagNumber: number): number => 0x80 | tagNumber;

/** `[tagNumber]` of a constructed context-specific type, for example `[0] EXPLICIT Version`. */
export const contextConstructedTag = (tagNumber: number): number => 0xa0 | tagNumber;

const NAMES: Readonly<Record<number, string>> = {
  1: 'BOOLEAN',
  2: 'INTEGER',
  3: 'BIT STRING',
  4: 'OCTET STRING',
  5: 'NULL',
  6: 'OBJECT IDENTIFIER',
  10: 'ENUMERATED',
  12: 'UTF8String',
  16: 'SEQUENCE',
  17: 'SET',
  18: 'NumericString',
  19: 'PrintableString',
  20: 'TeletexString',
  22: 'IA5String',
  23: 'UTCTime',
  24: 'GeneralizedTime',
  26: 'VisibleString',
  28: 'UniversalString',
  30: 'BMPString',
};

/** The name of an identifier octet as ASN.1 writes it: `SEQUENCE`, `[0]`, `[APPLICATION 3]`. */
export function tagName(tag: number): string {
  const number = tag & 0x1f;
  switch (tag & 0xc0) {
    case 0x00:
      return NAMES[number] ?? `[UNIVERSAL ${number}]`;
    case 0x40:
      return `[APPLICATION ${number}]`;
    case 0x80:
      return `[${number}]`;
    default:
      return `[PRIVATE ${number}]`;
  }
}

/** The same with the octet itself, for messages. */
export const describeTag = (tag: number): string => `${tagName(tag)} (0x${tag.toString(16).padStart(2, '0')})`;

/**
 * X.690 §8.1.2.4: where a tag number above 30 ends. Nothing here asks for one; values of any type may have it.
 * @param start - Where the identifier octets begin.
 */
export function tagNumberEnd(bytes: Uint8Array, start: number, limit: number): number | DerFault {
  let number = 0;
  for (let at = start + 1; at < limit && at < start + 5; at++) {
    number = number * 128 + (bytes[at]! & 0x7f);
    if (number === 0) return { code: 'ERR_DER_TAG', state: 'tag number begins with a zero' };
    if (bytes[at]! >= 0x80) continue;
    return number < 31 ? { code: 'ERR_DER_TAG', state: `tag number ${number} in the form of those above 30` } : at + 1;
  }
  return limit - start > 4
    ? { code: 'ERR_DER_TAG', state: 'tag number of more than 28 bits' }
    : { code: 'ERR_DER_TRUNCATED', state: 'tag number is cut' };
}
