import { type DerNode, type DerReader, encode, type Oid, read } from '@mayfly/der';
import { X509Error } from '../errors.js';
import type { Extension, HasExtensions } from '../extension.js';

/** The extension with this OID, if there is one; readers of certificates and requests refuse a second. */
export const findExtension = ({ extensions }: HasExtensions, extnID: Oid): Extension | undefined =>
  extensions.find((extension) => extension.extnID === extnID);

/** Decodes the extension with this OID by `body`, which reads its whole value; `field` begins the error path. */
export function readExtension<T>(
  of: HasExtensions,
  extnID: Oid,
  field: string,
  body: (reader: DerReader) => T,
): T | undefined {
  const extension = findExtension(of, extnID);
  return extension && read(extension.extnValue, body, { field });
}

/** Makes an extension from the value that goes into its OCTET STRING. */
export const extensionOf = (extnID: Oid, critical: boolean, value: DerNode): Extension => ({
  extnID,
  critical,
  extnValue: encode(value),
});

/**
 * OIDs of the critical extensions that are not in `handled`. Whoever uses a certificate refuses it when there is one
 * (RFC 5280 §4.2).
 */
export const unhandledCritical = ({ extensions }: HasExtensions, handled: readonly Oid[]): readonly Oid[] =>
  extensions.filter(({ critical, extnID }) => critical && !handled.includes(extnID)).map(({ extnID }) => extnID);

/** Reads `SEQUENCE SIZE (1..MAX) OF` elements that `element` reads one by one. */
export function readList<T>(list: DerReader, element: (list: DerReader) => T): readonly T[] {
  const start = list.offset;
  const elements: T[] = [];
  while (!list.done) elements.push(element(list));
  if (elements.length === 0) refuseValue(list, start, 'the list is empty');
  return elements;
}

/** Refuses a value that is DER but breaks a rule of its extension. */
export function refuseValue(reader: DerReader, offset: number, state: string): never {
  throw new X509Error('ERR_X509_EXTENSION', offset, reader.path(), state);
}

/** @throws RangeError when there is nothing to write: no extension is a list without elements. */
export function requireElements(what: string, elements: readonly unknown[]): void {
  if (elements.length === 0) throw new RangeError(`Cannot encode ${what}: the list is empty`);
}
