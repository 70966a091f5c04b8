import { type CertificationRequest, parseCertificationRequest } from '@mayfly/pkcs10';
import type { PodCertificateRequest } from './types.js';

/** The key that a request is for, and the stub where one carries it. */
export interface RequestedKey {
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly stub?: CertificationRequest;
}

/**
 * Takes the key from the stub, or from the pair where there is no stub.
 * @returns `undefined` when there is neither, as when a v1 client reads the request of a kubelet of 1.35.
 * @throws {@link DerError}, {@link X509Error} or {@link Pkcs10Error} for a stub that is no PKCS#10 request.
 */
export function requestedKey({ spec }: PodCertificateRequest): RequestedKey | undefined {
  if (spec.stubPKCS10Request.length > 0) {
    const stub = parseCertificationRequest(spec.stubPKCS10Request);
    return { subjectPublicKeyInfo: stub.subjectPublicKeyInfo, stub };
  }
  return spec.pkixPublicKey.length > 0 ? { subjectPublicKeyInfo: spec.pkixPublicKey } : undefined;
}
