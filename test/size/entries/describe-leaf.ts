// What a page needs to show a certificate's subject, names and lifetime.
import { parseCertificate } from '@mayfly/x509';
import { subjectAltName } from '@mayfly/x509/extensions';
import { attributeValues, parseName } from '@mayfly/x509/name';

export function describe(der: Uint8Array): unknown {
  const certificate = parseCertificate(der);
  const commonName = attributeValues(parseName(certificate.subject), '2.5.4.3');
  return { commonName, subjectAltName: subjectAltName(certificate), validity: certificate.validity };
}
