import { createHash } from 'node:crypto';
import { checkDer, equalBytes } from '@mayfly/der';
import {
  type Certificate,
  describePublicKey,
  type Extension,
  encodeTBSCertificate,
  type HasExtensions,
  inspectCertificate,
  signedParts,
} from '@mayfly/x509';
import * as x from '@mayfly/x509/extensions';
import { formatGeneralName, type GeneralName } from '@mayfly/x509/general-name';
import { encodeName, formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { assemble } from '@mayfly/x509/signed';

/** What the suites say about a certificate; absent facts are not claimed. */
export interface CertificateFacts {
  readonly serial?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly tbsSha256?: string;
  readonly issuerSha256?: string;
  readonly subjectSha256?: string;
  readonly spkiSha256?: string;
  readonly sigAlg?: string;
  readonly version?: number;
  readonly extensions?: readonly (readonly [oid: string, critical: boolean, sha256: string])[];
  readonly dnsNames?: readonly string[];
  readonly emails?: readonly string[];
  readonly ips?: readonly string[];
  readonly isCA?: boolean;
  readonly maxPathLen?: number;
  readonly keyUsage?: number;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const bits: readonly x.KeyUsageBit[] = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

const textsOf = (names: readonly GeneralName[], type: GeneralName['type']): readonly string[] =>
  names.filter((name) => name.type === type).map((name) => String(name.value));

/** Decodes an extension and writes it again, for each that is known. */
const rewriters: Readonly<Record<string, (of: HasExtensions, critical: boolean) => Extension>> = {
  [x.idPeAuthorityInfoAccess]: (of) => x.authorityInfoAccessExtension(x.authorityInfoAccess(of)!),
  [x.idCeAuthorityKeyIdentifier]: (of) => x.authorityKeyIdentifierExtension(x.authorityKeyIdentifier(of)!),
  [x.idCeBasicConstraints]: (of, critical) => x.basicConstraintsExtension(x.basicConstraints(of)!, critical),
  [x.idCeCertificatePolicies]: (of, critical) => x.certificatePoliciesExtension(x.certificatePolicies(of)!, critical),
  [x.idCeCRLDistributionPoints]: (of, critical) =>
    x.cRLDistributionPointsExtension(x.cRLDistributionPoints(of)!, critical),
  [x.idCeExtKeyUsage]: (of, critical) => x.extKeyUsageExtension(x.extKeyUsage(of)!, critical),
  [x.idCeFreshestCRL]: (of) => x.freshestCRLExtension(x.freshestCRL(of)!),
  [x.idCeInhibitAnyPolicy]: (of, critical) => x.inhibitAnyPolicyExtension(x.inhibitAnyPolicy(of)!, critical),
  [x.idCeIssuerAltName]: (of, critical) => x.issuerAltNameExtension(x.issuerAltName(of)!, critical),
  [x.idCeKeyUsage]: (of, critical) => x.keyUsageExtension(x.keyUsage(of)!, critical),
  [x.idCeNameConstraints]: (of, critical) => x.nameConstraintsExtension(x.nameConstraints(of)!, critical),
  [x.idCePolicyConstraints]: (of, critical) => x.policyConstraintsExtension(x.policyConstraints(of)!, critical),
  [x.idCePolicyMappings]: (of, critical) => x.policyMappingsExtension(x.policyMappings(of)!, critical),
  [x.idCeSubjectAltName]: (of, critical) => x.subjectAltNameExtension(x.subjectAltName(of)!, critical),
  [x.idCeSubjectDirectoryAttributes]: (of) => x.subjectDirectoryAttributesExtension(x.subjectDirectoryAttributes(of)!),
  [x.idPeSubjectInfoAccess]: (of) => x.subjectInfoAccessExtension(x.subjectInfoAccess(of)!),
  [x.idCeSubjectKeyIdentifier]: (of) => x.subjectKeyIdentifierExtension(x.subjectKeyIdentifier(of)!),
  [x.idSignedCertificateTimestampList]: (of) =>
    x.signedCertificateTimestampsExtension(x.signedCertificateTimestamps(of)!),
  [x.idPeTLSFeature]: (of, critical) => x.tlsFeatureExtension(x.tlsFeature(of)!, critical),
};

/** Decodes all that is known of what stands in a certificate, and throws where any of it is broken. */
export function decodeEverything(certificate: Certificate): void {
  formatDistinguishedName(parseName(certificate.issuer));
  formatDistinguishedName(parseName(certificate.subject));
  describePublicKey(certificate.subjectPublicKeyInfo);
  decodeExtensions(certificate);
}

/** Decodes every extension that is known. */
export function decodeExtensions(of: HasExtensions): void {
  for (const { extnID } of of.extensions) readers[extnID]?.(of);
  for (const name of x.subjectAltName(of) ?? []) formatGeneralName(name);
}

const readers: Readonly<Record<string, (of: HasExtensions) => unknown>> = {
  [x.idPeAuthorityInfoAccess]: x.authorityInfoAccess,
  [x.idCeAuthorityKeyIdentifier]: x.authorityKeyIdentifier,
  [x.idCeBasicConstraints]: x.basicConstraints,
  [x.idCeCertificatePolicies]: x.certificatePolicies,
  [x.idCeCRLDistributionPoints]: x.cRLDistributionPoints,
  [x.idCeExtKeyUsage]: x.extKeyUsage,
  [x.idCeFreshestCRL]: x.freshestCRL,
  [x.idCeInhibitAnyPolicy]: x.inhibitAnyPolicy,
  [x.idCeIssuerAltName]: x.issuerAltName,
  [x.idCeKeyUsage]: x.keyUsage,
  [x.idCeNameConstraints]: x.nameConstraints,
  [x.idCePolicyConstraints]: x.policyConstraints,
  [x.idCePolicyMappings]: x.policyMappings,
  [x.idCeSubjectAltName]: x.subjectAltName,
  [x.idCeSubjectDirectoryAttributes]: x.subjectDirectoryAttributes,
  [x.idPeSubjectInfoAccess]: x.subjectInfoAccess,
  [x.idCeSubjectKeyIdentifier]: x.subjectKeyIdentifier,
  [x.idSignedCertificateTimestampList]: x.signedCertificateTimestamps,
  [x.idPeTLSFeature]: x.tlsFeature,
};

/** The names of the subject that the suites may claim. */
export function nameFacts(of: HasExtensions): Pick<CertificateFacts, 'dnsNames' | 'emails' | 'ips'> {
  const names = x.subjectAltName(of) ?? [];
  return {
    dnsNames: textsOf(names, 'dNSName'),
    emails: textsOf(names, 'rfc822Name'),
    ips: names.filter((name) => name.type === 'iPAddress').map((name) => formatGeneralName(name).slice('IP:'.length)),
  };
}

/** The facts of a certificate that the suites may claim. */
export function factsOf(certificate: Certificate): CertificateFacts {
  const constraints = x.basicConstraints(certificate);
  const usage = x.keyUsage(certificate);
  return {
    serial: certificate.serialNumber.toString(16),
    notBefore: certificate.validity.notBefore,
    notAfter: certificate.validity.notAfter,
    tbsSha256: sha256(certificate.tbsCertificate),
    issuerSha256: sha256(certificate.issuer),
    subjectSha256: sha256(certificate.subject),
    spkiSha256: sha256(certificate.subjectPublicKeyInfo),
    sigAlg: certificate.signatureAlgorithm.algorithm,
    version: certificate.version,
    extensions: extensionFacts(certificate),
    ...nameFacts(certificate),
    isCA: constraints?.cA ?? false,
    ...(constraints?.pathLenConstraint !== undefined && { maxPathLen: constraints.pathLenConstraint }),
    ...(usage && { keyUsage: bits.reduce((sum, bit, i) => (usage.has(bit) ? sum | (1 << i) : sum), 0) }),
  };
}

export const extensionFacts = (of: HasExtensions): NonNullable<CertificateFacts['extensions']> =>
  of.extensions.map(({ extnID, critical, extnValue }) => [extnID, critical, sha256(extnValue)]);

/** Names of the facts that do not agree. */
export const disagreeing = (claimed: object, found: object): readonly string[] =>
  Object.entries(claimed)
    .filter(([fact, value]) => JSON.stringify(value) !== JSON.stringify(found[fact as keyof typeof found]))
    .map(
      ([fact, value]) =>
        `${fact} is ${JSON.stringify(found[fact as keyof typeof found])}, not ${JSON.stringify(value)}`,
    );

/**
 * What is wrong with writing again what was read of an extension. A value that is read, but is not what DER and RFC 5280 write,
 * is written as they do, to the same meaning; what they forbid is refused.
 */
function rewritingFault(of: HasExtensions, extension: Extension): string | undefined {
  const { extnID, critical } = extension;
  const write = rewriters[extnID];
  if (write === undefined) return undefined;
  let rewritten: Extension;
  try {
    rewritten = write(of, critical);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
  if (equalBytes(rewritten.extnValue, extension.extnValue)) return undefined;
  const meaning = (value: Extension) => JSON.stringify(readers[extnID]?.({ extensions: [value] }), plain);
  return meaning(rewritten) === meaning(extension) ? undefined : `extension ${extnID}`;
}

/** JSON of Sets and bigints, which have none of their own. */
const plain = (_key: string, value: unknown): unknown =>
  value instanceof Set ? [...value] : typeof value === 'bigint' ? `${value}n` : value;

/**
 * Puts a certificate together from the octets that were kept, which has to give the same octets, and builds another from its
 * decoded parts: the same to the octet, or, where the first was no DER, DER with the same meaning.
 * @returns What is otherwise.
 */
export function rewritingDifferences(certificate: Certificate): readonly string[] {
  const differences = certificate.extensions.flatMap((extension) => rewritingFault(certificate, extension) ?? []);
  if (!equalBytes(assemble(signedParts(certificate)), certificate.der)) differences.push('certificate');
  const tbs = encodeTBSCertificate({
    ...certificate,
    signature: certificate.signatureAlgorithm,
    issuer: encodeName(parseName(certificate.issuer)),
    subject: encodeName(parseName(certificate.subject)),
  });
  const der = assemble({ ...certificate, tbs });
  checkDer(der);
  if (!equalBytes(der, certificate.der)) {
    const meaning = (one: Certificate) => JSON.stringify({ ...factsOf(one), tbsSha256: undefined });
    if (meaning(inspectCertificate(der)) !== meaning(certificate)) differences.push('meaning of the certificate');
  }
  return differences;
}
