import {
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  encode,
  equalBytes,
  explicit,
  ia5String,
  implicit,
  type Oid,
  octetString,
  oid,
  raw,
  readAny,
  sequence,
  tags,
} from '@mayfly/der';
import { X509Error } from '../errors.js';
import { readName } from '../name/codec.js';

/**
 * RFC 5280 §4.2.1.6. Bytes are views into the input.
 *
 * `directoryName` holds the DER of the Name, `otherName` that of its value without the `[0]` around it, the two that
 * nobody uses the whole element.
 */
export type GeneralName =
  | { readonly type: 'otherName'; readonly typeId: Oid; readonly value: Uint8Array }
  | { readonly type: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly value: string }
  | { readonly type: 'directoryName'; readonly value: Uint8Array }
  | { readonly type: 'iPAddress'; readonly value: Uint8Array }
  | { readonly type: 'registeredID'; readonly value: Oid }
  | { readonly type: 'x400Address' | 'ediPartyName'; readonly value: Uint8Array };

/** For example `dNSName`. */
export type GeneralNameType = GeneralName['type'];

/** Most names in one list. Work that grows with their product, such as name constraints, stays bounded. */
export const MAX_GENERAL_NAMES = 1000;

/*
 * GeneralName ::= CHOICE {
 *   otherName                 [0] OtherName,
 *   rfc822Name                [1] IA5String,
 *   dNSName                   [2] IA5String,
 *   x400Address               [3] ORAddress,
 *   directoryName             [4] Name,
 *   ediPartyName              [5] EDIPartyName,
 *   uniformResourceIdentifier [6] IA5String,
 *   iPAddress                 [7] OCTET STRING,
 *   registeredID              [8] OBJECT IDENTIFIER }
 */

/**
 * Reads one GeneralName. An iPAddress has 4 or 16 octets, or twice as many, with a mask, where `masked` says so: in name
 * constraints.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_GENERAL_NAME` for an address of another length.
 */
export function readGeneralName(reader: DerReader, field: string, masked: boolean = false): GeneralName {
  const start = reader.offset;
  switch (reader.peek()) {
    case contextConstructedTag(0): {
      const otherName = reader.sequence(field, contextConstructedTag(0));
      const typeId = otherName.oid('type-id');
      const wrapper = otherName.explicit(0, 'value');
      const value = readAny(wrapper, '');
      wrapper.end();
      otherName.end();
      return { type: 'otherName', typeId, value };
    }
    case contextTag(1):
      return { type: 'rfc822Name', value: reader.stringOf(tags.ia5String, field, contextTag(1)) };
    case contextTag(2):
      return { type: 'dNSName', value: reader.stringOf(tags.ia5String, field, contextTag(2)) };
    case contextConstructedTag(3):
      return { type: 'x400Address', value: readAny(reader, field) };
    case contextConstructedTag(4): {
      const wrapper = reader.explicit(4, field);
      const nameStart = wrapper.offset;
      readName(wrapper, 'directoryName');
      wrapper.end();
      return { type: 'directoryName', value: wrapper.since(nameStart) };
    }
    case contextConstructedTag(5):
      return { type: 'ediPartyName', value: readAny(reader, field) };
    case contextTag(6):
      return { type: 'uniformResourceIdentifier', value: reader.stringOf(tags.ia5String, field, contextTag(6)) };
    case contextTag(7): {
      const value = reader.octetString(field, contextTag(7));
      const octets = masked ? value.length / 2 : value.length;
      if (octets !== 4 && octets !== 16)
        throw new X509Error('ERR_X509_GENERAL_NAME', start, reader.path(field), `iPAddress of ${value.length} octets`);
      return { type: 'iPAddress', value };
    }
    case contextTag(8):
      return { type: 'registeredID', value: reader.oid(field, contextTag(8)) };
    default:
      return reader.refuse('ERR_DER_TAG', start, field, 'expected a GeneralName, [0] to [8]');
  }
}

/*
 * GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
 */

/**
 * Reads a list of names.
 * @throws {@link X509Error} `ERR_X509_GENERAL_NAME` for an empty list and for more than 1,000 names, and what
 * {@link readGeneralName} throws.
 */
export function readGeneralNames(
  reader: DerReader,
  field: string,
  tag: number = tags.sequence,
): readonly GeneralName[] {
  const start = reader.offset;
  const list = reader.sequence(field, tag);
  const names: GeneralName[] = [];
  while (!list.done) {
    if (names.length === MAX_GENERAL_NAMES)
      throw new X509Error('ERR_X509_GENERAL_NAME', start, list.path(), `more than ${MAX_GENERAL_NAMES} names`);
    names.push(readGeneralName(list, ''));
  }
  if (names.length === 0) throw new X509Error('ERR_X509_GENERAL_NAME', start, list.path(), 'no name in the list');
  return names;
}

/**
 * Writes one GeneralName. An iPAddress may have a mask.
 * @throws RangeError for text outside ASCII and for an iPAddress that has not 4, 8, 16 or 32 octets; TypeError for a
 * registeredID that is no OID.
 */
export function generalNameNode(name: GeneralName): DerNode {
  switch (name.type) {
    case 'otherName':
      return implicit(0, sequence(oid(name.typeId), explicit(0, raw(name.value))));
    case 'rfc822Name':
      return implicit(1, ia5String(name.value));
    case 'dNSName':
      return implicit(2, ia5String(name.value));
    case 'directoryName':
      return explicit(4, raw(name.value));
    case 'uniformResourceIdentifier':
      return implicit(6, ia5String(name.value));
    case 'iPAddress':
      if (![4, 8, 16, 32].includes(name.value.length))
        throw new RangeError(`Cannot encode GeneralName: iPAddress of ${name.value.length} octets`);
      return implicit(7, octetString(name.value));
    case 'registeredID':
      return implicit(8, oid(name.value));
    case 'x400Address':
    case 'ediPartyName':
      return raw(name.value);
  }
}

/**
 * Writes a list of names.
 * @throws RangeError for an empty list and for more than 1,000 names, and what {@link generalNameNode} throws.
 */
export function generalNamesNode(names: readonly GeneralName[]): DerNode {
  if (names.length === 0 || names.length > MAX_GENERAL_NAMES)
    throw new RangeError(`Cannot encode GeneralNames: ${names.length} names, 1 to ${MAX_GENERAL_NAMES} are written`);
  return sequence(...names.map(generalNameNode));
}

/** Whether two names are the same kind and the same to the octet. */
export const equalGeneralNames = (a: GeneralName, b: GeneralName): boolean =>
  equalBytes(encode(generalNameNode(a)), encode(generalNameNode(b)));
