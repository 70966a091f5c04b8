import { integer, type Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-cRLNumber`. */
export const idCeCRLNumber: Oid = '2.5.29.20';

/** Below two to this many bits: 20 octets, as RFC 5280 §5.2.3 allows. */
const MAX_BITS = 159n;

/**
 * Reads the number of a revocation list, which grows from one to the next (RFC 5280 §5.2.3).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for a number below zero or of more than 20 octets.
 */
export const cRLNumber = (of: HasExtensions): bigint | undefined => readNumber(of, idCeCRLNumber, 'cRLNumber');

/**
 * Writes it; never critical.
 * @throws RangeError for a number below zero or of more than 20 octets.
 */
export const cRLNumberExtension = (number: bigint): Extension => numberExtension(idCeCRLNumber, false, number);

/** Reads `CRLNumber`, the type of two extensions. */
export const readNumber = (of: HasExtensions, extnID: Oid, field: string): bigint | undefined =>
  readExtension(of, extnID, field, (reader) => {
    const number = reader.integer('');
    if (!isNumber(number)) refuseValue(reader, 0, 'below zero or more than 20 octets');
    return number;
  });

/** Writes `CRLNumber`, the type of two extensions. */
export function numberExtension(extnID: Oid, critical: boolean, number: bigint): Extension {
  if (!isNumber(number)) throw new RangeError('Cannot encode CRLNumber: below zero or more than 20 octets');
  return extensionOf(extnID, critical, integer(number));
}

const isNumber = (number: bigint): boolean => number >= 0n && number >> MAX_BITS === 0n;
