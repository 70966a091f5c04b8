import { type Oid, read, tags } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { authorityInfoAccess } from '../extensions/authority-info-access.js';
import { type AuthorityKeyIdentifier, authorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { type BasicConstraints, basicConstraints } from '../extensions/basic-constraints.js';
import { certificatePolicies } from '../extensions/certificate-policies.js';
import { cRLDistributionPoints } from '../extensions/crl-distribution-points.js';
import { extKeyUsage } from '../extensions/ext-key-usage.js';
import { findExtension } from '../extensions/find-extension.js';
import { freshestCRL } from '../extensions/freshest-crl.js';
import { inhibitAnyPolicy } from '../extensions/inhibit-any-policy.js';
import { issuerAltName } from '../extensions/issuer-alt-name.js';
import { type KeyUsageBit, keyUsage } from '../extensions/key-usage.js';
import { type NameConstraints, nameConstraints } from '../extensions/name-constraints.js';
import { type PolicyConstraints, policyConstraints } from '../extensions/policy-constraints.js';
import { type PolicyMapping, policyMappings } from '../extensions/policy-mappings.js';
import { signedCertificateTimestamps } from '../extensions/signed-certificate-timestamps.js';
import { idCeSubjectAltName, subjectAltName } from '../extensions/subject-alt-name.js';
import { subjectDirectoryAttributes } from '../extensions/subject-directory-attributes.js';
import { subjectInfoAccess } from '../extensions/subject-info-access.js';
import { subjectKeyIdentifier } from '../extensions/subject-key-identifier.js';
import { tlsFeature } from '../extensions/tls-feature.js';
import type { GeneralName } from '../general-name/codec.js';
import { attributeTypes } from '../name/attribute-types.js';
import { type Name, parseName } from '../name/codec.js';
import { matchingKeys } from '../name/match.js';
import { type ConstrainedName, constrainedMailbox, constrainedName } from './constrained-names.js';
import { lacksParameters } from './inherited-parameters.js';
import { type PreparedConstraints, prepareConstraints } from './name-constraints.js';
import type { NameKeys } from './name-keys.js';
import { decodedOr, isFault, type PathFault } from './refusal.js';

/** What stands in the extensions of a certificate, decoded. */
export interface DecodedExtensions {
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: ReadonlySet<KeyUsageBit> | undefined;
  readonly extKeyUsage: readonly Oid[] | undefined;
  readonly subjectAltName: readonly GeneralName[] | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly certificatePolicies: readonly Oid[] | undefined;
  readonly policyMappings: readonly PolicyMapping[] | undefined;
  readonly policyConstraints: PolicyConstraints | undefined;
  readonly inhibitAnyPolicy: number | undefined;
}

/** A certificate on its way into a path, with what is learnt of it on the way. Nothing is learnt twice. */
export class Link {
  readonly certificate: Certificate;
  /** Texts that are the same where the names match (RFC 5280 §7.1). */
  readonly subject: string;
  readonly issuer: string;
  readonly isSelfIssued: boolean;
  #decoded: DecodedExtensions | PathFault | undefined;
  #constraints: PreparedConstraints | PathFault | undefined;
  #lacksParameters: boolean | undefined;
  #constrainedNames: readonly ConstrainedName[] | PathFault | undefined;

  constructor(certificate: Certificate, names: NameKeys) {
    this.certificate = certificate;
    this.subject = names.keyOf(certificate.subject);
    this.issuer = names.keyOf(certificate.issuer);
    this.isSelfIssued = this.subject === this.issuer;
  }

  /** Every extension that is known, decoded strictly; broken ones and names that cannot be read are a fault. */
  get decoded(): DecodedExtensions | PathFault {
    this.#decoded ??= decodedOr(() => {
      parseName(this.certificate.issuer);
      parseName(this.certificate.subject);
      return decodeExtensions(this.certificate);
    });
    return this.#decoded;
  }

  /** Whether basicConstraints say that this is an authority; one that cannot be decoded is none. */
  get isCA(): boolean {
    const { decoded } = this;
    return !isFault(decoded) && decoded.basicConstraints?.cA === true;
  }

  /** Whether the key takes its parameters from above. */
  get lacksParameters(): boolean {
    this.#lacksParameters ??= lacksParameters(this.certificate.subjectPublicKeyInfo);
    return this.#lacksParameters;
  }

  /** Name constraints, prepared; empty where there are none. Ask only where `decoded` is no fault. */
  get constraints(): PreparedConstraints | PathFault {
    const { decoded } = this;
    this.#constraints ??= isFault(decoded)
      ? decoded
      : decoded.nameConstraints === undefined
        ? NO_CONSTRAINTS
        : decodedOr(() => prepareConstraints(decoded.nameConstraints!));
    return this.#constraints;
  }

  /** Subject, mailboxes in it, and subjectAltName, as name constraints see them. */
  get constrainedNames(): readonly ConstrainedName[] | PathFault {
    const { decoded } = this;
    this.#constrainedNames ??= isFault(decoded)
      ? decoded
      : decodedOr(() => namesOf(this.subjectName(), decoded.subjectAltName));
    return this.#constrainedNames;
  }

  /** @throws {@link DerError}, {@link X509Error} for a malformed name. */
  subjectName(): Name {
    return parseName(this.certificate.subject);
  }

  /** How many names a certificate has, without decoding them: attributes of its subject and of subjectAltName. */
  nameCount(): number {
    const extension = findExtension(this.certificate, idCeSubjectAltName);
    return (
      countElements(this.certificate.subject, true) +
      (extension === undefined ? 0 : countElements(extension.extnValue, false))
    );
  }
}

const NO_CONSTRAINTS: PreparedConstraints = /* @__PURE__ */ new Map();

/** Elements of a SEQUENCE, or of the SETs in it; none where it is broken, which is said elsewhere. */
function countElements(der: Uint8Array, nested: boolean): number {
  const counted = decodedOr(() =>
    read(der, (reader) => {
      const list = reader.sequence('');
      let count = 0;
      while (!list.done) {
        if (nested) {
          const set = list.sequence('', tags.set);
          for (; !set.done; count++) set.skip('');
        } else {
          list.skip('');
          count++;
        }
      }
      return { count };
    }),
  );
  return isFault(counted) ? 0 : counted.count;
}

function decodeExtensions(of: Certificate): DecodedExtensions {
  // Nobody here asks for these, but a certificate that is broken in them was not made with care.
  for (const decode of [
    authorityInfoAccess,
    cRLDistributionPoints,
    freshestCRL,
    issuerAltName,
    signedCertificateTimestamps,
    subjectDirectoryAttributes,
    subjectInfoAccess,
    tlsFeature,
  ])
    decode(of);
  return {
    authorityKeyIdentifier: authorityKeyIdentifier(of),
    subjectKeyIdentifier: subjectKeyIdentifier(of),
    basicConstraints: basicConstraints(of),
    keyUsage: keyUsage(of),
    extKeyUsage: extKeyUsage(of),
    subjectAltName: subjectAltName(of),
    nameConstraints: nameConstraints(of),
    certificatePolicies: certificatePolicies(of)?.map(({ policyIdentifier }) => policyIdentifier),
    policyMappings: policyMappings(of),
    policyConstraints: policyConstraints(of),
    inhibitAnyPolicy: inhibitAnyPolicy(of),
  };
}

function namesOf(subject: Name, altNames: readonly GeneralName[] | undefined): readonly ConstrainedName[] {
  const found: ConstrainedName[] = [];
  if (subject.length > 0) found.push({ type: 'directoryName', rdns: matchingKeys(subject) });
  // RFC 5280 §4.2.1.10 asks for mailboxes in the subject where there is no subjectAltName; they bind as much beside one.
  for (const rdn of subject)
    for (const { type, value } of rdn)
      if (type === attributeTypes.emailAddress.type)
        found.push(
          typeof value === 'string'
            ? constrainedMailbox(value)
            : { type: 'rfc822Name', unjudgeable: 'in the subject is no text' },
        );
  for (const name of altNames ?? []) {
    const constrained = constrainedName(name);
    found.push(constrained);
    // A mailbox in an otherName is under the constraints of both types.
    if (constrained.type !== name.type)
      found.push({ type: name.type, unjudgeable: 'is of a type without rules for constraints' });
  }
  return found;
}
