import type { WantedCertificate } from '@mayfly/pod-certificates/signer';
import { type GeneralName, parseIPAddress } from '@mayfly/x509/general-name';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { RequestedIdentity } from '../manifests/annotations.js';

/**
 * What goes into a certificate once it is decided who gets which names: subject and addresses as requested, and the URIs and DNS
 * names that were settled on.
 */
export function grantedContents(
  { commonName, organization, ipAddresses }: RequestedIdentity,
  uris: Iterable<string>,
  dnsNames: readonly string[],
): Pick<WantedCertificate, 'subject' | 'subjectAltName'> {
  const subjectAltName: GeneralName[] = [
    ...Array.from(uris, (value) => ({ type: 'uniformResourceIdentifier', value }) as const),
    ...dnsNames.map((value) => ({ type: 'dNSName', value }) as const),
    // Decoding has seen that each is an address.
    ...ipAddresses.map((text) => ({ type: 'iPAddress', value: parseIPAddress(text)! }) as const),
  ];
  const subject = encodeName(
    buildName({ ...(organization.length > 0 && { organization }), ...(commonName !== undefined && { commonName }) }),
  );
  return { subject, subjectAltName };
}
