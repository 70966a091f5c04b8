/** The readers and writers of every extension, by OID, with openssl's name and way of printing each. */
import { type Oid, toHex } from '@mayfly/der';
import type { Extension, HasExtensions } from '@mayfly/x509';
import * as x from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { attributeTypeOf, parseName } from '@mayfly/x509/name';

export interface ExtensionCodec {
  /** Name of the reader, as faults give it. */
  readonly field: string;
  /** What openssl calls it. */
  readonly name: string;
  /** Decodes it; undefined when it is not there. */
  readonly read: (of: HasExtensions) => unknown;
  /** Decodes it and writes it again. */
  readonly again: (of: HasExtensions, critical: boolean) => Extension;
  /** What openssl prints for the value. */
  readonly text?: (of: HasExtensions) => string;
}

const codec = <T>(
  field: string,
  name: string,
  read: (of: HasExtensions) => T | undefined,
  write: (value: T, critical: boolean) => Extension,
  text?: (value: T) => string,
): ExtensionCodec => {
  const present = (of: HasExtensions): T => {
    const value = read(of);
    if (value === undefined) throw new Error(`${field} is not there`);
    return value;
  };
  return {
    field,
    name,
    read,
    again: (of, critical) => write(present(of), critical),
    ...(text && { text: (of: HasExtensions) => text(present(of)) }),
  };
};

const colons = (bytes: Uint8Array): string => toHex(bytes).toUpperCase().match(/../g)?.join(':') ?? '';

const KEY_USAGE: Readonly<Record<x.KeyUsageBit, string>> = {
  digitalSignature: 'Digital Signature',
  contentCommitment: 'Non Repudiation',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Certificate Sign',
  cRLSign: 'CRL Sign',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
};
const PURPOSE: Readonly<Record<Oid, string>> = {
  [x.keyPurposes.anyExtendedKeyUsage]: 'Any Extended Key Usage',
  [x.keyPurposes.serverAuth]: 'TLS Web Server Authentication',
  [x.keyPurposes.clientAuth]: 'TLS Web Client Authentication',
  [x.keyPurposes.codeSigning]: 'Code Signing',
  [x.keyPurposes.emailProtection]: 'E-mail Protection',
  '1.3.6.1.5.5.7.3.8': 'Time Stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP Signing',
};
const ACCESS: Readonly<Record<Oid, string>> = {
  [x.accessMethods.ocsp]: 'OCSP',
  [x.accessMethods.caIssuers]: 'CA Issuers',
  [x.accessMethods.timeStamping]: 'AD Time Stamping',
  [x.accessMethods.caRepository]: 'CA Repository',
};
const REASON: Readonly<Record<x.ReasonFlag, string>> = {
  unused: 'Unused',
  keyCompromise: 'Key Compromise',
  cACompromise: 'CA Compromise',
  affiliationChanged: 'Affiliation Changed',
  superseded: 'Superseded',
  cessationOfOperation: 'Cessation Of Operation',
  certificateHold: 'Certificate Hold',
  privilegeWithdrawn: 'Privilege Withdrawn',
  aACompromise: 'AA Compromise',
};

function address(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (octets[2 * i]! << 8) | octets[2 * i + 1]!);
  return groups.map((group) => group.toString(16).toUpperCase()).join(':');
}

const directoryText = (der: Uint8Array): string =>
  parseName(der)
    .map((rdn) => rdn.map(({ type, value }) => `${attributeTypeOf(type)?.descriptor ?? type} = ${value}`).join(' + '))
    .join(', ');

function generalName(name: GeneralName): string {
  switch (name.type) {
    case 'dNSName':
      return `DNS:${name.value}`;
    case 'rfc822Name':
      return `email:${name.value}`;
    case 'uniformResourceIdentifier':
      return `URI:${name.value}`;
    case 'registeredID':
      return `Registered ID:${name.value}`;
    case 'iPAddress':
      return name.value.length === 4 || name.value.length === 16
        ? `IP Address:${address(name.value)}`
        : `IP:${address(name.value.subarray(0, name.value.length / 2))}/${address(name.value.subarray(name.value.length / 2))}`;
    case 'directoryName':
      return `DirName:${directoryText(name.value)}`;
    case 'otherName':
      // The one otherName among the vectors: a user principal name, a UTF8String of less than 128 octets.
      return `othername: ${name.typeId === '1.3.6.1.4.1.311.20.2.3' ? 'UPN' : name.typeId}::${new TextDecoder().decode(name.value.subarray(2))}`;
    default:
      return name.type;
  }
}
/** openssl has two ways to print a name: this one in lists of GeneralNames, the other in lists of points and subtrees. */
const slashed = (name: GeneralName): string =>
  name.type === 'directoryName'
    ? `DirName:/${directoryText(name.value).replaceAll(' = ', '=').replaceAll(', ', '/')}`
    : generalName(name);
const generalNames = (names: readonly GeneralName[]): string => names.map(slashed).join(', ');
const accesses = (descriptions: readonly x.AccessDescription[]): string =>
  descriptions
    .map(({ accessMethod, accessLocation }) => `${ACCESS[accessMethod]} - ${generalName(accessLocation)}`)
    .join('\n');
const subtrees = (title: string, list: readonly x.GeneralSubtree[] | undefined): readonly string[] =>
  list === undefined ? [] : [`${title}:`, ...list.map(({ base }) => `  ${generalName(base)}`)];
const skip = (title: string, certificates: number | undefined): readonly string[] =>
  certificates === undefined ? [] : [`${title}:${certificates}`];

function points(list: readonly x.DistributionPoint[]): string {
  return list
    .flatMap(({ distributionPoint, reasons, cRLIssuer }) => [
      ...(distributionPoint?.fullName
        ? ['Full Name:', ...distributionPoint.fullName.map((name) => `  ${generalName(name)}`)]
        : []),
      ...(distributionPoint?.nameRelativeToCRLIssuer
        ? ['Relative Name:', ...distributionPoint.nameRelativeToCRLIssuer.map(({ value }) => `  CN = ${value}`)]
        : []),
      ...(reasons ? ['Reasons:', `  ${[...reasons].map((reason) => REASON[reason]).join(', ')}`] : []),
      ...(cRLIssuer ? ['CRL Issuer:', ...cRLIssuer.map((name) => `  ${generalName(name)}`)] : []),
    ])
    .join('\n');
}

function policies(list: readonly x.PolicyInformation[]): string {
  return list
    .flatMap(({ policyIdentifier, policyQualifiers = [] }) => [
      `Policy: ${policyIdentifier === x.anyPolicy ? 'X509v3 Any Policy' : policyIdentifier}`,
      ...policyQualifiers.flatMap((qualifier) => {
        if (qualifier.type === 'cPSuri') return [`  CPS: ${qualifier.value}`];
        if (qualifier.type === 'other') return [`  Unknown Qualifier: ${qualifier.policyQualifierId}`];
        const { noticeRef, explicitText } = qualifier;
        return [
          '  User Notice:',
          ...(noticeRef
            ? [
                `    Organization: ${noticeRef.organization.value}`,
                `    Numbers: ${noticeRef.noticeNumbers.join(', ')}`,
              ]
            : []),
          ...(explicitText ? [`    Explicit Text: ${explicitText.value}`] : []),
        ];
      }),
    ])
    .join('\n');
}

/** Every extension that there is a codec for. */
export const extensionCodecs: Readonly<Record<Oid, ExtensionCodec>> = {
  [x.idCeSubjectKeyIdentifier]: codec(
    'subjectKeyIdentifier',
    'X509v3 Subject Key Identifier',
    x.subjectKeyIdentifier,
    x.subjectKeyIdentifierExtension,
    colons,
  ),
  [x.idCeKeyUsage]: codec('keyUsage', 'X509v3 Key Usage', x.keyUsage, x.keyUsageExtension, (bits) =>
    [...bits].map((bit) => KEY_USAGE[bit]).join(', '),
  ),
  [x.idCeSubjectAltName]: codec(
    'subjectAltName',
    'X509v3 Subject Alternative Name',
    x.subjectAltName,
    x.subjectAltNameExtension,
    generalNames,
  ),
  [x.idCeIssuerAltName]: codec(
    'issuerAltName',
    'X509v3 Issuer Alternative Name',
    x.issuerAltName,
    x.issuerAltNameExtension,
    generalNames,
  ),
  [x.idCeBasicConstraints]: codec(
    'basicConstraints',
    'X509v3 Basic Constraints',
    x.basicConstraints,
    x.basicConstraintsExtension,
    ({ cA, pathLenConstraint }) =>
      `CA:${cA ? 'TRUE' : 'FALSE'}${pathLenConstraint === undefined ? '' : `, pathlen:${pathLenConstraint}`}`,
  ),
  [x.idCeNameConstraints]: codec(
    'nameConstraints',
    'X509v3 Name Constraints',
    x.nameConstraints,
    x.nameConstraintsExtension,
    ({ permittedSubtrees, excludedSubtrees }) =>
      [...subtrees('Permitted', permittedSubtrees), ...subtrees('Excluded', excludedSubtrees)].join('\n'),
  ),
  [x.idCeCRLDistributionPoints]: codec(
    'cRLDistributionPoints',
    'X509v3 CRL Distribution Points',
    x.cRLDistributionPoints,
    x.cRLDistributionPointsExtension,
    points,
  ),
  [x.idCeCertificatePolicies]: codec(
    'certificatePolicies',
    'X509v3 Certificate Policies',
    x.certificatePolicies,
    x.certificatePoliciesExtension,
    policies,
  ),
  [x.idCePolicyMappings]: codec(
    'policyMappings',
    'X509v3 Policy Mappings',
    x.policyMappings,
    x.policyMappingsExtension,
    (mappings) =>
      mappings
        .map(({ issuerDomainPolicy, subjectDomainPolicy }) => `${issuerDomainPolicy}:${subjectDomainPolicy}`)
        .join(', '),
  ),
  [x.idCeAuthorityKeyIdentifier]: codec(
    'authorityKeyIdentifier',
    'X509v3 Authority Key Identifier',
    x.authorityKeyIdentifier,
    x.authorityKeyIdentifierExtension,
    ({ keyIdentifier, authorityCertIssuer, authorityCertSerialNumber }) =>
      authorityCertIssuer === undefined || authorityCertSerialNumber === undefined
        ? colons(keyIdentifier ?? new Uint8Array(0))
        : [
            ...(keyIdentifier ? [`keyid:${colons(keyIdentifier)}`] : []),
            ...authorityCertIssuer.map(slashed),
            `serial:${authorityCertSerialNumber.toString(16).toUpperCase().match(/../g)?.join(':')}`,
          ].join('\n'),
  ),
  [x.idCePolicyConstraints]: codec(
    'policyConstraints',
    'X509v3 Policy Constraints',
    x.policyConstraints,
    x.policyConstraintsExtension,
    ({ requireExplicitPolicy, inhibitPolicyMapping }) =>
      [
        ...skip('Require Explicit Policy', requireExplicitPolicy),
        ...skip('Inhibit Policy Mapping', inhibitPolicyMapping),
      ].join(', '),
  ),
  [x.idCeExtKeyUsage]: codec(
    'extKeyUsage',
    'X509v3 Extended Key Usage',
    x.extKeyUsage,
    x.extKeyUsageExtension,
    (list) => list.map((purpose) => PURPOSE[purpose] ?? purpose).join(', '),
  ),
  [x.idCeFreshestCRL]: codec('freshestCRL', 'X509v3 Freshest CRL', x.freshestCRL, x.freshestCRLExtension, points),
  [x.idCeInhibitAnyPolicy]: codec(
    'inhibitAnyPolicy',
    'X509v3 Inhibit Any Policy',
    x.inhibitAnyPolicy,
    x.inhibitAnyPolicyExtension,
    String,
  ),
  [x.idCeSubjectDirectoryAttributes]: codec(
    'subjectDirectoryAttributes',
    'X509v3 Subject Directory Attributes',
    x.subjectDirectoryAttributes,
    x.subjectDirectoryAttributesExtension,
  ),
  [x.idPeAuthorityInfoAccess]: codec(
    'authorityInfoAccess',
    'Authority Information Access',
    x.authorityInfoAccess,
    x.authorityInfoAccessExtension,
    accesses,
  ),
  [x.idPeSubjectInfoAccess]: codec(
    'subjectInfoAccess',
    'Subject Information Access',
    x.subjectInfoAccess,
    x.subjectInfoAccessExtension,
    accesses,
  ),
  [x.idPeTLSFeature]: codec('tlsFeature', 'TLS Feature', x.tlsFeature, x.tlsFeatureExtension, (features) =>
    features.map((feature) => (feature === 5 ? 'status_request' : 'status_request_v2')).join(', '),
  ),
  [x.idSignedCertificateTimestampList]: codec(
    'signedCertificateTimestamps',
    'CT Precertificate SCTs',
    x.signedCertificateTimestamps,
    x.signedCertificateTimestampsExtension,
  ),
};

/** openssl's names of those extensions among the vectors that have no codec. */
export const otherExtensionNames: Readonly<Record<Oid, string>> = {
  '1.3.6.1.4.1.11129.2.4.3': 'CT Precertificate Poison',
  '1.3.6.1.5.5.7.48.1.5': 'OCSP No Check',
};
