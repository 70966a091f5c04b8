// In a page: `new Worker('web-worker.js', { type: 'module' })`. A message with DNS names is answered with a request for them, and with
// the pair of keys that signed it: not extractable, but IndexedDB keeps it.
import { encodePem } from '@mayfly/der/pem';
import { fromCryptoKeyPair } from '@mayfly/keys/webcrypto';
import { createCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import { encodeName } from '@mayfly/x509/name';

addEventListener('message', async ({ data: dnsNames }) => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const names = dnsNames.map((value) => ({ type: 'dNSName', value }));
  // RFC 5280 §4.2.1.6: critical, because there is no subject.
  const contents = { subject: encodeName([]), extensions: [subjectAltNameExtension(names, true)] };
  const der = await createCertificationRequest(contents, await fromCryptoKeyPair(pair));
  postMessage({ pem: encodePem('CERTIFICATE REQUEST', der), pair });
});
