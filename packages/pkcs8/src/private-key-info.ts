import {
  bitString,
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  encode,
  implicit,
  integer,
  octetString,
  raw,
  read,
  sequence,
  setOf,
  tags,
} from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';

/**
 * RFC 5958 §2, OneAsymmetricKey, of which RFC 5208's PrivateKeyInfo is version 1.
 * The version follows from `publicKey`: v2 when it is there, v1 otherwise.
 */
export interface PrivateKeyInfo {
  readonly privateKeyAlgorithm: AlgorithmIdentifier;
  /** Content of the OCTET STRING; its form is the algorithm's own. A view where it was read. */
  readonly privateKey: Uint8Array;
  /** DER of each Attribute, views. An empty list is written as an empty set. */
  readonly attributes?: readonly Uint8Array[];
  /** Octets of the BIT STRING. A view where it was read. */
  readonly publicKey?: Uint8Array;
}

/** Longest PrivateKeyInfo accepted, in octets: RSA with 16,384 bits takes about 9,500. */
export const MAX_PRIVATE_KEY_LENGTH = 65_536;

/**
 * Reads
 *
 *     OneAsymmetricKey ::= SEQUENCE {
 *       version                   INTEGER { v1(0), v2(1) },
 *       privateKeyAlgorithm       AlgorithmIdentifier,
 *       privateKey                OCTET STRING,
 *       attributes            [0] SET OF Attribute OPTIONAL,
 *       ...,
 *       [[2: publicKey        [1] BIT STRING OPTIONAL ]], ... }
 *
 * @returns Views; the key inside is not looked into.
 * @throws {@link DerError} `ERR_DER_VALUE` for a version that does not fit the fields, and others.
 */
export function readPrivateKeyInfo(reader: DerReader, field: string = 'privateKeyInfo'): PrivateKeyInfo {
  const info = reader.sequence(field);
  const versionOffset = info.offset;
  const version = info.smallInteger('version');
  const privateKeyAlgorithm = readAlgorithmIdentifier(info, 'privateKeyAlgorithm');
  const privateKey = info.octetString('privateKey');
  const attributes = info.peek() === contextConstructedTag(0) ? readAttributes(info) : undefined;
  const publicKey = info.peek() === contextTag(1) ? info.bitStringOctets('publicKey', contextTag(1)) : undefined;
  const expected = publicKey === undefined ? 0 : 1;
  if (version !== expected)
    info.refuse('ERR_DER_VALUE', versionOffset, 'version', `value ${version}, these fields need ${expected}`);
  info.end();
  return {
    privateKeyAlgorithm,
    privateKey,
    ...(attributes && { attributes }),
    ...(publicKey && { publicKey }),
  };
}

function readAttributes(info: DerReader): readonly Uint8Array[] {
  const set = info.setOf('attributes', contextConstructedTag(0));
  const attributes: Uint8Array[] = [];
  while (!set.done) attributes.push(set.element('', tags.sequence));
  return attributes;
}

/**
 * Reads a PrivateKeyInfo that stands alone, for example the body of a PEM `PRIVATE KEY`.
 * @throws {@link DerError} as {@link readPrivateKeyInfo}, and `ERR_DER_TRAILING_DATA`, `ERR_DER_TOO_LARGE`.
 */
export const parsePrivateKeyInfo = (der: Uint8Array): PrivateKeyInfo =>
  read(der, (reader) => readPrivateKeyInfo(reader, ''), { field: 'privateKeyInfo', maxLength: MAX_PRIVATE_KEY_LENGTH });

/** The inverse of {@link readPrivateKeyInfo}; attributes are put in DER's order. */
export const privateKeyInfoNode = ({
  privateKeyAlgorithm,
  privateKey,
  attributes,
  publicKey,
}: PrivateKeyInfo): DerNode =>
  sequence(
    integer(publicKey === undefined ? 0 : 1),
    algorithmIdentifierNode(privateKeyAlgorithm),
    octetString(privateKey),
    attributes && implicit(0, setOf(...attributes.map(raw))),
    publicKey && implicit(1, bitString(publicKey)),
  );

/** The inverse of {@link parsePrivateKeyInfo}: a new array with key bytes in it, which the caller owns and may wipe. */
export const encodePrivateKeyInfo = (info: PrivateKeyInfo): Uint8Array<ArrayBuffer> => encode(privateKeyInfoNode(info));
