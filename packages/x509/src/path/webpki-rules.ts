import { equalBytes } from '@mayfly/der';
import { idCeExtKeyUsage, keyPurposes } from '../extensions/ext-key-usage.js';
import { findExtension } from '../extensions/find-extension.js';
import { idCeSubjectAltName } from '../extensions/subject-alt-name.js';
import { formatIPAddress } from '../general-name/ip-address.js';
import { attributeTypes } from '../name/attribute-types.js';
import { attributeValues } from '../name/codec.js';
import {
  altNameSyntax,
  authorityBits,
  authorityKeyIdentified,
  type CertificateRule,
  firstFault,
  issuerNamed,
  nameConstraintsInAuthorities,
  type Position,
  serialNumber,
  subjectKeyIdentified,
  subjectNamed,
} from './certificate-rules.js';
import { fault } from './refusal.js';

/** Sections of the CA/Browser Forum Baseline Requirements for TLS server certificates, version 2. */
const br = (section: string): string => `CABF BR §${section}`;

const version3: CertificateRule = ({ certificate }) =>
  certificate.version !== 3 &&
  fault('VersionTooOld', br('7.1.1'), `The certificate is of version ${certificate.version}`);

/** §7.1.2.1.3 and §7.1.2.11.1: a key identifier and nothing else; in a root its own. */
const keyIdentifierAlone: CertificateRule = (
  { isSelfIssued },
  { authorityKeyIdentifier, subjectKeyIdentifier },
  position,
) => {
  if (authorityKeyIdentifier === undefined) return undefined;
  const { keyIdentifier, authorityCertIssuer, authorityCertSerialNumber } = authorityKeyIdentifier;
  const refuse = (state: string) => fault('BadExtension', br('7.1.2.11.1'), `authorityKeyIdentifier ${state}`);
  if (keyIdentifier === undefined) return refuse('has no keyIdentifier');
  if (authorityCertIssuer !== undefined || authorityCertSerialNumber !== undefined)
    return refuse('names a certificate, not a key');
  if (position !== 'anchor' || !isSelfIssued) return undefined;
  return (
    !(subjectKeyIdentifier && equalBytes(keyIdentifier, subjectKeyIdentifier)) && refuse('of a root is not its own')
  );
};

const rootWithoutPurpose: CertificateRule = ({ isSelfIssued }, { extKeyUsage }, position) =>
  position === 'anchor' &&
  isSelfIssued &&
  extKeyUsage !== undefined &&
  fault('ExtensionForbidden', br('7.1.2.1.2'), 'A root has extKeyUsage');

/** §7.1.2.10.7: an authority says so. */
const authorityKeyUsage: CertificateRule = (_link, { keyUsage }) =>
  keyUsage === undefined && fault('ExtensionMissing', br('7.1.2.10.7'), 'keyUsage is missing in an authority');

const leafIsNoCA: CertificateRule = (_link, { basicConstraints, keyUsage }) =>
  (basicConstraints?.cA === true || keyUsage?.has('keyCertSign') === true || keyUsage?.has('cRLSign') === true) &&
  fault('LeafIsCA', br('7.1.2.7.8'), 'The leaf is a certification authority by its basicConstraints or keyUsage');

/** §7.1.2.7.10: serverAuth, perhaps clientAuth, none of those that would make more of it. */
const leafPurposes: CertificateRule = ({ certificate }, { extKeyUsage }) => {
  const section = br('7.1.2.7.10');
  if (findExtension(certificate, idCeExtKeyUsage)?.critical)
    return fault('ExtensionCritical', br('7.1.2.7.6'), 'extKeyUsage of the leaf is critical');
  if (extKeyUsage === undefined) return fault('ExtensionMissing', section, 'extKeyUsage is missing in the leaf');
  const forbidden = extKeyUsage.find((purpose) => FORBIDDEN_PURPOSES.includes(purpose));
  return (
    forbidden !== undefined && fault('ExtensionForbidden', section, `extKeyUsage has ${forbidden} in a TLS certificate`)
  );
};

const FORBIDDEN_PURPOSES: readonly string[] = [
  keyPurposes.anyExtendedKeyUsage,
  keyPurposes.codeSigning,
  keyPurposes.emailProtection,
  keyPurposes.timeStamping,
  keyPurposes.OCSPSigning,
];

/** §7.1.2.7.12: DNS names and addresses; critical where there is no subject and only there. */
const leafNames: CertificateRule = ({ certificate }, { subjectAltName }) => {
  const section = br('7.1.2.7.12');
  if (subjectAltName === undefined) return fault('ExtensionMissing', section, 'subjectAltName is missing in the leaf');
  const other = subjectAltName.find(({ type }) => type !== 'dNSName' && type !== 'iPAddress');
  if (other !== undefined) return fault('BadName', section, `subjectAltName has a ${other.type}`);
  const critical = findExtension(certificate, idCeSubjectAltName)?.critical === true;
  return (
    critical &&
    certificate.subject.length > 2 &&
    fault('ExtensionCritical', section, 'subjectAltName is critical, though there is a subject')
  );
};

/**
 * §7.1.4.3: a commonName repeats one of the names, character by character. One that names a host is held against the
 * dNSNames where there are any, and a wildcard among them may stand for it; one that reads as an address, in whatever notation,
 * against the iPAddresses in the one notation that is allowed.
 */
const commonNameRepeated: CertificateRule = (link, { subjectAltName = [] }) => {
  const section = br('7.1.4.3');
  const [value, second] = attributeValues(link.subjectName(), attributeTypes.commonName.type);
  if (second !== undefined) return fault('BadName', section, 'The subject has more than one commonName');
  if (value === undefined) return undefined;
  const isAddress = value.includes(':') || /(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?$/.test(value);
  const names = subjectAltName.flatMap((name) =>
    name.type === 'dNSName' && !isAddress
      ? [name.value]
      : name.type === 'iPAddress' && isAddress
        ? [formatIPAddress(name.value)]
        : [],
  );
  if (names.includes(value) || (!isAddress && names.length === 0)) return undefined;
  if (names.includes(`*${value.slice(value.indexOf('.'))}`) || names.includes(`*.${value}`)) return undefined;
  return fault('BadName', section, 'The commonName is none of the names in subjectAltName');
};

/**
 * What the Baseline Requirements ask of TLS server certificates and those above them, as far as it protects whoever relies on
 * them and is true of the public Web: lifetimes, revocation pointers and policy OIDs, which the requirements ask of authorities, are
 * not looked at. Serial numbers, names and identifiers of roots are those of another time.
 */
export const webpkiRules: readonly CertificateRule[] = [
  (link, decoded, position, isTrusted) => firstFault(RULES[position], link, decoded, position, isTrusted),
];

/** What holds wherever a certificate stands. */
const EVERYWHERE: readonly CertificateRule[] = [
  version3,
  serialNumber,
  issuerNamed,
  authorityKeyIdentified,
  keyIdentifierAlone,
  subjectKeyIdentified,
  authorityBits,
  nameConstraintsInAuthorities,
  altNameSyntax,
];

const RULES: Readonly<Record<Position, readonly CertificateRule[]>> = {
  leaf: [...EVERYWHERE, subjectNamed, leafIsNoCA, leafPurposes, leafNames, commonNameRepeated],
  intermediate: [...EVERYWHERE, subjectNamed, authorityKeyUsage],
  anchor: [...EVERYWHERE, rootWithoutPurpose, authorityKeyUsage],
};
