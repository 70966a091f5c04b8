import { integer, type Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-inhibitAnyPolicy`. */
export const idCeInhibitAnyPolicy: Oid = '2.5.29.54';

/**
 * Reads how many certificates may follow before anyPolicy counts no longer (RFC 5280 §4.2.1.14).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for a negative number.
 */
export const inhibitAnyPolicy = (of: HasExtensions): number | undefined =>
  readExtension(of, idCeInhibitAnyPolicy, 'inhibitAnyPolicy', (reader) => {
    const skipCerts = reader.smallInteger('');
    if (skipCerts < 0) refuseValue(reader, 0, `${skipCerts} is negative`);
    return skipCerts;
  });

/**
 * Writes it, critical as RFC 5280 §4.2.1.14 asks.
 * @throws RangeError for a negative number.
 */
export function inhibitAnyPolicyExtension(skipCerts: number, critical: boolean = true): Extension {
  if (skipCerts < 0) throw new RangeError(`Cannot encode inhibitAnyPolicy: ${skipCerts} is negative`);
  return extensionOf(idCeInhibitAnyPolicy, critical, integer(skipCerts));
}
