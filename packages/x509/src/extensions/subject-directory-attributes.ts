import { type Oid, oid, raw, readAny, sequence, setOf } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, readList, requireElements } from './find-extension.js';

/** `id-ce-subjectDirectoryAttributes`. */
export const idCeSubjectDirectoryAttributes: Oid = '2.5.29.9';

/** X.501 Attribute: values as DER elements, views where they were read. */
export interface Attribute {
  readonly type: Oid;
  readonly values: readonly Uint8Array[];
}

/**
 * Reads facts about the subject (RFC 5280 §4.2.1.8); their values stay DER.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list.
 */
export const subjectDirectoryAttributes = (of: HasExtensions): readonly Attribute[] | undefined =>
  readExtension(of, idCeSubjectDirectoryAttributes, 'subjectDirectoryAttributes', (reader) =>
    readList(reader.sequence(''), (list) => {
      const attribute = list.sequence('');
      const type = attribute.oid('type');
      const values = readList(attribute.setOf('values'), (set) => readAny(set, ''));
      attribute.end();
      return { type, values };
    }),
  );

/**
 * Writes them; never critical.
 * @throws RangeError for an empty list and an attribute without values.
 */
export function subjectDirectoryAttributesExtension(attributes: readonly Attribute[]): Extension {
  requireElements('subjectDirectoryAttributes', attributes);
  for (const { values } of attributes) requireElements('subjectDirectoryAttributes', values);
  return extensionOf(
    idCeSubjectDirectoryAttributes,
    false,
    sequence(...attributes.map(({ type, values }) => sequence(oid(type), setOf(...values.map(raw))))),
  );
}
