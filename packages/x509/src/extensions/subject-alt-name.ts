import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNamesNode, readGeneralNames } from '../general-name/codec.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-subjectAltName`. */
export const idCeSubjectAltName: Oid = '2.5.29.17';

/**
 * Reads whom or what a certificate names (RFC 5280 §4.2.1.6).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_GENERAL_NAME` for an empty list, more than 1,000 names and
 * addresses of a wrong length.
 */
export const subjectAltName = (of: HasExtensions): readonly GeneralName[] | undefined =>
  readExtension(of, idCeSubjectAltName, 'subjectAltName', (reader) => readGeneralNames(reader, ''));

/**
 * Writes the names.
 * @param critical - True where the subject is the empty name (RFC 5280 §4.1.2.6).
 * @throws RangeError for an empty list, more than 1,000 names and values that do not fit.
 */
export const subjectAltNameExtension = (names: readonly GeneralName[], critical: boolean = false): Extension =>
  extensionOf(idCeSubjectAltName, critical, generalNamesNode(names));
