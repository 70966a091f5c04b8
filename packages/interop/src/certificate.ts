import { type Certificate, parseCertificate } from '@mayfly/x509';
import * as pkijs from 'pkijs';
import { signedDer } from './signed.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * A certificate for PKI.js, whose `tbsView` holds exactly what was signed.
 * @param certificate - Copied.
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`, `ERR_INTEROP_UNREPRESENTABLE`.
 */
export const toPkijsCertificate = ({ der }: Pick<Certificate, 'der'>): pkijs.Certificate =>
  transfer('Certificate', der, (schema) => new pkijs.Certificate({ schema }), certificateDer);

/**
 * A certificate from PKI.js, as it was signed or read: fields that were changed since then count for nothing.
 * @returns Views into one new array.
 * @throws {@link InteropError} `ERR_INTEROP_UNSIGNED`, `ERR_INTEROP_NOT_DER`, `ERR_INTEROP_FOREIGN_COPY`; `DerError` and
 * `X509Error` where PKI.js signed what is no certificate, for example one with the serial number zero.
 */
export const fromPkijsCertificate = (certificate: pkijs.Certificate): Certificate =>
  parseCertificate(certificateDer(certificate));

function certificateDer(certificate: pkijs.Certificate): Uint8Array<ArrayBuffer> {
  requireInstance('Certificate', certificate, pkijs.Certificate);
  return signedDer('Certificate', certificate);
}
