import type { Extension, HasExtensions } from '../extension.js';
import { idCeBasicConstraints } from '../extensions/basic-constraints.js';
import { findExtension } from '../extensions/find-extension.js';
import { idCeInhibitAnyPolicy } from '../extensions/inhibit-any-policy.js';
import { idCeNameConstraints } from '../extensions/name-constraints.js';
import { idCePolicyConstraints } from '../extensions/policy-constraints.js';
import { idCeSubjectAltName } from '../extensions/subject-alt-name.js';
import type { GeneralName } from '../general-name/codec.js';
import { isDNSName, isMailbox } from '../general-name/dns-name.js';
import type { DecodedExtensions, Link } from './link.js';
import { fault, type PathFault } from './refusal.js';

/** Where a certificate stands in a path. */
export type Position = 'leaf' | 'intermediate' | 'anchor';

/** A rule that a certificate is held to by itself, wherever the path leads. `isTrusted` tells that it is itself an anchor. */
export type CertificateRule = (
  link: Link,
  decoded: DecodedExtensions,
  position: Position,
  isTrusted: boolean,
) => PathFault | undefined | false;

/** The first fault that a list of rules finds. */
export function firstFault(
  rules: readonly CertificateRule[],
  link: Link,
  decoded: DecodedExtensions,
  position: Position,
  isTrusted: boolean,
): PathFault | undefined {
  for (const rule of rules) {
    const found = rule(link, decoded, position, isTrusted);
    if (found) return found;
  }
  return undefined;
}

const missing = (what: string, section: string, why: string) =>
  fault('ExtensionMissing', `RFC 5280 §${section}`, `${what} is missing: ${why}`);

const extensionOf = (of: HasExtensions, extnID: string): Extension | undefined => findExtension(of, extnID);

/** RFC 5280 §4.1.2.2: above zero, 20 octets at most. Nobody looks an anchor up by its number, and old roots have odd ones. */
export const serialNumber: CertificateRule = ({ certificate }, _decoded, position) =>
  position !== 'anchor' &&
  (certificate.serialNumber <= 0n || certificate.serialNumber >= 1n << 159n) &&
  fault('BadSerialNumber', 'RFC 5280 §4.1.2.2', 'The serial number is not above zero, or has more than 20 octets');

/** RFC 5280 §4.1.2.4: who issued has a name. */
export const issuerNamed: CertificateRule = ({ certificate }) =>
  certificate.issuer.length === 2 && fault('BadName', 'RFC 5280 §4.1.2.4', 'The issuer is the empty name');

/** RFC 5280 §4.1.2.6: who has no name in the subject has one in a critical subjectAltName. */
export const subjectNamed: CertificateRule = ({ certificate }, { subjectAltName }) => {
  if (certificate.subject.length !== 2) return undefined;
  if (subjectAltName === undefined)
    return missing('subjectAltName', '4.1.2.6', 'the subject is empty, so the certificate is for nobody');
  return (
    extensionOf(certificate, idCeSubjectAltName)?.critical !== true &&
    fault('ExtensionNotCritical', 'RFC 5280 §4.1.2.6', 'subjectAltName is not critical, though the subject is empty')
  );
};

/** RFC 5280 §4.2.1.1: all but the self-signed say which key signed them. */
export const authorityKeyIdentified: CertificateRule = (
  { isSelfIssued },
  { authorityKeyIdentifier },
  _position,
  isTrusted,
) =>
  !(isSelfIssued && isTrusted) &&
  authorityKeyIdentifier?.keyIdentifier === undefined &&
  missing('authorityKeyIdentifier.keyIdentifier', '4.2.1.1', 'all certificates have one but the self-signed');

/** RFC 5280 §4.2.1.2: authorities say what their key is called. */
export const subjectKeyIdentified: CertificateRule = (_link, { basicConstraints, subjectKeyIdentifier }) =>
  basicConstraints?.cA === true &&
  subjectKeyIdentifier === undefined &&
  missing('subjectKeyIdentifier', '4.2.1.2', 'every certification authority has one');

/** RFC 5280 §4.2.1.9: cA and keyCertSign belong together, pathLenConstraint to both; critical in authorities. */
export const authorityBits: CertificateRule = ({ certificate }, { basicConstraints, keyUsage }) => {
  const section = 'RFC 5280 §4.2.1.9';
  const cA = basicConstraints?.cA === true;
  if (!cA && keyUsage?.has('keyCertSign'))
    return fault('KeyUsageForbidden', section, 'The keyUsage has keyCertSign, but basicConstraints have no cA');
  if (basicConstraints?.pathLenConstraint !== undefined && !(cA && keyUsage?.has('keyCertSign') !== false))
    return fault('BadExtension', section, 'pathLenConstraint stands without cA or without keyCertSign');
  if (!cA || extensionOf(certificate, idCeBasicConstraints)?.critical) return undefined;
  return fault('ExtensionNotCritical', section, 'basicConstraints of a certification authority are not critical');
};

/** RFC 5280 §4.2.1.10: only authorities have name constraints. */
export const nameConstraintsInAuthorities: CertificateRule = (_link, { basicConstraints, nameConstraints }) =>
  nameConstraints !== undefined &&
  basicConstraints?.cA !== true &&
  fault('ExtensionForbidden', 'RFC 5280 §4.2.1.10', 'nameConstraints stand in the certificate of no authority');

/** RFC 5280 §4.2.1.10, §4.2.1.11, §4.2.1.14: what narrows a path is critical, so that nobody passes over it. */
const constraintsCritical: CertificateRule = ({ certificate }) => {
  for (const [extnID, name, section] of MUST_BE_CRITICAL) {
    if (extensionOf(certificate, extnID)?.critical !== false) continue;
    return fault('ExtensionNotCritical', `RFC 5280 §${section}`, `${name} is not critical`);
  }
  return undefined;
};

const MUST_BE_CRITICAL = [
  [idCeNameConstraints, 'nameConstraints', '4.2.1.10'],
  [idCePolicyConstraints, 'policyConstraints', '4.2.1.11'],
  [idCeInhibitAnyPolicy, 'inhibitAnyPolicy', '4.2.1.14'],
] as const;

/** RFC 5280 §4.2.1.10: a dNSName constraint is a name in the preferred syntax; a dot before it belongs to URIs and mailboxes. */
const dnsConstraintSyntax: CertificateRule = (_link, { nameConstraints: constraints }) => {
  for (const subtrees of [constraints?.permittedSubtrees, constraints?.excludedSubtrees])
    for (const { base } of subtrees ?? [])
      if (base.type === 'dNSName' && base.value.startsWith('.'))
        return fault('BadExtension', 'RFC 5280 §4.2.1.10', 'A dNSName constraint begins with a dot');
  return undefined;
};

/** RFC 5280 §4.2.1.6: names are in the syntax of their type. */
export const altNameSyntax: CertificateRule = (_link, { subjectAltName }) => {
  for (const name of subjectAltName ?? []) {
    const state = syntaxFault(name);
    if (state !== undefined) return fault('BadName', 'RFC 5280 §4.2.1.6', `A ${name.type} of subjectAltName ${state}`);
  }
  return undefined;
};

function syntaxFault(name: GeneralName): string | undefined {
  switch (name.type) {
    case 'dNSName':
      return isDNSName(name.value, { wildcard: true }) ? undefined : 'is not in the preferred name syntax';
    case 'rfc822Name':
      return isMailbox(name.value) ? undefined : 'is no mailbox';
    case 'uniformResourceIdentifier':
      return /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(name.value) ? undefined : 'is no absolute URI';
    default:
      return undefined;
  }
}

/** What RFC 5280 §4 asks of certificates that conforming authorities make, as far as a validator can see it. */
export const rfc5280Rules: readonly CertificateRule[] = [
  serialNumber,
  issuerNamed,
  subjectNamed,
  authorityKeyIdentified,
  subjectKeyIdentified,
  authorityBits,
  nameConstraintsInAuthorities,
  constraintsCritical,
  dnsConstraintSyntax,
  altNameSyntax,
];

/** What workloads are held to: the rules whose breach would let a name or a key mean two things. */
export const workloadRules: readonly CertificateRule[] = [
  serialNumber,
  issuerNamed,
  subjectNamed,
  authorityBits,
  nameConstraintsInAuthorities,
  altNameSyntax,
  (_link, { policyConstraints, policyMappings, inhibitAnyPolicy }) =>
    (policyConstraints ?? policyMappings ?? inhibitAnyPolicy) !== undefined &&
    fault('ExtensionForbidden', 'workload', 'An authority constrains or maps policies, which workloads have none of'),
  (_link, { basicConstraints }, position) =>
    position === 'leaf' &&
    basicConstraints?.cA === true &&
    fault('LeafIsCA', 'X509-SVID §4', 'The certificate of a workload is that of a certification authority'),
];
