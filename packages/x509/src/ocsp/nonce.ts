import { type Oid, octetString } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from '../extensions/find-extension.js';

/** `id-pkix-ocsp-nonce`. */
export const idPkixOcspNonce: Oid = '1.3.6.1.5.5.7.48.1.2';

/** RFC 9654 §2.1. */
const MAX_NONCE_LENGTH = 128;

/**
 * Reads the nonce that binds a response to its request (RFC 9654 §2.1), a view.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` when it has not 1 to 128 octets.
 */
export const ocspNonce = (of: HasExtensions): Uint8Array | undefined =>
  readExtension(of, idPkixOcspNonce, 'nonce', (reader) => {
    const nonce = reader.octetString('');
    if (!isLength(nonce)) refuseValue(reader, 0, `${nonce.length} octets, not 1 to ${MAX_NONCE_LENGTH}`);
    return nonce;
  });

/**
 * Writes it; not critical.
 * @param nonce - Random; RFC 9654 advises 32 octets.
 * @throws RangeError when it has not 1 to 128 octets.
 */
export function ocspNonceExtension(nonce: Uint8Array): Extension {
  if (!isLength(nonce))
    throw new RangeError(`Cannot encode nonce: ${nonce.length} octets, not 1 to ${MAX_NONCE_LENGTH}`);
  return extensionOf(idPkixOcspNonce, false, octetString(nonce));
}

const isLength = ({ length }: Uint8Array): boolean => length >= 1 && length <= MAX_NONCE_LENGTH;
