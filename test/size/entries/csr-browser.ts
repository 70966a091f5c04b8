// What a web page needs to make a key and ask for a certificate.
import { encodePem } from '@mayfly/der/pem';
import { generateKey } from '@mayfly/keys/webcrypto';
import { createCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import { encodeName } from '@mayfly/x509/name';

export async function requestFor(commonName: string, dnsNames: readonly string[]): Promise<string> {
  const key = await generateKey('P-256');
  const subject = encodeName([[{ type: '2.5.4.3', stringType: 'utf8String', value: commonName }]]);
  const extensions = [subjectAltNameExtension(dnsNames.map((value) => ({ type: 'dNSName', value }) as const))];
  const der = await createCertificationRequest({ subject, extensions }, key);
  return encodePem('CERTIFICATE REQUEST', der);
}
