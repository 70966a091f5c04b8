import { formatDuration, type Oid, type Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { idCeBasicConstraints } from '../extensions/basic-constraints.js';
import { idCeCertificatePolicies } from '../extensions/certificate-policies.js';
import { idCeCRLDistributionPoints } from '../extensions/crl-distribution-points.js';
import { idCeExtKeyUsage, keyPurposes } from '../extensions/ext-key-usage.js';
import { idCeInhibitAnyPolicy } from '../extensions/inhibit-any-policy.js';
import { idCeKeyUsage } from '../extensions/key-usage.js';
import { idCeNameConstraints } from '../extensions/name-constraints.js';
import { idCePolicyConstraints } from '../extensions/policy-constraints.js';
import { idCePolicyMappings } from '../extensions/policy-mappings.js';
import { idCeSubjectAltName } from '../extensions/subject-alt-name.js';
import { lifetime } from '../validity.js';
import { keyFault, signatureAlgorithmFault } from './algorithm-policy.js';
import { firstFault, type Position } from './certificate-rules.js';
import type { DecodedExtensions, Link } from './link.js';
import type { Settings } from './options.js';
import { fault, isFault, type PathFault } from './refusal.js';

/** `id-pkix-ocsp-nocheck` (RFC 6960 §4.2.2.2.1) lets a client leave out a check; who checks all the same honours it. */
const idPkixOcspNocheck: Oid = '1.3.6.1.5.5.7.48.1.5';

/** Critical extensions that are honoured here (RFC 5280 §6.1.4 (o), §6.1.5 (f)). */
const HANDLED: ReadonlySet<Oid> = /* @__PURE__ */ new Set([
  idCeBasicConstraints,
  idCeCertificatePolicies,
  idCeExtKeyUsage,
  idCeInhibitAnyPolicy,
  idCeKeyUsage,
  idCeNameConstraints,
  idCePolicyConstraints,
  idCePolicyMappings,
  idCeSubjectAltName,
  idPkixOcspNocheck,
]);

/** What is wrong with a leaf by itself. */
export function leafFault(link: Link, settings: Settings, isTrusted: boolean): PathFault | undefined {
  const { certificate } = link;
  const tooLarge = sizeFault(link, settings) ?? datesFault(certificate, settings.at);
  if (tooLarge !== undefined) return tooLarge;
  const { decoded } = link;
  if (isFault(decoded)) return decoded;
  const lives = lifetime(certificate.validity);
  if (lives > settings.maxLifetime)
    return fault(
      'LifetimeTooLong',
      'limit',
      `The leaf lives ${lives} s, at most ${settings.maxLifetime} s are accepted`,
    );
  const absent = settings.keyUsage.find((bit) => decoded.keyUsage?.has(bit) === false);
  if (absent !== undefined)
    return fault('KeyUsageForbidden', 'RFC 5280 §4.2.1.3', `The keyUsage of the leaf lacks ${absent}`);
  return (
    criticalFault(certificate, settings) ??
    purposeFault(decoded, settings.extKeyUsage, settings.anyPurposeWillDo) ??
    keyFault(certificate.subjectPublicKeyInfo, settings.algorithms) ??
    (isTrusted ? undefined : signatureAlgorithmFault(certificate.signatureAlgorithm, settings.algorithms)) ??
    firstFault(settings.rules, link, decoded, 'leaf', isTrusted)
  );
}

/** What is wrong with an authority by itself: RFC 5280 §6.1.4 (k), (n), (o) and what the settings ask for. */
export function authorityFault(
  link: Link,
  settings: Settings,
  position: Exclude<Position, 'leaf'>,
): PathFault | undefined {
  const { certificate } = link;
  const outer = sizeFault(link, settings) ?? datesFault(certificate, settings.at);
  if (outer !== undefined) return outer;
  const { decoded } = link;
  if (isFault(decoded)) return decoded;
  // RFC 5280 §4.1.2.6: an authority has a name, or everybody without one could be it.
  if (certificate.subject.length === 2)
    return fault('IssuerUnnamed', 'RFC 5280 §4.1.2.6', 'The subject of the issuer is empty');
  if (decoded.basicConstraints?.cA !== true)
    return fault(
      'IssuerNotCA',
      'RFC 5280 §6.1.4 (k)',
      'The issuer is not a certification authority by its basicConstraints',
    );
  if (decoded.keyUsage?.has('keyCertSign') === false)
    return fault('KeyCertSignMissing', 'RFC 5280 §6.1.4 (n)', 'The keyUsage of the issuer lacks keyCertSign');
  const isAnchor = position === 'anchor';
  const { constraints } = link;
  if (isFault(constraints)) return constraints;
  return (
    criticalFault(certificate, settings) ??
    (settings.authorityExtKeyUsage ? purposeFault(decoded, settings.extKeyUsage, true) : undefined) ??
    keyFault(certificate.subjectPublicKeyInfo, settings.algorithms) ??
    (isAnchor ? undefined : signatureAlgorithmFault(certificate.signatureAlgorithm, settings.algorithms)) ??
    firstFault(settings.rules, link, decoded, position, isAnchor)
  );
}

function sizeFault(link: Link, { budget }: Settings): PathFault | undefined {
  const { certificateLength, names } = budget.limits;
  const { length } = link.certificate.der;
  if (length > certificateLength)
    return fault('CertificateTooLarge', 'limit', `The certificate has ${length} octets, at most ${certificateLength}`);
  const count = link.nameCount();
  if (count > names)
    return fault('TooManyNames', 'limit', `The certificate has ${count} names, at most ${names} are looked at`);
  return undefined;
}

/** RFC 5280 §6.1.3 (a)(2). */
function datesFault({ validity: { notBefore, notAfter } }: Certificate, at: Seconds): PathFault | undefined {
  const rule = 'RFC 5280 §6.1.3 (a)(2)';
  if (at < notBefore)
    return fault('NotYetValid', rule, `The certificate is valid ${formatDuration(notBefore - at)} later`);
  if (at > notAfter) return fault('Expired', rule, `The certificate expired ${formatDuration(at - notAfter)} before`);
  return undefined;
}

function criticalFault(
  { extensions }: Certificate,
  { handledExtensions, revocation }: Settings,
): PathFault | undefined {
  for (const { critical, extnID } of extensions)
    if (
      critical &&
      !HANDLED.has(extnID) &&
      !handledExtensions.includes(extnID) &&
      !(extnID === idCeCRLDistributionPoints && revocation !== undefined)
    )
      return fault(
        'UnhandledCriticalExtension',
        'RFC 5280 §4.2',
        `The critical extension ${extnID} is not evaluated, or must not be critical`,
      );
  return undefined;
}

function purposeFault(
  { extKeyUsage: purposes }: DecodedExtensions,
  wanted: Oid | undefined,
  anyPurposeWillDo: boolean,
): PathFault | undefined {
  if (wanted === undefined || purposes === undefined || purposes.includes(wanted)) return undefined;
  if (anyPurposeWillDo && purposes.includes(keyPurposes.anyExtendedKeyUsage)) return undefined;
  return fault(
    'ExtKeyUsageMismatch',
    'RFC 5280 §4.2.1.12',
    `The certificate is for ${purposes.slice(0, 10).join(', ')}, not for ${wanted}`,
  );
}
