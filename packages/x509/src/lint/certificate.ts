import { equalBytes, type Oid } from '@mayfly/der';
import { type Certificate, encodeTBSCertificate, type TBSCertificate } from '../certificate.js';
import { authorityInfoAccess, idPeAuthorityInfoAccess } from '../extensions/authority-info-access.js';
import { authorityKeyIdentifier, idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { basicConstraints, idCeBasicConstraints } from '../extensions/basic-constraints.js';
import { anyPolicy, certificatePolicies } from '../extensions/certificate-policies.js';
import { cRLDistributionPoints } from '../extensions/crl-distribution-points.js';
import { extKeyUsage, idCeExtKeyUsage, keyPurposes } from '../extensions/ext-key-usage.js';
import { findExtension } from '../extensions/find-extension.js';
import { freshestCRL, idCeFreshestCRL } from '../extensions/freshest-crl.js';
import { idCeInhibitAnyPolicy, inhibitAnyPolicy } from '../extensions/inhibit-any-policy.js';
import { issuerAltName } from '../extensions/issuer-alt-name.js';
import { idCeKeyUsage, keyUsage } from '../extensions/key-usage.js';
import { idCeNameConstraints, nameConstraints } from '../extensions/name-constraints.js';
import { idCePolicyConstraints, policyConstraints } from '../extensions/policy-constraints.js';
import { idCePolicyMappings, policyMappings } from '../extensions/policy-mappings.js';
import { subjectAltName } from '../extensions/subject-alt-name.js';
import { idPeSubjectInfoAccess, subjectInfoAccess } from '../extensions/subject-info-access.js';
import { idCeSubjectKeyIdentifier, subjectKeyIdentifier } from '../extensions/subject-key-identifier.js';
import { tlsFeature } from '../extensions/tls-feature.js';
import { parseName } from '../name/codec.js';
import { keyLints } from './key.js';
import { type Lint, type LintFault, type LintFinding, runLints } from './lint.js';
import { isEmptyName, nameLints } from './names.js';

/** A certificate, or what is about to be one. */
export type LintedCertificate = Omit<TBSCertificate, 'signature'>;

const fault = (path: string, message: string): LintFault => ({ path, message });

/** Every reader of an extension: what is broken is an error whoever reads it. */
const READERS = [
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  certificatePolicies,
  cRLDistributionPoints,
  extKeyUsage,
  freshestCRL,
  inhibitAnyPolicy,
  issuerAltName,
  keyUsage,
  nameConstraints,
  policyConstraints,
  policyMappings,
  subjectAltName,
  subjectInfoAccess,
  subjectKeyIdentifier,
  tlsFeature,
] as const;

/** What RFC 5280 says of `critical`, by extension; true where it MUST be, false where it MUST NOT. */
const CRITICAL: readonly (readonly [Oid, string, boolean, string])[] = [
  [idCeAuthorityKeyIdentifier, 'authorityKeyIdentifier', false, '§4.2.1.1'],
  [idCeSubjectKeyIdentifier, 'subjectKeyIdentifier', false, '§4.2.1.2'],
  [idCeNameConstraints, 'nameConstraints', true, '§4.2.1.10'],
  [idCePolicyConstraints, 'policyConstraints', true, '§4.2.1.11'],
  [idCeInhibitAnyPolicy, 'inhibitAnyPolicy', true, '§4.2.1.14'],
  [idCeFreshestCRL, 'freshestCRL', false, '§4.2.1.15'],
  [idPeAuthorityInfoAccess, 'authorityInfoAccess', false, '§4.2.2.1'],
  [idPeSubjectInfoAccess, 'subjectInfoAccess', false, '§4.2.2.2'],
];

/** Lints of fields that every certificate has. */
export const fieldLints: readonly Lint<LintedCertificate>[] = [
  {
    id: 'version',
    source: 'RFC 5280 §4.1.2.1',
    severity: 'error',
    check: ({ version }) => (version === 3 ? undefined : fault('version', `v${version}, not v3`)),
  },
  {
    id: 'serial-number',
    source: 'RFC 5280 §4.1.2.2',
    severity: 'error',
    check: ({ serialNumber }) =>
      serialNumber > 0n && serialNumber >> 159n === 0n
        ? undefined
        : fault('serialNumber', 'not above zero, or longer than 20 octets'),
  },
  {
    id: 'issuer-name',
    source: 'RFC 5280 §4.1.2.4',
    severity: 'error',
    check: ({ issuer }) => (isEmptyName(issuer) ? fault('issuer', 'is empty') : undefined),
  },
  {
    id: 'validity',
    source: 'RFC 5280 §4.1.2.5',
    severity: 'error',
    check: ({ validity: { notBefore, notAfter } }) =>
      notBefore > notAfter ? fault('validity', 'ends before it begins') : undefined,
  },
  {
    id: 'unique-identifiers',
    source: 'RFC 5280 §4.1.2.8',
    severity: 'error',
    check: ({ issuerUniqueID, subjectUniqueID }) =>
      issuerUniqueID === undefined && subjectUniqueID === undefined
        ? undefined
        : fault(issuerUniqueID ? 'issuerUniqueID' : 'subjectUniqueID', 'is there, which RFC 5280 §4.1.2.8 forbids'),
  },
];

const isAuthority = (of: LintedCertificate): boolean => basicConstraints(of)?.cA === true;
const critical = (of: LintedCertificate, extnID: Oid): boolean | undefined => findExtension(of, extnID)?.critical;

/** Lints of extensions and of what they say together. */
export const extensionLints: readonly Lint<LintedCertificate>[] = /* @__PURE__ */ (() => [
  {
    id: 'extension-value',
    source: 'RFC 5280 §4.2.1',
    severity: 'error',
    check: (of) => {
      for (const read of READERS) read(of);
      return undefined;
    },
  },
  ...CRITICAL.map(
    ([extnID, name, expected, section]): Lint<LintedCertificate> => ({
      id: `${name.replace(/[A-Z]+/g, (upper) => `-${upper.toLowerCase()}`)}-critical`,
      source: `RFC 5280 ${section}`,
      severity: 'error',
      check: (of) => {
        const found = critical(of, extnID);
        if (found === undefined || found === expected) return undefined;
        return fault(`extensions.${name}.critical`, expected ? 'is not critical' : 'is critical');
      },
    }),
  ),
  {
    id: 'ca-subject',
    source: 'RFC 5280 §4.1.2.6',
    severity: 'error',
    check: (of) => (isAuthority(of) && isEmptyName(of.subject) ? fault('subject', 'of a CA is empty') : undefined),
  },
  {
    id: 'basic-constraints',
    source: 'RFC 5280 §4.2.1.9',
    severity: 'error',
    check: (of) => {
      const constraints = basicConstraints(of);
      if (constraints?.cA === true && critical(of, idCeBasicConstraints) !== true)
        return fault('extensions.basicConstraints.critical', 'is not critical in a CA');
      if (constraints?.pathLenConstraint === undefined) return undefined;
      const signs = keyUsage(of)?.has('keyCertSign') ?? true;
      return constraints.cA && signs
        ? undefined
        : fault('extensions.basicConstraints.pathLenConstraint', 'limits paths of what signs no certificates');
    },
  },
  {
    id: 'key-usage',
    source: 'RFC 5280 §4.2.1.3',
    severity: 'error',
    check: (of) => {
      const usage = keyUsage(of);
      if (isAuthority(of))
        return usage?.has('keyCertSign') ? undefined : fault('extensions.keyUsage', 'of a CA has no keyCertSign');
      return usage?.has('keyCertSign')
        ? fault('extensions.keyUsage', 'has keyCertSign, and basicConstraints does not say cA')
        : undefined;
    },
  },
  {
    id: 'key-usage-critical',
    source: 'RFC 5280 §4.2.1.3',
    severity: 'warning',
    check: (of) => (critical(of, idCeKeyUsage) === false ? fault('extensions.keyUsage', 'is not critical') : undefined),
  },
  {
    id: 'ext-key-usage-any',
    source: 'RFC 5280 §4.2.1.12',
    severity: 'warning',
    check: (of) =>
      critical(of, idCeExtKeyUsage) && extKeyUsage(of)?.includes(keyPurposes.anyExtendedKeyUsage)
        ? fault('extensions.extKeyUsage', 'is critical and has anyExtendedKeyUsage')
        : undefined,
  },
  {
    id: 'subject-key-identifier',
    source: 'RFC 5280 §4.2.1.2',
    severity: 'error',
    check: (of) =>
      isAuthority(of) && subjectKeyIdentifier(of) === undefined
        ? fault('extensions.subjectKeyIdentifier', 'is missing from a CA')
        : undefined,
  },
  {
    id: 'authority-key-identifier',
    source: 'RFC 5280 §4.2.1.1',
    severity: 'error',
    check: (of) =>
      !equalBytes(of.issuer, of.subject) && authorityKeyIdentifier(of)?.keyIdentifier === undefined
        ? fault('extensions.authorityKeyIdentifier', 'has no keyIdentifier')
        : undefined,
  },
  {
    id: 'authority-alone',
    source: 'RFC 5280 §4.2.1.5, §4.2.1.10, §4.2.1.11, §4.2.1.14',
    severity: 'error',
    check: (of) => {
      if (isAuthority(of)) return undefined;
      const found = [idCeNameConstraints, idCePolicyConstraints, idCeInhibitAnyPolicy, idCePolicyMappings].find(
        (extnID) => findExtension(of, extnID) !== undefined,
      );
      return found === undefined ? undefined : fault('extensions', `${found} is for authorities alone`);
    },
  },
  {
    id: 'policies',
    source: 'RFC 5280 §4.2.1.4, §4.2.1.5',
    severity: 'error',
    check: (of) => {
      const policies = certificatePolicies(of) ?? [];
      if (new Set(policies.map(({ policyIdentifier }) => policyIdentifier)).size < policies.length)
        return fault('extensions.certificatePolicies', 'has a policy twice');
      return policyMappings(of)?.some(
        ({ issuerDomainPolicy, subjectDomainPolicy }) =>
          issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy,
      )
        ? fault('extensions.policyMappings', 'maps anyPolicy')
        : undefined;
    },
  },
])();

/** Algorithms whose hash is broken. */
const BROKEN: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

/** Every lint of a certificate to be. */
export const certificateLints: readonly Lint<LintedCertificate>[] = /* @__PURE__ */ (() => [
  ...fieldLints,
  ...nameLints,
  ...keyLints,
  ...extensionLints,
])();

/** Lints that only the finished octets can be asked. */
const octetLints: readonly Lint<Certificate>[] = [
  {
    id: 'signature-algorithm',
    source: 'RFC 6151, RFC 6194',
    severity: 'error',
    check: ({ signatureAlgorithm: { algorithm } }) => {
      const hash = BROKEN[algorithm];
      return hash === undefined ? undefined : fault('signatureAlgorithm', `uses ${hash}, which is broken`);
    },
  },
  {
    id: 'issuer-value',
    source: 'RFC 5280 §4.1.2.4',
    severity: 'error',
    check: ({ issuer }) => {
      parseName(issuer);
      return undefined;
    },
  },
  {
    id: 'der',
    source: 'RFC 5280 §4.1, X.690 §11.5',
    severity: 'error',
    check: (certificate) =>
      equalBytes(
        encodeTBSCertificate({ ...certificate, signature: certificate.signatureAlgorithm }),
        certificate.tbsCertificate,
      )
        ? undefined
        : fault(
            'tbsCertificate',
            'is not what DER and RFC 5280 write: a DEFAULT, an empty list or a time in the wrong form',
          ),
  },
];

/**
 * Holds a certificate against the rules of RFC 5280 that bind whoever issues it.
 * @returns Every rule that it breaks; empty for what may be issued.
 */
export const lintCertificate = (certificate: Certificate): readonly LintFinding[] => [
  ...runLints(octetLints, certificate),
  ...runLints(certificateLints, certificate),
];
