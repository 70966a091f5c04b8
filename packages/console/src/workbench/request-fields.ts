import { type GeneralName, isDNSName, isMailbox, parseGeneralName, parseIPAddress } from '@mayfly/x509/general-name';
import { type AttributeTypeName, attributeTypes, buildName, encodeName } from '@mayfly/x509/name';

/** Attributes of the subject that the form has, in the order in which a Name is written. */
export const subjectFields = [
  { type: 'country', label: 'Country', hint: 'Two letters, for example DE' },
  { type: 'stateOrProvince', label: 'State or province' },
  { type: 'locality', label: 'Locality' },
  { type: 'organization', label: 'Organisation' },
  { type: 'organizationalUnit', label: 'Organisational unit' },
  { type: 'commonName', label: 'Common name', hint: 'For people; programs look at the names below' },
] as const satisfies readonly { readonly type: AttributeTypeName; readonly label: string; readonly hint?: string }[];

export type SubjectField = (typeof subjectFields)[number]['type'];
export type Subject = Readonly<Partial<Record<SubjectField, string>>>;

/** Kinds of alternative names that the form has, by the prefixes of openssl. */
export const nameKinds = ['DNS', 'IP', 'URI', 'email'] as const;
export type NameKind = (typeof nameKinds)[number];

/** An alternative name as it is typed. */
export interface TypedName {
  readonly kind: NameKind;
  readonly text: string;
}

/** What is wrong with an attribute; `undefined` where nothing is, and for an empty one, which is left out. */
export function subjectFault(type: SubjectField, text: string): string | undefined {
  const { upperBound } = attributeTypes[type];
  const length = [...text].length;
  if (text === '') return undefined;
  if (type === 'country') return /^[A-Z]{2}$/.test(text) ? undefined : 'Two capital letters, as ISO 3166 has them';
  if (text.trim() !== text) return 'A space at the beginning or the end';
  return length > upperBound ? `${length} characters; ${upperBound} at most` : undefined;
}

/** What is wrong with an alternative name; `undefined` where nothing is, and for an empty one, which is left out. */
export function nameFault({ kind, text }: TypedName): string | undefined {
  if (text === '') return undefined;
  switch (kind) {
    case 'DNS':
      if (parseIPAddress(text) !== undefined) return 'This is an IP address: choose IP';
      if (text.includes('@')) return 'This is a mailbox: choose email';
      if (text.includes('://')) return 'This is a URI: choose URI';
      if (isDNSName(text, { wildcard: true })) return undefined;
      return text.includes('*') ? 'A wildcard stands for the first label alone: *.example.org' : 'This is no DNS name';
    case 'IP':
      return parseIPAddress(text) === undefined ? 'This is no IPv4 or IPv6 address' : undefined;
    case 'email':
      return isMailbox(text) ? undefined : 'This is no mailbox, as user@example.org is one';
    case 'URI':
      return isURI(text) ? undefined : 'This is no URI with a scheme and a host, as spiffe://example.org/app is one';
  }
}

function isURI(text: string): boolean {
  try {
    parseGeneralName(`URI:${text}`);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The alternative names of the form, the empty ones left out. @throws RangeError for one with a fault. */
export const generalNamesOf = (names: readonly TypedName[]): readonly GeneralName[] =>
  names.filter(({ text }) => text !== '').map(({ kind, text }) => parseGeneralName(`${kind}:${text}`));

/** DER of the Name of the form, the empty attributes left out. */
export const subjectOf = (subject: Subject): Uint8Array<ArrayBuffer> =>
  encodeName(buildName(subjectFields.flatMap(({ type }) => (subject[type] ? [[type, subject[type]] as const] : []))));

/** The kind that a text is likeliest to be, for names that are pasted. */
export function kindOf(text: string): NameKind {
  if (parseIPAddress(text) !== undefined) return 'IP';
  if (text.includes('://')) return 'URI';
  return text.includes('@') ? 'email' : 'DNS';
}

/** Names that are pasted as a list: one a line, or with commas or spaces between. */
export const splitNames = (text: string): readonly TypedName[] =>
  text
    .split(/[\s,;]+/)
    .map((part) => part.replace(/^(?:DNS|IP|URI|email):/, ''))
    .filter(Boolean)
    .map((part) => ({ kind: kindOf(part), text: part }));
