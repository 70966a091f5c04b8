import { type Oid, oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, readList, requireElements } from './find-extension.js';

/** `id-ce-extKeyUsage`. */
export const idCeExtKeyUsage: Oid = '2.5.29.37';

/** Purposes of RFC 5280 §4.2.1.12, without their `id-kp-`. */
export const keyPurposes = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;

/**
 * Reads the purposes that the key may be used for (RFC 5280 §4.2.1.12), as OIDs.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list.
 */
export const extKeyUsage = (of: HasExtensions): readonly Oid[] | undefined =>
  readExtension(of, idCeExtKeyUsage, 'extKeyUsage', (reader) => readList(reader.sequence(''), (list) => list.oid('')));

/**
 * Writes the purposes.
 * @throws RangeError for an empty list; TypeError for what is no OID.
 */
export function extKeyUsageExtension(purposes: readonly Oid[], critical: boolean = false): Extension {
  requireElements('extKeyUsage', purposes);
  return extensionOf(idCeExtKeyUsage, critical, sequence(...purposes.map(oid)));
}
