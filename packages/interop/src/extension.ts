import type { Extension } from '@mayfly/x509';
import * as pkijs from 'pkijs';
import { requireInstance } from './transfer.js';

/** An Extension for PKI.js (RFC 5280 §4.2), whose `parsedValue` decodes the octets when it is asked for. They are copied. */
export const toPkijsExtension = ({ extnID, critical, extnValue }: Extension): pkijs.Extension =>
  new pkijs.Extension({ extnID, critical, extnValue: Uint8Array.from(extnValue).buffer });

/**
 * The inverse of {@link toPkijsExtension}.
 * @returns `extnValue` is a new array. What stands in `parsedValue` alone is not written, neither here nor by PKI.js.
 * @throws {@link InteropError} `ERR_INTEROP_FOREIGN_COPY`.
 */
export function fromPkijsExtension(extension: pkijs.Extension): Extension {
  requireInstance('Extension', extension, pkijs.Extension);
  const { extnID, critical, extnValue } = extension;
  return { extnID, critical, extnValue: new Uint8Array(extnValue.getValue()) };
}
