import { DerError, type Oid, toHex } from '@mayfly/der';
import { type Extension, type HasExtensions, X509Error } from '@mayfly/x509';
import {
  type AccessDescription,
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  certificatePolicies,
  cRLDistributionPoints,
  cRLNumber,
  type DistributionPoint,
  deltaCRLIndicator,
  extKeyUsage,
  freshestCRL,
  inhibitAnyPolicy,
  issuerAltName,
  issuingDistributionPoint,
  keyUsage,
  nameConstraints,
  type PolicyQualifier,
  policyConstraints,
  policyMappings,
  type SignedCertificateTimestamp,
  signedCertificateTimestamps,
  subjectAltName,
  subjectDirectoryAttributes,
  subjectInfoAccess,
  subjectKeyIdentifier,
  tlsFeature,
  tlsFeatures,
  type UnknownTimestamp,
} from '@mayfly/x509/extensions';
import { formatGeneralName, type GeneralName } from '@mayfly/x509/general-name';
import { formatDistinguishedName } from '@mayfly/x509/name';
import { ocspNonce } from '@mayfly/x509/ocsp';
import { oidName, oidText } from '@mayfly/x509/oid-names';
import { colonHex } from '../terminal-text.js';
import { type Fact, type Facts, facts } from './description.js';

type Decode = (of: HasExtensions) => Fact | undefined;

const names = (list: readonly GeneralName[]): readonly string[] => list.map(formatGeneralName);
const optionally = <T>(value: T | undefined, describe: (value: T) => Fact): Fact | undefined =>
  value === undefined ? undefined : describe(value);

/** For each extension that `@mayfly/x509` reads, its content as facts. */
const decoders: Readonly<Record<string, Decode>> = {
  basicConstraints: (of) => optionally(basicConstraints(of), (constraints) => ({ ...constraints })),
  keyUsage: (of) => optionally(keyUsage(of), (bits) => [...bits]),
  extKeyUsage: (of) => extKeyUsage(of)?.map(oidText),
  subjectAltName: (of) => optionally(subjectAltName(of), names),
  issuerAltName: (of) => optionally(issuerAltName(of), names),
  subjectKeyIdentifier: (of) => optionally(subjectKeyIdentifier(of), colonHex),
  authorityKeyIdentifier: (of) =>
    optionally(
      authorityKeyIdentifier(of),
      ({ keyIdentifier, authorityCertIssuer, authorityCertSerialNumber }): Facts =>
        facts({
          keyIdentifier: optionally(keyIdentifier, colonHex),
          authorityCertIssuer: optionally(authorityCertIssuer, names),
          authorityCertSerialNumber: optionally(authorityCertSerialNumber, serialNumberText),
        }),
    ),
  authorityInfoAccess: (of) => authorityInfoAccess(of)?.map(accessFacts),
  subjectInfoAccess: (of) => subjectInfoAccess(of)?.map(accessFacts),
  cRLDistributionPoints: (of) => cRLDistributionPoints(of)?.map(distributionPointFacts),
  freshestCRL: (of) => freshestCRL(of)?.map(distributionPointFacts),
  certificatePolicies: (of) =>
    certificatePolicies(of)?.map(({ policyIdentifier, policyQualifiers }) =>
      facts({
        policyIdentifier: withName(policyIdentifier),
        policyQualifiers: policyQualifiers?.map(qualifierFacts),
      }),
    ),
  policyMappings: (of) =>
    policyMappings(of)?.map(({ issuerDomainPolicy, subjectDomainPolicy }) => ({
      issuerDomainPolicy: withName(issuerDomainPolicy),
      subjectDomainPolicy: withName(subjectDomainPolicy),
    })),
  policyConstraints: (of) => optionally(policyConstraints(of), (constraints) => ({ ...constraints })),
  inhibitAnyPolicy: (of) => inhibitAnyPolicy(of),
  cRLNumber: (of) => optionally(cRLNumber(of), String),
  deltaCRLIndicator: (of) => optionally(deltaCRLIndicator(of), String),
  issuingDistributionPoint: (of) =>
    optionally(issuingDistributionPoint(of), ({ distributionPoint, onlySomeReasons, ...flags }) =>
      facts({
        ...distributionPointFacts(distributionPoint === undefined ? {} : { distributionPoint }),
        ...Object.fromEntries(Object.entries(flags).filter(([, flag]) => flag)),
        onlySomeReasons: optionally(onlySomeReasons, (reasons) => [...reasons]),
      }),
    ),
  ocspNonce: (of) => optionally(ocspNonce(of), toHex),
  nameConstraints: (of) =>
    optionally(nameConstraints(of), ({ permittedSubtrees, excludedSubtrees }) =>
      facts({
        permittedSubtrees: permittedSubtrees?.map(({ base }) => formatGeneralName(base)),
        excludedSubtrees: excludedSubtrees?.map(({ base }) => formatGeneralName(base)),
      }),
    ),
  subjectDirectoryAttributes: (of) =>
    subjectDirectoryAttributes(of)?.map(({ type, values }) => ({ type: oidText(type), values: values.map(toHex) })),
  signedCertificateTimestamps: (of) => signedCertificateTimestamps(of)?.map(timestampFacts),
  tlsFeature: (of) =>
    tlsFeature(of)?.map(
      (feature) => Object.entries(tlsFeatures).find(([, number]) => number === feature)?.[0] ?? String(feature),
    ),
};

/**
 * An extension as facts: decoded where it is known, in hexadecimal where it is not, and where it is broken with what is
 * wrong with it.
 */
export function extensionFacts(extension: Extension): Facts {
  const { extnID, critical, extnValue } = extension;
  const name = oidName(extnID);
  const head = facts({ extnID, name, critical });
  const decode = name !== undefined && Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  if (decode === undefined) return { ...head, extnValue: toHex(extnValue) };
  try {
    const value = decode({ extensions: [extension] });
    return facts({ ...head, value });
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error;
    return { ...head, fault: `${error.message} (${error.code})`, extnValue: toHex(extnValue) };
  }
}

/** A serial number as its octets, `0a:1b`; a negative one with its sign. */
export function serialNumberText(serialNumber: bigint): string {
  const digits = (serialNumber < 0n ? -serialNumber : serialNumber).toString(16);
  const pairs = digits.padStart(digits.length + (digits.length % 2), '0').match(/../g)!;
  return `${serialNumber < 0n ? '-' : ''}${pairs.join(':')}`;
}

function withName(oid: Oid): string {
  const name = oidName(oid);
  return name === undefined ? oid : `${oid} (${name})`;
}

const accessFacts = ({ accessMethod, accessLocation }: AccessDescription): Facts => ({
  accessMethod: oidText(accessMethod),
  accessLocation: formatGeneralName(accessLocation),
});

const distributionPointFacts = ({ distributionPoint, reasons, cRLIssuer }: DistributionPoint): Facts =>
  facts({
    fullName: optionally(distributionPoint?.fullName, names),
    nameRelativeToCRLIssuer: optionally(distributionPoint?.nameRelativeToCRLIssuer, (rdn) =>
      formatDistinguishedName([rdn]),
    ),
    reasons: optionally(reasons, (flags) => [...flags]),
    cRLIssuer: optionally(cRLIssuer, names),
  });

function qualifierFacts(qualifier: PolicyQualifier): Facts {
  switch (qualifier.type) {
    case 'cPSuri':
      return { cPSuri: qualifier.value };
    case 'userNotice':
      return facts({
        explicitText: qualifier.explicitText?.value,
        organization: qualifier.noticeRef?.organization.value,
        noticeNumbers: qualifier.noticeRef?.noticeNumbers.map(String),
      });
    case 'other':
      return { policyQualifierId: oidText(qualifier.policyQualifierId), qualifier: toHex(qualifier.qualifier) };
  }
}

/** Milliseconds of the last moment that a Date has. */
const LAST_MOMENT = 8_640_000_000_000_000n;

function timestampFacts(sct: SignedCertificateTimestamp | UnknownTimestamp): Facts {
  if (sct.version === undefined) return { bytes: toHex(sct.bytes) };
  const { timestamp } = sct;
  return {
    version: 1,
    logID: toHex(sct.logID),
    timestamp: timestamp <= LAST_MOMENT ? new Date(Number(timestamp)).toISOString() : `${timestamp} ms`,
    signature: toHex(sct.signature),
  };
}
