// What an edge does with a certification request (RFC 2986): read it, see that its own key signed it, say what it asks for.
import { decodePem } from '@mayfly/der/pem';
import { verifyWithWebCrypto } from '@mayfly/keys/webcrypto';
import { MAX_REQUEST_LENGTH, parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltName } from '@mayfly/x509/extensions';
import { formatGeneralName } from '@mayfly/x509/general-name';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';

/** Answers a POST of PEM: 200, 422 where another key signed it, 400 with a code where it is broken. */
export async function answer(request) {
  if (request.method !== 'POST') return new Response('POST a certification request as PEM\n', { status: 405 });
  if (Number(request.headers.get('content-length')) > 2 * MAX_REQUEST_LENGTH)
    return new Response(null, { status: 413 });
  try {
    const csr = parseCertificationRequest(decodePem(await request.text(), 'CERTIFICATE REQUEST'));
    const ownKeySigned = await verifyCertificationRequest(csr, verifyWithWebCrypto);
    const subject = formatDistinguishedName(parseName(csr.subject));
    const names = subjectAltName(csr)?.map(formatGeneralName) ?? [];
    return Response.json({ ownKeySigned, subject, names }, { status: ownKeySigned ? 200 : 422 });
  } catch (error) {
    if (error.code === undefined) throw error; // no word about the input
    return Response.json({ code: error.code, message: error.message }, { status: 400 });
  }
}
