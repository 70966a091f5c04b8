import {
  type DerNode,
  type DerReader,
  encode,
  type Oid,
  oid,
  raw,
  read,
  readAny,
  sequence,
  setOf,
  string,
  tags,
} from '@mayfly/der';
import { X509Error } from '../errors.js';
import { attributeTypes } from './attribute-types.js';

/** Character string types that attribute values are written in, by their names in `tags` of `@mayfly/der`. */
export type StringType =
  | 'utf8String'
  | 'printableString'
  | 'ia5String'
  | 'numericString'
  | 'visibleString'
  | 'teletexString'
  | 'bmpString'
  | 'universalString';

/** RFC 5280 §4.1.2.4. A value is text and its string type, or the DER of a value that is no character string. */
export type AttributeTypeAndValue =
  | { readonly type: Oid; readonly value: string; readonly stringType: StringType }
  | { readonly type: Oid; readonly value: Uint8Array; readonly stringType?: undefined };

/** Attributes that name one level together; nearly always one. */
export type RelativeDistinguishedName = readonly AttributeTypeAndValue[];

/** RFC 5280 §4.1.2.4: from the root down, so the most significant level stands first. Empty for the empty name. */
export type Name = readonly RelativeDistinguishedName[];

/** Whether all values of a type are character strings. */
const isTextType = (type: Oid): boolean => Object.values(attributeTypes).some((known) => known.type === type);

/** Longest name accepted, in octets: as long as a whole certificate may be. */
const MAX_NAME_LENGTH = 65_536;

const stringTypeOf = (tag: number): StringType | undefined => {
  switch (tag) {
    case tags.utf8String:
      return 'utf8String';
    case tags.printableString:
      return 'printableString';
    case tags.ia5String:
      return 'ia5String';
    case tags.numericString:
      return 'numericString';
    case tags.visibleString:
      return 'visibleString';
    case tags.teletexString:
      return 'teletexString';
    case tags.bmpString:
      return 'bmpString';
    case tags.universalString:
      return 'universalString';
    default:
      return undefined;
  }
};

/**
 * Reads a Name.
 * @throws {@link DerError} for broken DER, attributes of one RDN out of order and characters that their string type
 * lacks; {@link X509Error} `ERR_X509_NAME` for an RDN without attributes, and for a value that is no
 * character string where the type asks for one.
 */
export const parseName = (der: Uint8Array): Name =>
  read(der, (reader) => readRdnSequence(reader.sequence('')), { field: 'name', maxLength: MAX_NAME_LENGTH });

/** Reads a Name within something larger, as {@link parseName} does. */
export const readName = (reader: DerReader, field: string): Name => readRdnSequence(reader.sequence(field));

/*
 * RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
 * RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
 */
function readRdnSequence(rdns: DerReader): Name {
  const name: RelativeDistinguishedName[] = [];
  while (!rdns.done) name.push(readRdn(rdns, ''));
  return name;
}

/** Reads one RelativeDistinguishedName, under `tag` where that is IMPLICIT. */
export function readRdn(reader: DerReader, field: string, tag?: number): RelativeDistinguishedName {
  const start = reader.offset;
  const set = reader.setOf(field, tag);
  const rdn: AttributeTypeAndValue[] = [];
  while (!set.done) rdn.push(readAttribute(set));
  if (rdn.length === 0) throw new X509Error('ERR_X509_NAME', start, reader.path(field), 'no attribute');
  return rdn;
}

function readAttribute(set: DerReader): AttributeTypeAndValue {
  const attribute = set.sequence('');
  const type = attribute.oid('type');
  const start = attribute.offset;
  const tag = attribute.peek();
  // No attribute of names has a type of its own past those of X.680, and nobody else reads one.
  if (tag !== -1 && (tag & 0x1f) === 0x1f) attribute.refuse('ERR_DER_TAG', start, 'value', 'tag number above 30');
  const stringType = stringTypeOf(tag);
  const read: AttributeTypeAndValue =
    stringType === undefined
      ? { type, value: readAny(attribute, 'value') }
      : { type, value: attribute.string('value'), stringType };
  if (stringType === undefined && isTextType(type))
    throw new X509Error('ERR_X509_NAME', start, attribute.path('value'), `${type} is no character string`);
  attribute.end();
  return read;
}

/** The inverse of {@link readName}; the attributes of an RDN are put into the order that DER asks for. */
export const nameNode = (name: Name): DerNode => sequence(...name.map(rdnNode));

/** The inverse of {@link readRdn}. */
export const rdnNode = (rdn: RelativeDistinguishedName): DerNode => setOf(...rdn.map(attributeNode));

/**
 * Writes a Name.
 * @throws RangeError when a value does not fit its string type.
 */
export const encodeName = (name: Name): Uint8Array<ArrayBuffer> => encode(nameNode(name));

const attributeNode = (attribute: AttributeTypeAndValue): DerNode =>
  sequence(
    oid(attribute.type),
    attribute.stringType === undefined ? raw(attribute.value) : string(tags[attribute.stringType], attribute.value),
  );

/** Values of one attribute type, most significant first; values that are no character strings are left out. */
export function attributeValues(name: Name, type: Oid): readonly string[] {
  const values: string[] = [];
  for (const rdn of name)
    for (const attribute of rdn)
      if (attribute.type === type && attribute.stringType !== undefined) values.push(attribute.value);
  return values;
}
