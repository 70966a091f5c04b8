import { type CertificationRequest, parseCertificationRequest } from '@mayfly/pkcs10';
import * as pkijs from 'pkijs';
import { signedDer } from './signed.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * A request for PKI.js (RFC 2986), whose `tbsView` holds exactly what was signed.
 * @param request - Copied.
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`, `ERR_INTEROP_UNREPRESENTABLE`.
 */
export const toPkijsCertificationRequest = ({ der }: Pick<CertificationRequest, 'der'>): pkijs.CertificationRequest =>
  transfer('CertificationRequest', der, (schema) => new pkijs.CertificationRequest({ schema }), requestDer);

/**
 * A request from PKI.js, as it was signed or read: fields that were changed since then count for nothing.
 * @returns Views into one new array.
 * @throws {@link InteropError} `ERR_INTEROP_UNSIGNED`, `ERR_INTEROP_NOT_DER`, `ERR_INTEROP_FOREIGN_COPY`; `DerError`,
 * `X509Error` and `Pkcs10Error` where PKI.js signed what is no request: it leaves out the `attributes` that RFC 2986 §4.1 asks
 * for, even empty, unless they are set.
 */
export const fromPkijsCertificationRequest = (request: pkijs.CertificationRequest): CertificationRequest =>
  parseCertificationRequest(requestDer(request));

function requestDer(request: pkijs.CertificationRequest): Uint8Array<ArrayBuffer> {
  requireInstance('CertificationRequest', request, pkijs.CertificationRequest);
  return signedDer('CertificationRequest', request);
}
