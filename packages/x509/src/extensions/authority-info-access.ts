import { type DerNode, type DerReader, type Oid, oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNameNode, readGeneralName } from '../general-name/codec.js';
import { extensionOf, readExtension, readList, requireElements } from './find-extension.js';

/** `id-pe-authorityInfoAccess`. */
export const idPeAuthorityInfoAccess: Oid = '1.3.6.1.5.5.7.1.1';

/** Methods of RFC 5280 §4.2.2, without their `id-ad-`. */
export const accessMethods = {
  ocsp: '1.3.6.1.5.5.7.48.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  timeStamping: '1.3.6.1.5.5.7.48.3',
  caRepository: '1.3.6.1.5.5.7.48.5',
} as const;

/** RFC 5280 §4.2.2.1. */
export interface AccessDescription {
  readonly accessMethod: Oid;
  readonly accessLocation: GeneralName;
}

/**
 * Reads where to learn about the issuer (RFC 5280 §4.2.2.1): its OCSP responders and its own certificates.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list; `ERR_X509_GENERAL_NAME`.
 */
export const authorityInfoAccess = (of: HasExtensions): readonly AccessDescription[] | undefined =>
  readExtension(of, idPeAuthorityInfoAccess, 'authorityInfoAccess', readAccessDescriptions);

/**
 * Writes them; never critical.
 * @throws RangeError for an empty list.
 */
export const authorityInfoAccessExtension = (descriptions: readonly AccessDescription[]): Extension =>
  extensionOf(idPeAuthorityInfoAccess, false, accessDescriptionsNode(descriptions));

/** Reads `SEQUENCE SIZE (1..MAX) OF AccessDescription`, the type of two extensions. */
export const readAccessDescriptions = (reader: DerReader): readonly AccessDescription[] =>
  readList(reader.sequence(''), (list) => {
    const description = list.sequence('');
    const accessMethod = description.oid('accessMethod');
    const accessLocation = readGeneralName(description, 'accessLocation');
    description.end();
    return { accessMethod, accessLocation };
  });

/** Writes `SEQUENCE SIZE (1..MAX) OF AccessDescription`, the type of two extensions. */
export function accessDescriptionsNode(descriptions: readonly AccessDescription[]): DerNode {
  requireElements('AccessDescriptions', descriptions);
  return sequence(
    ...descriptions.map(({ accessMethod, accessLocation }) =>
      sequence(oid(accessMethod), generalNameNode(accessLocation)),
    ),
  );
}
