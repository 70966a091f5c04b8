// The same page with the subject by attribute names, which brings the table of attribute types.
import { encodePem } from '@mayfly/der/pem';
import { generateKey } from '@mayfly/keys/webcrypto';
import { createCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import { buildName, encodeName } from '@mayfly/x509/name';

export async function requestFor(commonName: string, dnsNames: readonly string[]): Promise<string> {
  const key = await generateKey('P-256');
  const extensions = [subjectAltNameExtension(dnsNames.map((value) => ({ type: 'dNSName', value }) as const))];
  const der = await createCertificationRequest({ subject: encodeName(buildName({ commonName })), extensions }, key);
  return encodePem('CERTIFICATE REQUEST', der);
}
