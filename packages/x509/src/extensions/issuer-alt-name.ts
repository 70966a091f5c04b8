import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNamesNode, readGeneralNames } from '../general-name/codec.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-issuerAltName`. */
export const idCeIssuerAltName: Oid = '2.5.29.18';

/**
 * Reads further names of the issuer (RFC 5280 §4.2.1.7).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_GENERAL_NAME` as for subjectAltName.
 */
export const issuerAltName = (of: HasExtensions): readonly GeneralName[] | undefined =>
  readExtension(of, idCeIssuerAltName, 'issuerAltName', (reader) => readGeneralNames(reader, ''));

/**
 * Writes the names.
 * @throws RangeError for an empty list, more than 1,000 names and values that do not fit.
 */
export const issuerAltNameExtension = (names: readonly GeneralName[], critical: boolean = false): Extension =>
  extensionOf(idCeIssuerAltName, critical, generalNamesNode(names));
