import { type Oid, octetString } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-subjectKeyIdentifier`. */
export const idCeSubjectKeyIdentifier: Oid = '2.5.29.14';

/**
 * Reads the identifier of the subject's key (RFC 5280 §4.2.1.2), a view.
 * @throws {@link DerError}.
 */
export const subjectKeyIdentifier = (of: HasExtensions): Uint8Array | undefined =>
  readExtension(of, idCeSubjectKeyIdentifier, 'subjectKeyIdentifier', (reader) => reader.octetString(''));

/** Writes it; never critical. Identifiers are made by `@mayfly/x509/key-identifier`. */
export const subjectKeyIdentifierExtension = (keyIdentifier: Uint8Array): Extension =>
  extensionOf(idCeSubjectKeyIdentifier, false, octetString(keyIdentifier));
