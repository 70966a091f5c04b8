import { type DerNode, type DerReader, equalBytes, integer, type Oid, octetString, sequence } from '@mayfly/der';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '../algorithm-identifier.js';
import type { Certificate } from '../certificate.js';
import { parseSubjectPublicKeyInfo } from '../spki.js';

/** RFC 6960 §4.1.1: a certificate by its issuer and number. The hashes name the issuer and protect nothing. */
export interface CertID {
  readonly hashAlgorithm: AlgorithmIdentifier;
  /** Of the DER of the issuer's Name. */
  readonly issuerNameHash: Uint8Array;
  /** Of the octets of the issuer's key, without tag, length and unused bits. */
  readonly issuerKeyHash: Uint8Array;
  readonly serialNumber: bigint;
}

/** Hashes that a CertID is made with; responders on the Internet know SHA-1 alone. */
export type CertIDHash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** RFC 3279 §2.1 and RFC 5754 §2; identifiers with and without NULL parameters are in use. */
const HASHES: Readonly<Record<CertIDHash, readonly [Oid, (data: Uint8Array) => Uint8Array]>> = {
  'SHA-1': ['1.3.14.3.2.26', sha1],
  'SHA-256': ['2.16.840.1.101.3.4.2.1', sha256],
  'SHA-384': ['2.16.840.1.101.3.4.2.2', sha384],
  'SHA-512': ['2.16.840.1.101.3.4.2.3', sha512],
};

/** The issuer, as far as a CertID names it. */
export type CertIDIssuer = Pick<Certificate, 'subjectPublicKeyInfo'>;

/**
 * Names a certificate for a request.
 * @param hash - Default SHA-1, the one that RFC 5019 and RFC 9654 expect of every responder; nothing rests on its strength.
 * @throws {@link DerError} when the issuer's key is no SubjectPublicKeyInfo; TypeError for an unknown hash.
 */
export function certID(
  { issuer, serialNumber }: Pick<Certificate, 'issuer' | 'serialNumber'>,
  { subjectPublicKeyInfo }: CertIDIssuer,
  hash: CertIDHash = 'SHA-1',
): CertID {
  const known = HASHES[hash];
  if (known === undefined) throw new TypeError(`Cannot make CertID: unknown hash ${hash}`);
  const [algorithm, digest] = known;
  return {
    hashAlgorithm: { algorithm, parameters: Uint8Array.of(5, 0) },
    issuerNameHash: digest(issuer),
    issuerKeyHash: digest(parseSubjectPublicKeyInfo(subjectPublicKeyInfo).subjectPublicKey),
    serialNumber,
  };
}

/** Whether a CertID means this certificate. One made with a hash that is not known here means none. */
export function identifies(
  { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertID,
  certificate: Pick<Certificate, 'issuer' | 'serialNumber'>,
  issuer: CertIDIssuer,
): boolean {
  if (serialNumber !== certificate.serialNumber) return false;
  const hash = (Object.keys(HASHES) as CertIDHash[]).find((name) => HASHES[name][0] === hashAlgorithm.algorithm); // keys of the record
  if (hash === undefined) return false;
  const expected = certID(certificate, issuer, hash);
  return equalBytes(issuerNameHash, expected.issuerNameHash) && equalBytes(issuerKeyHash, expected.issuerKeyHash);
}

/** The SHA-1 hash of a key's octets, by which a responder may name itself (RFC 6960 §4.2.2.3). */
export const responderKeyHash = (subjectPublicKeyInfo: Uint8Array): Uint8Array =>
  sha1(parseSubjectPublicKeyInfo(subjectPublicKeyInfo).subjectPublicKey);

/*
 * CertID ::= SEQUENCE {
 *   hashAlgorithm  AlgorithmIdentifier,
 *   issuerNameHash OCTET STRING,
 *   issuerKeyHash  OCTET STRING,
 *   serialNumber   CertificateSerialNumber }
 */
export function readCertID(reader: DerReader, field: string): CertID {
  const id = reader.sequence(field);
  const hashAlgorithm = readAlgorithmIdentifier(id, 'hashAlgorithm');
  const issuerNameHash = id.octetString('issuerNameHash');
  const issuerKeyHash = id.octetString('issuerKeyHash');
  const serialNumber = id.integer('serialNumber');
  id.end();
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber };
}

/** The inverse of {@link readCertID}. */
export const certIDNode = ({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertID): DerNode =>
  sequence(
    algorithmIdentifierNode(hashAlgorithm),
    octetString(issuerNameHash),
    octetString(issuerKeyHash),
    integer(serialNumber),
  );
