import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { numberExtension, readNumber } from './crl-number.js';

/** `id-ce-deltaCRLIndicator`. */
export const idCeDeltaCRLIndicator: Oid = '2.5.29.27';

/**
 * Reads BaseCRLNumber: that of the complete list which a delta starts from (RFC 5280 §5.2.4). A list without it is complete.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for a number below zero or of more than 20 octets.
 */
export const deltaCRLIndicator = (of: HasExtensions): bigint | undefined =>
  readNumber(of, idCeDeltaCRLIndicator, 'deltaCRLIndicator');

/**
 * Writes it; always critical.
 * @throws RangeError for a number below zero or of more than 20 octets.
 */
export const deltaCRLIndicatorExtension = (baseCRLNumber: bigint): Extension =>
  numberExtension(idCeDeltaCRLIndicator, true, baseCRLNumber);
