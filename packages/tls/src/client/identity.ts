import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { parseCertificate } from '@mayfly/x509';
import { messageOf, TlsError } from '../errors.js';
import { spiffeId } from '../peer.js';

/** Who the server has to be, whatever address it was reached at. Default: the host of the URL. */
export type ExpectedServer =
  | { readonly dNSName: string }
  /** One SPIFFE ID, or a test of it, for example by trust domain. */
  | { readonly spiffeId: string | ((id: string) => boolean) };

/** Makes the `checkServerIdentity` of node:tls, which runs after the chain was verified and not for resumed sessions. */
export function identityCheck(
  expected: ExpectedServer | undefined,
): (hostname: string, certificate: PeerCertificate) => Error | undefined {
  if (expected === undefined) return checkServerIdentity;
  if ('dNSName' in expected) return (_hostname, certificate) => checkServerIdentity(expected.dNSName, certificate);
  const wanted = expected.spiffeId;
  const fits = typeof wanted === 'string' ? (id: string) => id === wanted : wanted;
  return (hostname, certificate) => {
    try {
      const id = spiffeId(parseCertificate(certificate.raw));
      if (id !== undefined && fits(id)) return undefined;
      return new TlsError(
        'ERR_TLS_SERVER_IDENTITY',
        `Cannot trust ${hostname}: its certificate is for ${id ?? 'no SPIFFE ID'}`,
      );
    } catch (cause) {
      return new TlsError('ERR_TLS_SERVER_IDENTITY', `Cannot trust ${hostname}: ${messageOf(cause)}`, { cause });
    }
  };
}
