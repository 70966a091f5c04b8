import { fitsPrintableString, type Oid } from '@mayfly/der';
import { type AttributeType, type AttributeTypeName, attributeTypes } from './attribute-types.js';
import type { AttributeTypeAndValue, Name, RelativeDistinguishedName } from './codec.js';

/** Attributes by name, in the order they are to stand, most significant first; a list of values makes several levels. */
export type NameAttributes = { readonly [Type in AttributeTypeName]?: string | readonly string[] };

/** One attribute by its name here or its OID. */
export type NameAttribute = readonly [type: AttributeTypeName | Oid, value: string];

/** One level of a name: an attribute, or a list of several that name it together. */
export type NameLevel = NameAttribute | readonly NameAttribute[];

/**
 * Makes a Name: from attributes by name, each a level of its own, or from levels in order, where a level may have several
 * attributes.
 *
 * Values are written as PrintableString, IA5String or UTF8String, as RFC 5280 appendix A.1 asks for the type. A type
 * given as an OID that is not in {@link attributeTypes} is written as UTF8String, without a bound.
 * @throws RangeError when a value is empty, longer than the upper bound or has characters that its type lacks;
 * TypeError for a type that is neither a name nor an OID.
 * @example
 * ```ts
 * import { buildName, formatDistinguishedName } from '@mayfly/x509/name';
 *
 * const name = buildName({ organization: 'Example', commonName: 'web' });
 * formatDistinguishedName(name); // 'CN=web,O=Example'
 * ```
 */
export function buildName(attributes: NameAttributes | readonly NameLevel[]): Name {
  if (isLevels(attributes)) return attributes.map((level) => (isAttribute(level) ? [build(level)] : level.map(build)));
  const name: RelativeDistinguishedName[] = [];
  for (const type of Object.keys(attributes) as AttributeTypeName[]) {
    const values = attributes[type];
    if (typeof values === 'string') name.push([build([type, values])]);
    else if (values !== undefined) for (const value of [values].flat()) name.push([build([type, value])]);
  }
  return name;
}

const isLevels = (attributes: NameAttributes | readonly NameLevel[]): attributes is readonly NameLevel[] =>
  Array.isArray(attributes);

const isAttribute = (level: NameLevel): level is NameAttribute => typeof level[0] === 'string';

function build([typeOrName, value]: NameAttribute): AttributeTypeAndValue {
  const known = attributeTypeOf(typeOrName);
  if (known === undefined && !/^[0-2](\.[0-9]+)+$/.test(typeOrName))
    throw new TypeError(`Cannot build name: no attribute type "${typeOrName}"`);
  const { type, upperBound, stringType } = known ?? {
    type: typeOrName,
    upperBound: Number.POSITIVE_INFINITY,
    stringType: 'utf8String' as const,
  };
  if (typeof value !== 'string') throw new TypeError(`Cannot build name: ${typeOrName} is no string`);
  if (value === '') throw new RangeError(`Cannot build name: ${typeOrName} is empty`);
  // A character takes one or two units, so most texts need no counting.
  const characters = value.length > upperBound ? [...value].length : value.length;
  if (characters > upperBound)
    throw new RangeError(`Cannot build name: ${typeOrName} has ${characters} characters, at most ${upperBound} fit`);
  if (type === attributeTypes.country.type && !/^[A-Za-z]{2}$/.test(value))
    throw new RangeError(`Cannot build name: ${typeOrName} is not two letters`);
  if (!fits(stringType, value))
    throw new RangeError(`Cannot build name: ${typeOrName} has a character that its string type lacks`);
  return { type, value, stringType };
}

const fits = (stringType: AttributeType['stringType'], value: string): boolean =>
  stringType === 'printableString'
    ? fitsPrintableString(value)
    : stringType === 'ia5String'
      ? /^[\x20-\x7e]*$/.test(value)
      : value.isWellFormed();

/** What is known of a type by its name here, its descriptor in any case, or its OID. */
export function attributeTypeOf(typeOrName: string): AttributeType | undefined {
  if (Object.hasOwn(attributeTypes, typeOrName)) return attributeTypes[typeOrName as AttributeTypeName]; // checked
  const wanted = typeOrName.toLowerCase();
  return Object.values(attributeTypes).find(
    ({ type, descriptor }) => type === wanted || descriptor.toLowerCase() === wanted,
  );
}
