import {
  type BitString,
  bitString,
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  encode,
  explicit,
  implicit,
  integer,
  raw,
  read,
  sequence,
  tags,
  toHex,
} from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from './algorithm-identifier.js';
import { X509Error } from './errors.js';
import { type Extension, extensionsNode, type Known, readExtensions } from './extension.js';
import type { SignedParts } from './signed.js';
import { readValidity, type Validity, validityNode } from './validity.js';

/** Longest certificate accepted, in octets; the bound that webpki sets. */
export const MAX_CERTIFICATE_LENGTH = 65_536;

/** RFC 5280 §4.1.2, in its order. */
export interface TBSCertificate {
  readonly version: 1 | 2 | 3;
  readonly serialNumber: bigint;
  /** The algorithm that the signature is to be made with. */
  readonly signature: AlgorithmIdentifier;
  /** DER of the Name; compare as bytes, decode with `@mayfly/x509/name`. */
  readonly issuer: Uint8Array;
  readonly validity: Validity;
  readonly subject: Uint8Array;
  /** DER; decode with {@link parseSubjectPublicKeyInfo}. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly issuerUniqueID?: BitString;
  readonly subjectUniqueID?: BitString;
  readonly extensions: readonly Extension[];
}

/** What the certificates of one issuer and kind have in common, decoded once. */
export interface KnownParts {
  readonly signature: Known<AlgorithmIdentifier>;
  /** The first extensions, in their order. */
  readonly extensions: readonly Known<Extension>[];
}

/** RFC 5280 §4.1. Views into `der`; treat bytes as read-only, copy what must outlive the input. */
export interface Certificate extends Omit<TBSCertificate, 'signature'> {
  readonly der: Uint8Array;
  /** Exactly what was signed. Never re-encoded. */
  readonly tbsCertificate: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signatureValue: Uint8Array;
}

/**
 * Reads one certificate, strictly: DER to the last bit, a serial number of 1 to 20 octets above zero, equal inner and
 * outer algorithms, no extension twice. What stands inside names, keys and extensions is left to the functions that
 * decode them.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_VERSION`, `ERR_X509_SERIAL_NUMBER`,
 * `ERR_X509_ALGORITHM_MISMATCH`, `ERR_X509_DUPLICATE_EXTENSION`.
 */
export const parseCertificate = (der: Uint8Array): Certificate =>
  read(der, (reader) => readCertificate(reader, der, true), {
    field: 'certificate',
    maxLength: MAX_CERTIFICATE_LENGTH,
  });

/**
 * Reads one certificate whose serial number may be anything, for looking at what others made: some roots in use have
 * a zero, a negative or a 21-octet one. Everything else is as strict as {@link parseCertificate}.
 */
export const inspectCertificate = (der: Uint8Array): Certificate =>
  read(der, (reader) => readCertificate(reader, der, false), {
    field: 'certificate',
    maxLength: MAX_CERTIFICATE_LENGTH,
  });

/**
 * Reads what is to be signed, or was, as strictly as {@link parseCertificate}.
 * @param known - Parts that many have in common and that were decoded before. Each is taken over where the same octets stand
 * in the same place; any other is read as it would be without. So the result does not depend on it.
 * @throws {@link DerError}, {@link X509Error} as there.
 */
export const parseTBSCertificate = (der: Uint8Array, known?: KnownParts): TBSCertificate =>
  read(der, (reader) => readTBSCertificate(reader.sequence(''), true, known).fields, {
    field: 'tbsCertificate',
    maxLength: MAX_CERTIFICATE_LENGTH,
  });

/**
 * Reads every certificate of a PEM text (other blocks and text between them are passed over), or the one of a DER input.
 * @throws {@link PemError}, {@link DerError}, {@link X509Error}; `ERR_X509_NO_CERTIFICATE` when there is none.
 */
export function parseCertificates(pemOrDer: Uint8Array | string): readonly Certificate[] {
  if (typeof pemOrDer !== 'string' && pemOrDer[0] === tags.sequence) return [parseCertificate(pemOrDer)];
  const text = typeof pemOrDer === 'string' ? pemOrDer : new TextDecoder().decode(pemOrDer);
  const blocks = parsePem(text).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw new X509Error('ERR_X509_NO_CERTIFICATE', 0, 'certificates', 'no CERTIFICATE block');
  return blocks.map(({ bytes }) => parseCertificate(bytes));
}

/** The signed part, algorithm and signature of a certificate, as {@link VerifySignature} takes them. */
export const signedParts = ({ tbsCertificate, signatureAlgorithm, signatureValue }: Certificate): SignedParts => ({
  tbs: tbsCertificate,
  signatureAlgorithm,
  signatureValue,
});

/*
 * TBSCertificate ::= SEQUENCE {
 *   version         [0] EXPLICIT Version DEFAULT v1,
 *   serialNumber        CertificateSerialNumber,
 *   signature           AlgorithmIdentifier,
 *   issuer              Name,
 *   validity            Validity,
 *   subject             Name,
 *   subjectPublicKeyInfo SubjectPublicKeyInfo,
 *   issuerUniqueID  [1] IMPLICIT UniqueIdentifier OPTIONAL,
 *   subjectUniqueID [2] IMPLICIT UniqueIdentifier OPTIONAL,
 *   extensions      [3] EXPLICIT Extensions OPTIONAL }
 */
function readTBSCertificate(
  tbs: DerReader,
  strictSerial: boolean,
  known?: KnownParts,
): { readonly fields: TBSCertificate; readonly signatureStart: number; readonly signatureEnd: number } {
  const version = readVersion(tbs);
  const serialStart = tbs.offset;
  const serialNumber = tbs.integer('serialNumber');
  if (strictSerial && (serialNumber <= 0n || tbs.offset - serialStart > 22))
    throw new X509Error(
      'ERR_X509_SERIAL_NUMBER',
      serialStart,
      tbs.path('serialNumber'),
      serialNumber <= 0n ? 'not above zero' : 'more than 20 octets',
    );
  const signatureStart = tbs.offset;
  const signature =
    known !== undefined && tbs.skipIfEqual(known.signature.der)
      ? known.signature.value
      : readAlgorithmIdentifier(tbs, 'signature');
  const signatureEnd = tbs.offset;
  const issuer = tbs.element('issuer', tags.sequence);
  const validity = readValidity(tbs);
  const subject = tbs.element('subject', tags.sequence);
  const subjectPublicKeyInfo = tbs.element('subjectPublicKeyInfo', tags.sequence);

  const optionalStart = tbs.offset;
  const issuerUniqueID = tbs.peek() === contextTag(1) ? tbs.bitString('issuerUniqueID', contextTag(1)) : undefined;
  const subjectUniqueID = tbs.peek() === contextTag(2) ? tbs.bitString('subjectUniqueID', contextTag(2)) : undefined;
  if (issuerUniqueID ?? subjectUniqueID) requireVersion(tbs, version, 2, optionalStart, 'unique identifiers');
  let extensions: readonly Extension[] = [];
  if (tbs.peek() === contextConstructedTag(3)) {
    requireVersion(tbs, version, 3, tbs.offset, 'extensions');
    const wrapper = tbs.explicit(3, 'extensions');
    extensions = readExtensions(wrapper, '', known?.extensions);
    wrapper.end();
  }
  tbs.end();
  const fields = { version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions };
  if (issuerUniqueID === undefined && subjectUniqueID === undefined) return { fields, signatureStart, signatureEnd };
  const unique = { ...(issuerUniqueID && { issuerUniqueID }), ...(subjectUniqueID && { subjectUniqueID }) };
  return { fields: { ...fields, ...unique }, signatureStart, signatureEnd };
}

function readCertificate(reader: DerReader, der: Uint8Array, strictSerial: boolean): Certificate {
  const certificate = reader.sequence('');
  const tbsStart = certificate.offset;
  const tbs = certificate.sequence('tbsCertificate');
  const tbsCertificate = der.subarray(tbsStart, certificate.offset);
  const { fields, signatureStart, signatureEnd } = readTBSCertificate(tbs, strictSerial);
  const algorithmStart = certificate.offset;
  certificate.skip('signatureAlgorithm', tags.sequence);
  if (!repeats(der, signatureStart, signatureEnd, algorithmStart, certificate.offset))
    throw new X509Error(
      'ERR_X509_ALGORITHM_MISMATCH',
      algorithmStart,
      certificate.path('signatureAlgorithm'),
      `${shorten(certificate.since(algorithmStart))}, but tbsCertificate.signature is ${shorten(der.subarray(signatureStart, signatureEnd))}`,
    );
  const signatureValue = certificate.bitStringOctets('signatureValue');
  certificate.end();
  // Spelled out, because spreading costs as much as reading half the certificate (benchmarks/parse).
  const parsed: Certificate = {
    der,
    tbsCertificate,
    version: fields.version,
    serialNumber: fields.serialNumber,
    signatureAlgorithm: fields.signature,
    issuer: fields.issuer,
    validity: fields.validity,
    subject: fields.subject,
    subjectPublicKeyInfo: fields.subjectPublicKeyInfo,
    extensions: fields.extensions,
    signatureValue,
  };
  const { issuerUniqueID, subjectUniqueID } = fields;
  return issuerUniqueID === undefined && subjectUniqueID === undefined
    ? parsed
    : { ...parsed, ...(issuerUniqueID && { issuerUniqueID }), ...(subjectUniqueID && { subjectUniqueID }) };
}

/** Octets as a message shows them: an algorithm with its usual parameters is whole, but no input of 64 KiB. */
const shorten = (octets: Uint8Array): string => `0x${toHex(octets.subarray(0, 80))}${octets.length > 80 ? '…' : ''}`;

/** Whether one part of the input stands there again: two views to compare would cost more than the comparison. */
function repeats(der: Uint8Array, start: number, end: number, againStart: number, againEnd: number): boolean {
  if (againEnd - againStart !== end - start) return false;
  for (let i = 0; i < end - start; i++) if (der[start + i] !== der[againStart + i]) return false;
  return true;
}

/** `[0] EXPLICIT INTEGER v3(2)`, which nearly all certificates have. */
const V3: Uint8Array = /* @__PURE__ */ Uint8Array.of(0xa0, 3, tags.integer, 1, 2);

function readVersion(tbs: DerReader): 1 | 2 | 3 {
  if (tbs.skipIfEqual(V3)) return 3;
  if (tbs.peek() !== contextConstructedTag(0)) return 1;
  const start = tbs.offset;
  const wrapper = tbs.explicit(0, 'version');
  const value = wrapper.smallInteger('');
  wrapper.end();
  if (value === 1 || value === 2) return value === 1 ? 2 : 3;
  throw new X509Error(
    'ERR_X509_VERSION',
    start,
    tbs.path('version'),
    value === 0 ? 'v1 is the default and is left out' : `no version ${value}`,
  );
}

function requireVersion(tbs: DerReader, version: number, least: number, offset: number, what: string): void {
  if (version < least)
    throw new X509Error('ERR_X509_VERSION', offset, tbs.path('version'), `v${version} has no ${what}`);
}

/** Writes a TBSCertificate; an empty list of extensions is left out. */
export const tbsCertificateNode = (tbs: TBSCertificate): DerNode =>
  sequence(
    tbs.version > 1 && explicit(0, integer(tbs.version - 1)),
    integer(tbs.serialNumber),
    algorithmIdentifierNode(tbs.signature),
    raw(tbs.issuer),
    validityNode(tbs.validity),
    raw(tbs.subject),
    raw(tbs.subjectPublicKeyInfo),
    tbs.issuerUniqueID && implicit(1, bitString(tbs.issuerUniqueID.bytes, tbs.issuerUniqueID.unusedBits)),
    tbs.subjectUniqueID && implicit(2, bitString(tbs.subjectUniqueID.bytes, tbs.subjectUniqueID.unusedBits)),
    tbs.extensions.length > 0 && explicit(3, extensionsNode(tbs.extensions)),
  );

/** The bytes that a CA signs. */
export const encodeTBSCertificate = (tbs: TBSCertificate): Uint8Array<ArrayBuffer> => encode(tbsCertificateNode(tbs));
