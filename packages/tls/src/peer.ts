import type { Certificate } from '@mayfly/x509';
import { subjectAltName } from '@mayfly/x509/extensions';

/** Why a peer may not talk to us. */
export interface Refusal {
  /** For programs, for example `PeerNotAllowed`. */
  readonly reason: string;
  readonly message: string;
}

/** Decides about a peer whose certificate was verified; `undefined` lets it in, anything thrown refuses it. */
export type Authorize = (peer: Certificate) => Refusal | undefined;

/**
 * The SPIFFE ID of an X509-SVID: its one URI SAN. A certificate with several URIs has none (X509-SVID §2).
 * @throws {@link DerError}, {@link X509Error} for a broken subjectAltName.
 */
export function spiffeId(certificate: Certificate): string | undefined {
  const uris = (subjectAltName(certificate) ?? []).filter(({ type }) => type === 'uniformResourceIdentifier');
  const uri = uris.length === 1 ? uris[0]?.value : undefined;
  return typeof uri === 'string' && uri.startsWith('spiffe://') ? uri : undefined;
}

/** Lets in the peers with one of these SPIFFE IDs, compared octet by octet. */
export function allowSpiffeIds(ids: readonly string[]): Authorize {
  const allowed = new Set(ids);
  return (peer) => {
    const id = spiffeId(peer);
    return id !== undefined && allowed.has(id) ? undefined : refuse(id ?? 'a peer without SPIFFE ID');
  };
}

/** Lets in the peers with one of these names among their dNSName SANs, without regard to case. Wildcards match nothing. */
export function allowDNSNames(names: readonly string[]): Authorize {
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  return (peer) => {
    const present = (subjectAltName(peer) ?? []).flatMap((name) => (name.type === 'dNSName' ? [name.value] : []));
    return present.some((name) => allowed.has(name.toLowerCase()))
      ? undefined
      : refuse(present.length > 0 ? present.slice(0, 3).join(', ') : 'a peer without dNSName');
  };
}

const refuse = (who: string): Refusal => ({ reason: 'PeerNotAllowed', message: `Cannot serve ${who}: not allowed` });
