import { nullValue, type Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-pkix-ocsp-nocheck`. */
export const idPkixOcspNocheck: Oid = '1.3.6.1.5.5.7.48.1.5';

/**
 * Reads whether the certificate of an OCSP responder is good for as long as it lives, without asking (RFC 6960 §4.2.2.2.1).
 * @throws {@link DerError} when the value is not NULL.
 */
export const ocspNoCheck = (of: HasExtensions): boolean =>
  readExtension(of, idPkixOcspNocheck, 'ocspNoCheck', (reader) => {
    reader.null('');
    return true;
  }) ?? false;

/** Writes it; not critical. */
export const ocspNoCheckExtension = (): Extension => extensionOf(idPkixOcspNocheck, false, nullValue());
