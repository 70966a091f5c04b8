import {
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

/** Identifier octets of the choices. */
const choice = {
  otherName: 0xa0,
  rfc822Name: 0x81,
  dNSName: 0x82,
  x400Address: 0xa3,
  directoryName: 0xa4,
  ediPartyName: 0xa5,
  uniformResourceIdentifier: 0x86,
  iPAddress: 0x87,
  registeredID: 0x88,
} as const;

/**
 * Reads one GeneralName. An iPAddress has 4 or 16 octets, or twice as many, with a mask, where `masked` says so: in name
 * constraints.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_GENERAL_NAME` for an address of another length.
 */
export function readGeneralName(reader: DerReader, field: string, masked: boolean = false): GeneralName {
  const start = reader.offset;
  switch (reader.peek()) {
    case choice.otherName: {
      const otherName = reader.sequence(field, choice.otherName);
      const typeId = otherName.oid('type-id');
      const wrapper = otherName.explicit(0, 'value');
      const value = readAny(wrapper, '');
      wrapper.end();
      otherName.end();
      return { type: 'otherName', typeId, value };
    }
    case choice.rfc822Name:
      return { type: 'rfc822Name', value: reader.stringOf(tags.ia5String, field, choice.rfc822Name) };
    case choice.dNSName:
      return { type: 'dNSName', value: reader.stringOf(tags.ia5String, field, choice.dNSName) };
    case choice.x400Address:
      return { type: 'x400Address', value: readAny(reader, field) };
    case choice.directoryName: {
      const wrapper = reader.explicit(4, field);
      const nameStart = wrapper.offset;
      readName(wrapper, 'directoryName');
      wrapper.end();
      return { type: 'directoryName', value: wrapper.since(nameStart) };
    }
    case choice.ediPartyName:
      return { type: 'ediPartyName', value: readAny(reader, field) };
    case choice.uniformResourceIdentifier:
      return {
        type: 'uniformResourceIdentifier',
        value: reader.stringOf(tags.ia5String, field, choice.uniformResourceIdentifier),
      };
    case choice.iPAddress: {
      const value = reader.octetString(field, choice.iPAddress);
      const octets = masked ? value.length / 2 : value.length;
      if (octets !== 4 && octets !== 16)
        throw new X509Error('ERR_X509_GENERAL_NAME', start, reader.path(field), `iPAddress of ${value.length} octets`);
      return { type: 'iPAddress', value };
    }
    case choice.registeredID:
      return { type: 'registeredID', value: reader.oid(field, choice.registeredID) };
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
