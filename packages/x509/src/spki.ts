import { bitString, type DerNode, type DerReader, encode, read, sequence } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from './algorithm-identifier.js';

/** RFC 5280 §4.1.2.7. `subjectPublicKey` holds the octets of the BIT STRING, a view where it was read. */
export interface SubjectPublicKeyInfo {
  readonly algorithm: AlgorithmIdentifier;
  readonly subjectPublicKey: Uint8Array;
}

/** Longest SubjectPublicKeyInfo accepted, in octets: RSA with 16,384 bits takes about 2,100. */
const MAX_SPKI_LENGTH = 16_384;

/**
 * Reads `SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }`.
 * What the key looks like inside is the business of `@mayfly/keys`.
 * @throws {@link DerError} `ERR_DER_BIT_STRING` when the key is not a whole number of octets, and others.
 */
export function readSubjectPublicKeyInfo(
  reader: DerReader,
  field: string = 'subjectPublicKeyInfo',
): SubjectPublicKeyInfo {
  const info = reader.sequence(field);
  const algorithm = readAlgorithmIdentifier(info, 'algorithm');
  const subjectPublicKey = info.bitStringOctets('subjectPublicKey');
  info.end();
  return { algorithm, subjectPublicKey };
}

/**
 * Reads a SubjectPublicKeyInfo that stands alone, for example the body of a PEM `PUBLIC KEY`.
 * @throws {@link DerError} as {@link readSubjectPublicKeyInfo}, and `ERR_DER_TRAILING_DATA`, `ERR_DER_TOO_LARGE`.
 */
export const parseSubjectPublicKeyInfo = (der: Uint8Array): SubjectPublicKeyInfo =>
  read(der, (reader) => readSubjectPublicKeyInfo(reader, ''), {
    field: 'subjectPublicKeyInfo',
    maxLength: MAX_SPKI_LENGTH,
  });

/** The inverse of {@link readSubjectPublicKeyInfo}. */
export const subjectPublicKeyInfoNode = ({ algorithm, subjectPublicKey }: SubjectPublicKeyInfo): DerNode =>
  sequence(algorithmIdentifierNode(algorithm), bitString(subjectPublicKey));

/** The inverse of {@link parseSubjectPublicKeyInfo}. */
export const encodeSubjectPublicKeyInfo = (info: SubjectPublicKeyInfo): Uint8Array<ArrayBuffer> =>
  encode(subjectPublicKeyInfoNode(info));
