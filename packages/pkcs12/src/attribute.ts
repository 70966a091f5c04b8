import {
  compareBytes,
  type DerNode,
  type DerReader,
  encode,
  type Oid,
  octetString,
  oid,
  primitive,
  raw,
  read,
  sequence,
  setOf,
  string,
  tags,
} from '@mayfly/der';

/** RFC 7292 §4.2, PKCS12Attribute. What this package does not know is kept like the rest. */
export interface Attribute {
  readonly attrId: Oid;
  /** DER of each value; views where they were read. */
  readonly attrValues: readonly Uint8Array[];
}

/** Anything with attributes: every bag. */
export interface HasAttributes {
  readonly attributes: readonly Attribute[];
}

const idFriendlyName: Oid = '1.2.840.113549.1.9.20';
const idLocalKeyId: Oid = '1.2.840.113549.1.9.21';
const idCspName: Oid = '1.3.6.1.4.1.311.17.1';
/** Oracle's: Java takes a certificate for trusted only when its bag has it. */
const idTrustedKeyUsage: Oid = '2.16.840.1.113894.746875.1.1';
const anyExtendedKeyUsage: Oid = '2.5.29.37.0';

/**
 * Reads `bagAttributes SET OF PKCS12Attribute`. Its order is whatever it is: this set is BER in the files of Windows.
 */
export function readAttributes(reader: DerReader): readonly Attribute[] {
  const set = reader.sequence('bagAttributes', tags.set);
  const attributes: Attribute[] = [];
  while (!set.done) {
    const attribute = set.sequence('');
    const attrId = attribute.oid('attrId');
    const values = attribute.sequence('attrValues', tags.set);
    const attrValues: Uint8Array[] = [];
    while (!values.done) attrValues.push(values.element(''));
    attribute.end();
    attributes.push({ attrId, attrValues });
  }
  return attributes;
}

const attributeNode = ({ attrId, attrValues }: Attribute): DerNode =>
  sequence(oid(attrId), setOf(...attrValues.map(raw)));

/** The inverse of {@link readAttributes}, in DER's order; nothing for none. */
export const attributesNode = (attributes: readonly Attribute[]): DerNode | undefined =>
  attributes.length === 0 ? undefined : setOf(...attributes.map(attributeNode));

/** Attributes in the order that they are written in. */
export const inOrder = (attributes: readonly Attribute[]): readonly Attribute[] =>
  attributes
    .map((attribute) => ({ attribute, der: encode(attributeNode(attribute)) }))
    .sort((a, b) => compareBytes(a.der, b.der))
    .map(({ attribute }) => attribute);

function firstValue<T>({ attributes }: HasAttributes, attrId: Oid, body: (reader: DerReader) => T): T | undefined {
  const value = attributes.find((attribute) => attribute.attrId === attrId)?.attrValues[0];
  return value === undefined ? undefined : read(value, body, { field: 'attrValue' });
}

/**
 * The name that people and Java (as the alias) know an entry by (RFC 2985 §5.5.1). Surrogates in the BMPString are taken as
 * UTF-16, as everybody writes them, and a NUL at the end is left out, which Windows writes.
 * @throws {@link DerError} when it is no BMPString.
 */
export function friendlyName(of: HasAttributes): string | undefined {
  const octets = firstValue(of, idFriendlyName, (reader) => reader.value(tags.bmpString, ''));
  if (octets === undefined) return undefined;
  let text = '';
  for (let i = 0; i + 1 < octets.length; i += 2) text += String.fromCharCode((octets[i]! << 8) | octets[i + 1]!);
  return text.endsWith('\0') ? text.slice(0, -1) : text;
}

/** @throws RangeError for lone surrogates. */
export function friendlyNameAttribute(name: string): Attribute {
  if (!name.isWellFormed()) throw new RangeError('Cannot write friendlyName: a lone surrogate');
  const octets = new Uint8Array(2 * name.length);
  for (let i = 0; i < name.length; i++) {
    octets[2 * i] = name.charCodeAt(i) >> 8;
    octets[2 * i + 1] = name.charCodeAt(i);
  }
  return { attrId: idFriendlyName, attrValues: [encode(primitive(tags.bmpString, octets))] };
}

/** The octets that a key and its certificate share (RFC 2985 §5.5.2), a view. @throws {@link DerError}. */
export const localKeyId = (of: HasAttributes): Uint8Array | undefined =>
  firstValue(of, idLocalKeyId, (reader) => reader.octetString(''));

export const localKeyIdAttribute = (id: Uint8Array): Attribute => ({
  attrId: idLocalKeyId,
  attrValues: [encode(octetString(id))],
});

/** Microsoft's name of the provider that is to hold a key. @throws {@link DerError}. */
export const cspName = (of: HasAttributes): string | undefined =>
  firstValue(of, idCspName, (reader) => reader.string(''));

/** @throws RangeError for characters outside the Basic Multilingual Plane. */
export const cspNameAttribute = (name: string): Attribute => ({
  attrId: idCspName,
  attrValues: [encode(string(tags.bmpString, name))],
});

/** What Java trusts a certificate for: OIDs of extended key usages. @throws {@link DerError}. */
export const trustedKeyUsage = ({ attributes }: HasAttributes): readonly Oid[] | undefined =>
  attributes
    .find(({ attrId }) => attrId === idTrustedKeyUsage)
    ?.attrValues.map((value) => read(value, (reader) => reader.oid(''), { field: 'trustedKeyUsage' }));

/** @param usages - Default `anyExtendedKeyUsage`, as keytool writes it. */
export const trustedKeyUsageAttribute = (usages: readonly Oid[] = [anyExtendedKeyUsage]): Attribute => ({
  attrId: idTrustedKeyUsage,
  attrValues: usages.map((usage) => encode(oid(usage))),
});
