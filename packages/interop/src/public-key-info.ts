import { parseSubjectPublicKeyInfo } from '@mayfly/x509';
import * as pkijs from 'pkijs';
import { fromAsn1js } from './asn1.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * A SubjectPublicKeyInfo for PKI.js (RFC 5280 §4.1.2.7).
 * @param subjectPublicKeyInfo - DER; copied.
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`, `ERR_INTEROP_UNREPRESENTABLE`; `DerError`.
 */
export const toPkijsPublicKeyInfo = (subjectPublicKeyInfo: Uint8Array): pkijs.PublicKeyInfo =>
  transfer(
    'SubjectPublicKeyInfo',
    subjectPublicKeyInfo,
    (schema) => new pkijs.PublicKeyInfo({ schema }),
    fromPkijsPublicKeyInfo,
  );

/**
 * The inverse of {@link toPkijsPublicKeyInfo}.
 * @returns DER, a new array.
 * @throws {@link InteropError} `ERR_INTEROP_NOT_DER`, `ERR_INTEROP_FOREIGN_COPY`; `DerError` when it is not yet filled.
 */
export function fromPkijsPublicKeyInfo(info: pkijs.PublicKeyInfo): Uint8Array<ArrayBuffer> {
  requireInstance('SubjectPublicKeyInfo', info, pkijs.PublicKeyInfo);
  const der = fromAsn1js(info.toSchema());
  parseSubjectPublicKeyInfo(der);
  return der;
}
