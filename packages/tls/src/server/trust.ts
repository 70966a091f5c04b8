import { X509Certificate } from 'node:crypto';
import { parsePem } from '@mayfly/der/pem';

/** Signatures checked for one peer; the bound that webpki sets. */
const MAX_SIGNATURE_CHECKS = 100;
/** Intermediates remembered per server. */
const MAX_INTERMEDIATES = 256;

/** Answers for open connections whether their peers would still be trusted. */
export interface PeerTrust {
  /** Takes new anchors, and the server's own chain for the intermediates in it. */
  replace(trustAnchors: string, certificateChain: string): void;
  /**
   * Remembers the intermediates of a verified peer. To be called when the handshake has ended: later node:tls knows the
   * leaf alone, as it does for resumed sessions.
   */
  learn(peer: X509Certificate): void;
  /**
   * Whether a peer reaches one of the anchors: by signatures alone, through intermediates seen before. Everything else
   * was checked in the handshake.
   */
  reaches(peer: X509Certificate): boolean;
}

/** Begins without anchors: nobody is trusted. */
export function createPeerTrust(): PeerTrust {
  let anchors: readonly X509Certificate[] = [];
  const intermediates = new Map<string, X509Certificate>();
  const remember = (certificate: X509Certificate): void => {
    if (!certificate.ca) return;
    intermediates.delete(certificate.fingerprint256);
    intermediates.set(certificate.fingerprint256, certificate);
    for (const oldest of intermediates.keys()) {
      if (intermediates.size <= MAX_INTERMEDIATES) break;
      intermediates.delete(oldest);
    }
  };
  return {
    replace(trustAnchors, certificateChain) {
      anchors = parsePem(trustAnchors).map(({ bytes }) => new X509Certificate(bytes));
      for (const { bytes } of parsePem(certificateChain)) remember(new X509Certificate(bytes));
    },
    learn(peer) {
      const seen = new Set([peer.fingerprint256]);
      for (let next = peer.issuerCertificate; next && !seen.has(next.fingerprint256); next = next.issuerCertificate) {
        seen.add(next.fingerprint256);
        remember(next);
      }
    },
    reaches(peer) {
      let checks = 0;
      const issued = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
        certificate.checkIssued(issuer) && checks++ < MAX_SIGNATURE_CHECKS && certificate.verify(issuer.publicKey);
      const seen = new Set<string>();
      const queue = [peer];
      for (let subject = queue.pop(); subject !== undefined; subject = queue.pop()) {
        const certificate = subject;
        if (seen.has(certificate.fingerprint256)) continue;
        seen.add(certificate.fingerprint256);
        const { fingerprint256 } = certificate;
        if (anchors.some((anchor) => anchor.fingerprint256 === fingerprint256 || issued(certificate, anchor)))
          return true;
        for (const [fingerprint, candidate] of intermediates)
          if (!seen.has(fingerprint) && issued(certificate, candidate)) queue.push(candidate);
      }
      return false;
    },
  };
}
