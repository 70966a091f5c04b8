/** Every format with its reader and writer, for tests that only care about octets. */
import { X509Certificate } from 'node:crypto';
import { bitString, checkDer, DerError, encode, equalBytes, raw, sequence } from '@mayfly/der';
import { encodePrivateKeyInfo, Pkcs8Error, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { encodeECPrivateKey, parseECPrivateKey } from '@mayfly/pkcs8/ec';
import { encodeEncryptedPrivateKeyInfo, parseEncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { encodeRSAPrivateKey, encodeRSAPublicKey, parseRSAPrivateKey, parseRSAPublicKey } from '@mayfly/pkcs8/rsa';
import { encodeCertificationRequestInfo, Pkcs10Error, parseCertificationRequest } from '@mayfly/pkcs10';
import {
  algorithmIdentifierNode,
  encodeSubjectPublicKeyInfo,
  encodeTBSCertificate,
  extensionsNode,
  parseCertificate,
  parseSubjectPublicKeyInfo,
  X509Error,
} from '@mayfly/x509';
import { encodeTBSCertList, parseCRL, revokedCertificates } from '@mayfly/x509/crl';
import { encodeName, parseName } from '@mayfly/x509/name';
import { parseOCSPRequest, parseOCSPResponse } from '@mayfly/x509/ocsp';
import { extensionCodecs } from '../vectors/extension-codecs.js';

export interface Format {
  readonly name: string;
  /**
   * Reads and writes.
   * @returns What was written.
   * @throws One of the packages' errors when the octets are refused.
   */
  readonly again: (der: Uint8Array) => Uint8Array;
  /** Reads alone, where the writer refuses some of what is read: rules that bind whoever issues. */
  readonly read?: (der: Uint8Array) => unknown;
  /** Accepts octets that are as long as what is written for them, and not the same. */
  readonly lenient?: boolean;
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

const signed = (tbs: Uint8Array, algorithm: Parameters<typeof algorithmIdentifierNode>[0], signature: Uint8Array) =>
  encode(sequence(raw(tbs), algorithmIdentifierNode(algorithm), bitString(signature)));

function certificateAgain(der: Uint8Array): Uint8Array {
  const certificate = parseCertificate(der);
  const { signatureAlgorithm, signatureValue } = certificate;
  return signed(
    encodeTBSCertificate({ ...certificate, signature: signatureAlgorithm }),
    signatureAlgorithm,
    signatureValue,
  );
}

function requestAgain(der: Uint8Array): Uint8Array {
  const request = parseCertificationRequest(der);
  const { subject, subjectPublicKeyInfo, extensions, signatureAlgorithm, signature } = request;
  const attributes = request.attributes.map((attribute) =>
    attribute.type === EXTENSION_REQUEST && extensions.length > 0
      ? { ...attribute, values: [encode(extensionsNode(extensions))] }
      : attribute,
  );
  return signed(
    encodeCertificationRequestInfo({ subject, attributes }, subjectPublicKeyInfo),
    signatureAlgorithm,
    signature,
  );
}

function crlAgain(der: Uint8Array): Uint8Array {
  const { issuer, thisUpdate, nextUpdate, extensions, signatureAlgorithm, signatureValue, ...list } = parseCRL(der);
  if (nextUpdate === undefined) throw new RangeError('Cannot encode a list without nextUpdate');
  const revoked = revokedCertificates(list);
  const tbs = {
    signature: signatureAlgorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    revokedCertificates: revoked,
    extensions,
  };
  return signed(encodeTBSCertList(tbs), signatureAlgorithm, signatureValue);
}

/** Reads alone: its writer makes new ones, and repeats none. */
const readOnly = (name: string, read: (der: Uint8Array) => unknown): Format => ({
  name,
  again: (der) => {
    read(der);
    return der;
  },
});

/** Throws unless node:crypto reads what Mayfly reads: OpenSSL is the laxer of the two. */
export function compareWithNode(der: Uint8Array): void {
  const { serialNumber, validity, issuer, subject, subjectPublicKeyInfo } = parseCertificate(der);
  checkDer(der);
  parseSubjectPublicKeyInfo(subjectPublicKeyInfo);
  parseName(issuer);
  parseName(subject);
  let theirs: X509Certificate;
  try {
    theirs = new X509Certificate(der);
  } catch (cause) {
    // Values of attributes may be of any type (X.501); OpenSSL takes strings and few others.
    if (/mstring (wrong tag|not universal)/.test(JSON.stringify(cause))) return;
    throw new Error('node:crypto refuses what is read here', { cause });
  }
  if (BigInt(`0x${theirs.serialNumber}`) !== serialNumber)
    throw new Error(`the serial number is ${theirs.serialNumber}`);
  // Date reads no year below 1000 the way that OpenSSL writes it.
  for (const [ours, text] of [
    [validity.notBefore, theirs.validFrom],
    [validity.notAfter, theirs.validTo],
  ] as const)
    if (ours > -30_000_000_000 && Date.parse(text) !== ours * 1000) throw new Error(`${text} is read as ${ours}`);
}

/** Formats that stand alone, by the names that faults have for their readers. */
export type FormatName =
  | 'certificate'
  | 'request'
  | 'private-key'
  | 'encrypted-private-key'
  | 'sec1'
  | 'pkcs1'
  | 'pkcs1-public-key'
  | 'public-key'
  | 'name'
  | 'crl'
  | 'ocsp-request'
  | 'ocsp-response'
  | 'certificate-by-node';

export const formats: Readonly<Record<FormatName, Format>> = {
  certificate: { name: 'certificate', again: certificateAgain },
  request: { name: 'request', again: requestAgain },
  'private-key': { name: 'private-key', again: (der) => encodePrivateKeyInfo(parsePrivateKeyInfo(der)) },
  'encrypted-private-key': {
    name: 'encrypted-private-key',
    again: (der) => encodeEncryptedPrivateKeyInfo(parseEncryptedPrivateKeyInfo(der)),
  },
  sec1: { name: 'sec1', again: (der) => encodeECPrivateKey(parseECPrivateKey(der)) },
  pkcs1: { name: 'pkcs1', again: (der) => encodeRSAPrivateKey(parseRSAPrivateKey(der)) },
  'pkcs1-public-key': { name: 'pkcs1-public-key', again: (der) => encodeRSAPublicKey(parseRSAPublicKey(der)) },
  'public-key': { name: 'public-key', again: (der) => encodeSubjectPublicKeyInfo(parseSubjectPublicKeyInfo(der)) },
  crl: { name: 'crl', again: crlAgain, read: parseCRL },
  'ocsp-request': readOnly('ocsp-request', parseOCSPRequest),
  'ocsp-response': readOnly('ocsp-response', parseOCSPResponse),
  'certificate-by-node': readOnly('certificate-by-node', compareWithNode),
  name: { name: 'name', again: (der) => encodeName(parseName(der)) },
};

/** Extensions with named bits: trailing zero bits and bits without a name are passed over. */
const NAMED_BITS: ReadonlySet<string> = new Set(['keyUsage', 'cRLDistributionPoints', 'freshestCRL']);

/** One format for each extension: the content of its OCTET STRING. */
export const extensionFormats: Readonly<Record<string, Format>> = Object.fromEntries(
  Object.entries(extensionCodecs).map(([extnID, { field, read, again }]) => [
    `extension ${field}`,
    {
      name: `extension ${field}`,
      again: (extnValue: Uint8Array) =>
        again({ extensions: [{ extnID, critical: false, extnValue }] }, false).extnValue,
      read: (extnValue: Uint8Array) => read({ extensions: [{ extnID, critical: false, extnValue }] }),
      lenient: NAMED_BITS.has(field),
    },
  ]),
);

/** Errors that bad input is refused with; those with a place carry an offset. */
export const isRefusal = (error: unknown): error is DerError | X509Error | Pkcs10Error | Pkcs8Error =>
  error instanceof DerError ||
  error instanceof X509Error ||
  error instanceof Pkcs10Error ||
  error instanceof Pkcs8Error;

/** What became of one input. */
export type Outcome =
  | { readonly type: 'refused'; readonly code: string; readonly offset: number | undefined }
  | { readonly type: 'same' }
  | { readonly type: 'tolerated' }
  | { readonly type: 'failed'; readonly why: string };

/**
 * Reads and writes one input. It fails when something other than a refusal is thrown, when the place of a refusal is
 * outside the input, and when what was accepted comes out as other octets; unless these are fewer and are themselves
 * read and written unchanged, for then the input spelled out a default that DER leaves out. An extension may also be read
 * and not written, when its value breaks a rule for issuers.
 */
export function tryOut({ again, read, lenient = false }: Format, der: Uint8Array): Outcome {
  let written: Uint8Array;
  try {
    written = again(der);
  } catch (error) {
    if (error instanceof RangeError && read !== undefined && isRead(read, der)) return { type: 'tolerated' };
    if (!isRefusal(error)) return { type: 'failed', why: `threw ${String(error)}` };
    const offset = 'offset' in error ? error.offset : undefined;
    if (offset !== undefined && !(Number.isInteger(offset) && offset >= 0 && offset <= der.length))
      return { type: 'failed', why: `refused at byte ${offset} of ${der.length}` };
    return { type: 'refused', code: error.code, offset };
  }
  if (equalBytes(written, der)) return { type: 'same' };
  if ((lenient || written.length < der.length) && equalBytes(again(written), written)) return { type: 'tolerated' };
  return { type: 'failed', why: `was accepted and written as ${Buffer.from(written).toString('hex')}` };
}

function isRead(read: (der: Uint8Array) => unknown, der: Uint8Array): boolean {
  try {
    read(der);
    return true;
  } catch {
    return false; // so the reader threw what only a writer may
  }
}
