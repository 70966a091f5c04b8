import { DerError } from '@mayfly/der';
import type { TrustedEntry } from '@mayfly/pkcs12';
import { parseCertificate, X509Error } from '@mayfly/x509';
import { attributeValues, formatDistinguishedName, parseName } from '@mayfly/x509/name';

/** Names each certificate by its subject; a number tells apart those of one subject. */
export function namedTrust(certificates: readonly Uint8Array[]): readonly TrustedEntry[] {
  const seen = new Map<string, number>();
  return certificates.map((certificate) => {
    const name = nameOf(certificate) ?? 'certificate';
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return { certificate, friendlyName: count === 1 ? name : `${name} ${count}` };
  });
}

/** The commonName of a subject, or all of it. */
export function nameOf(certificate: Uint8Array): string | undefined {
  try {
    const subject = parseName(parseCertificate(certificate).subject);
    return attributeValues(subject, '2.5.4.3')[0] || formatDistinguishedName(subject) || undefined;
  } catch (error) {
    if (error instanceof X509Error || error instanceof DerError) return undefined; // an odd subject: it goes without a name
    throw error;
  }
}
