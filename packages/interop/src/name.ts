import { read } from '@mayfly/der';
import * as pkijs from 'pkijs';
import { fromAsn1js } from './asn1.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * A Name for PKI.js, its levels kept. A name that is put together in PKI.js has all attributes in one level, which is another
 * name than the one meant: make it with `encodeName` of `@mayfly/x509/name` and convert it.
 * @param name - DER of a Name, as `Certificate.subject` has it; copied.
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`; `DerError` when it is not one element.
 */
export const toPkijsName = (name: Uint8Array): pkijs.RelativeDistinguishedNames =>
  transfer('Name', name, (schema) => new pkijs.RelativeDistinguishedNames({ schema }), fromPkijsName);

/**
 * The name that PKI.js would write: the octets that were read where it was read, and otherwise one level with all attributes.
 * @returns DER of a Name, a new array.
 * @throws {@link InteropError} `ERR_INTEROP_NOT_DER` for a new name whose attributes do not stand in DER's order,
 * `ERR_INTEROP_FOREIGN_COPY`.
 */
export function fromPkijsName(name: pkijs.RelativeDistinguishedNames): Uint8Array<ArrayBuffer> {
  requireInstance('Name', name, pkijs.RelativeDistinguishedNames);
  if (name.valueBeforeDecode.byteLength === 0) return fromAsn1js(name.toSchema());
  const der = new Uint8Array(name.valueBeforeDecode.slice(0));
  read(der, (reader) => reader.skip('name'));
  return der;
}
