import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNamesNode, readGeneralNames } from '../general-name/codec.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-certificateIssuer`. */
export const idCeCertificateIssuer: Oid = '2.5.29.29';

/**
 * Reads who issued the certificate of an entry, and of the entries behind it, on an indirect list (RFC 5280 §5.3.3).
 * @throws {@link DerError}; {@link X509Error} for an empty list and what is wrong with its names.
 */
export const certificateIssuer = (of: HasExtensions): readonly GeneralName[] | undefined =>
  readExtension(of, idCeCertificateIssuer, 'certificateIssuer', (reader) => readGeneralNames(reader, ''));

/**
 * Writes it; always critical.
 * @throws RangeError for an empty list.
 */
export const certificateIssuerExtension = (names: readonly GeneralName[]): Extension =>
  extensionOf(idCeCertificateIssuer, true, generalNamesNode(names));
