import { type DerNode, type DerReader, encode, octetString, read, sequence, tags } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';
import { decryptPbes2, encryptPbes2, type Pbes2Parameters, parsePbes2, pbes2Algorithm, pbes2Limits } from './pbes2.js';
import { parsePrivateKeyInfo } from './private-key-info.js';

/** RFC 5958 §3. `encryptedData` is a view where it was read. */
export interface EncryptedPrivateKeyInfo {
  readonly encryptionAlgorithm: AlgorithmIdentifier;
  readonly encryptedData: Uint8Array;
}

/** Reads `EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }`. */
export function readEncryptedPrivateKeyInfo(
  reader: DerReader,
  field: string = 'encryptedPrivateKeyInfo',
): EncryptedPrivateKeyInfo {
  const info = reader.sequence(field);
  const encryptionAlgorithm = readAlgorithmIdentifier(info, 'encryptionAlgorithm');
  const encryptedData = info.octetString('encryptedData');
  info.end();
  return { encryptionAlgorithm, encryptedData };
}

/**
 * Reads the body of a PEM `ENCRYPTED PRIVATE KEY`. Any algorithm is read; {@link decryptPrivateKeyInfo} knows PBES2.
 * @throws {@link DerError}.
 */
export const parseEncryptedPrivateKeyInfo = (der: Uint8Array): EncryptedPrivateKeyInfo =>
  read(der, (reader) => readEncryptedPrivateKeyInfo(reader, ''), {
    field: 'encryptedPrivateKeyInfo',
    maxLength: 2 * pbes2Limits.ciphertextLength,
  });

/** The inverse of {@link readEncryptedPrivateKeyInfo}. */
export const encryptedPrivateKeyInfoNode = (info: EncryptedPrivateKeyInfo): DerNode =>
  sequence(algorithmIdentifierNode(info.encryptionAlgorithm), octetString(info.encryptedData));

/** The inverse of {@link parseEncryptedPrivateKeyInfo}. */
export const encodeEncryptedPrivateKeyInfo = (info: EncryptedPrivateKeyInfo): Uint8Array<ArrayBuffer> =>
  encode(encryptedPrivateKeyInfoNode(info));

/**
 * Opens an EncryptedPrivateKeyInfo.
 * @param der - The body of a PEM `ENCRYPTED PRIVATE KEY`.
 * @param password - Text is taken as UTF-8.
 * @returns DER of a PrivateKeyInfo that was read once: a new array, the caller's to wipe.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_UNSUPPORTED` naming the algorithm, `ERR_PKCS8_PARAMETERS` for work beyond
 * `pbes2Limits`, `ERR_PKCS8_PASSWORD` when nothing sensible comes out, `ERR_PKCS8_DAMAGED` when the password was right and the
 * key inside is broken; {@link DerError}.
 */
export async function decryptPrivateKeyInfo(
  der: Uint8Array,
  password: string | Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { encryptionAlgorithm, encryptedData } = parseEncryptedPrivateKeyInfo(der);
  const privateKeyInfo = await decryptPbes2(parsePbes2(encryptionAlgorithm), encryptedData, password);
  try {
    parsePrivateKeyInfo(privateKeyInfo);
  } catch (cause) {
    // One wrong password in 256 yields sound padding; a SEQUENCE of just the right length it does not yield by chance.
    const opened = isOneSequence(privateKeyInfo);
    privateKeyInfo.fill(0);
    throw opened
      ? new Pkcs8Error('ERR_PKCS8_DAMAGED', 'Cannot decrypt: what came out is no PrivateKeyInfo', { cause })
      : new Pkcs8Error('ERR_PKCS8_PASSWORD', 'Cannot decrypt: the password is wrong or the data is damaged', { cause });
  }
  return privateKeyInfo;
}

function isOneSequence(der: Uint8Array): boolean {
  try {
    read(der, (reader) => reader.skip('privateKeyInfo', tags.sequence));
    return true;
  } catch {
    return false; // the answer to the question, whatever the reader found
  }
}

export interface EncryptOptions {
  /** Rounds of PBKDF2. Default 600,000; at least 1, at most what {@link pbes2Limits} says. */
  readonly iterations?: number;
  /** Source of salt and IV. Default the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/**
 * Encrypts with PBES2: PBKDF2 with HMAC-SHA-256 and 16 octets of salt, AES-256 in CBC mode. Every OpenSSL from 1.1 reads it.
 * @param privateKeyInfo - DER of a PrivateKeyInfo; not wiped.
 * @returns DER of an EncryptedPrivateKeyInfo.
 * @throws RangeError when `iterations` is out of range; {@link DerError} when the input is no PrivateKeyInfo.
 */
export async function encryptPrivateKeyInfo(
  privateKeyInfo: Uint8Array,
  password: string | Uint8Array,
  { iterations = 600_000, randomBytes = platformRandomBytes, ...unknown }: EncryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  unknown satisfies Record<string, never>;
  if (!Number.isSafeInteger(iterations) || iterations < 1 || iterations > pbes2Limits.iterationCount)
    throw new RangeError(`Cannot encrypt: ${iterations} iterations, 1 to ${pbes2Limits.iterationCount} are done`);
  parsePrivateKeyInfo(privateKeyInfo);
  const parameters: Pbes2Parameters = {
    salt: randomBytes(16),
    iterationCount: iterations,
    prf: 'SHA-256',
    cipher: 'AES-256-CBC',
    iv: randomBytes(16),
  };
  const encryptedData = await encryptPbes2(parameters, privateKeyInfo, password);
  return encodeEncryptedPrivateKeyInfo({ encryptionAlgorithm: pbes2Algorithm(parameters), encryptedData });
}

const platformRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
