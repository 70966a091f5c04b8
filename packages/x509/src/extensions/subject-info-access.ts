import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type AccessDescription, accessDescriptionsNode, readAccessDescriptions } from './authority-info-access.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-pe-subjectInfoAccess`. */
export const idPeSubjectInfoAccess: Oid = '1.3.6.1.5.5.7.1.11';

/**
 * Reads where the subject's services and data are (RFC 5280 §4.2.2.2).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list; `ERR_X509_GENERAL_NAME`.
 */
export const subjectInfoAccess = (of: HasExtensions): readonly AccessDescription[] | undefined =>
  readExtension(of, idPeSubjectInfoAccess, 'subjectInfoAccess', readAccessDescriptions);

/**
 * Writes them; never critical.
 * @throws RangeError for an empty list.
 */
export const subjectInfoAccessExtension = (descriptions: readonly AccessDescription[]): Extension =>
  extensionOf(idPeSubjectInfoAccess, false, accessDescriptionsNode(descriptions));
