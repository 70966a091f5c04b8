import { generalizedTime, type Oid, type Seconds } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-invalidityDate`. */
export const idCeInvalidityDate: Oid = '2.5.29.24';

/**
 * Reads since when the key is known or thought to be compromised, which may be before the revocation (RFC 5280 §5.3.2).
 * @throws {@link DerError}.
 */
export const invalidityDate = (of: HasExtensions): Seconds | undefined =>
  readExtension(of, idCeInvalidityDate, 'invalidityDate', (reader) => reader.generalizedTime(''));

/**
 * Writes it; never critical.
 * @throws RangeError when the value is no whole second of the years 0000 to 9999.
 */
export const invalidityDateExtension = (date: Seconds): Extension =>
  extensionOf(idCeInvalidityDate, false, generalizedTime(date));
