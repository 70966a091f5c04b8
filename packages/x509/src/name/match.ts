import { toHex } from '@mayfly/der';
import type { AttributeTypeAndValue, Name, RelativeDistinguishedName } from './codec.js';

/**
 * A text that two names share exactly if they match under RFC 5280 §7.1: RDN by RDN, attributes within an RDN in any
 * order, values after the string preparation of RFC 4518 whatever their string type is.
 *
 * TeletexString, whose character set nobody agrees on, values that are no text and those of more than 1,024 characters match
 * only what is the same to the octet. Good as the key of a Map; not for showing.
 */
export const matchingKey = (name: Name): string => matchingKeys(name).join('\n');

/** {@link matchingKey} of each RDN by itself: a name is within a subtree when its keys begin with those of the base. */
export const matchingKeys = (name: Name): readonly string[] => name.map(rdnKey);

/** Whether two names are the same under RFC 5280 §7.1. */
export const namesMatch = (a: Name, b: Name): boolean => a.length === b.length && matchingKey(a) === matchingKey(b);

/** Whether a name is `base` or below it, as directoryName constraints ask (RFC 5280 §4.2.1.10). */
export function withinSubtree(name: Name, base: Name): boolean {
  return base.length <= name.length && matchingKey(name.slice(0, base.length)) === matchingKey(base);
}

/** The attribute types of a key, and whether one of the values matches only what is the same to the octet. */
const ATTRIBUTE_IN_KEY = /([0-9.]+)=(?:#[0-9a-f]*|(\?\w+:)?"(?:[^"\\]|\\.)*")/g;

/**
 * Whether two RDNs may be the same though their keys differ: they have the same attributes, and a value in one of them is in no
 * form that can be compared.
 */
export function mayMatch(a: string, b: string): boolean {
  const [one, other] = [a, b].map((key) => [...key.matchAll(ATTRIBUTE_IN_KEY)]) as [
    RegExpMatchArray[],
    RegExpMatchArray[],
  ];
  if (![...one, ...other].some(([, , incomparable]) => incomparable !== undefined)) return false;
  return one.length === other.length && one.every(([, type], index) => type === other[index]![1]);
}

/** Attributes are sorted, so two RDNs with the same ones in any order have the same key. */
const rdnKey = (rdn: RelativeDistinguishedName): string => rdn.map(attributeKey).sort().join('+');

function attributeKey(attribute: AttributeTypeAndValue): string {
  const { type, value, stringType } = attribute;
  if (stringType === undefined) return `${type}=#${toHex(value)}`;
  const prepared = stringType === 'teletexString' ? undefined : prepare(value);
  return prepared === undefined
    ? `${type}=?${stringType}:${JSON.stringify(value)}`
    : `${type}=${JSON.stringify(prepared)}`;
}

/** Characters that RFC 4518 §2.2 maps to a space, and those that it maps to nothing. */
const SPACES = /[\p{Z}\t-\r\u0085]+/gu;
const INVISIBLE = /\p{Cc}|\p{Cf}|\p{Variation_Selector}|\u034f|\ufffc/gu;
/** Unassigned and private characters and the replacement character: no comparison is defined for them (§2.4). */
const PROHIBITED = /[\p{Cn}\p{Co}\p{Cs}\ufffd]/u;

/** Words of ASCII with single spaces between them. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/** Longest value that is prepared, in characters: a run of combining marks takes time by the square of its length. */
const MAX_PREPARED_LENGTH = 1024;

/** RFC 4518 §2: map, normalize, fold case, prohibit, and §2.6.1: insignificant spaces. */
function prepare(value: string): string | undefined {
  // What nearly every name is comes out of the steps below in lower case and otherwise unchanged.
  if (value.length <= MAX_PREPARED_LENGTH && PLAIN.test(value)) return value.toLowerCase();
  // What does not count is taken out before the length is looked at, or it would keep names from being compared.
  const mapped = value.replace(SPACES, ' ').replace(INVISIBLE, '').replace(/ +/g, ' ');
  if (mapped.length > MAX_PREPARED_LENGTH) return undefined;
  const folded = mapped.normalize('NFKC').replace(/[^ı]+/g, foldCase).normalize('NFKC');
  if (PROHIBITED.test(folded)) return undefined;
  return folded.replace(/ +/g, ' ').replace(/^ | $/g, '');
}

/** Upper case first brings together what only folds in full, such as ß and SS; it would also make an i of the dotless ı. */
const foldCase = (text: string): string => text.toUpperCase().toLowerCase();
