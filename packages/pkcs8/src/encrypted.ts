import { type DerNode, type DerReader, encode, octetString, read, sequence, tags } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import type { DecryptOptions } from './decryption.js';
import type { DerivationOptions } from './derivation.js';
import { Pkcs8Error } from './errors.js';
import { refuseAlgorithm } from './names.js';
import type { Password } from './password.js';
import {
  decryptPbes2,
  encryptPbes2,
  idPbes2,
  MAX_CIPHERTEXT_LENGTH,
  parsePbes2,
  passwordError,
  pbes2Algorithm,
} from './pbes2.js';
import { parsePrivateKeyInfo } from './private-key-info.js';

export type { DecryptOptions };

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
 * Reads the body of a PEM `ENCRYPTED PRIVATE KEY`. Any algorithm is read; {@link decryptPrivateKeyInfo} says which it opens.
 * @throws {@link DerError}.
 */
export const parseEncryptedPrivateKeyInfo = (der: Uint8Array): EncryptedPrivateKeyInfo =>
  read(der, (reader) => readEncryptedPrivateKeyInfo(reader, ''), {
    field: 'encryptedPrivateKeyInfo',
    maxLength: 2 * MAX_CIPHERTEXT_LENGTH,
  });

/** The inverse of {@link readEncryptedPrivateKeyInfo}. */
export const encryptedPrivateKeyInfoNode = (info: EncryptedPrivateKeyInfo): DerNode =>
  sequence(algorithmIdentifierNode(info.encryptionAlgorithm), octetString(info.encryptedData));

/** The inverse of {@link parseEncryptedPrivateKeyInfo}. */
export const encodeEncryptedPrivateKeyInfo = (info: EncryptedPrivateKeyInfo): Uint8Array<ArrayBuffer> =>
  encode(encryptedPrivateKeyInfoNode(info));

/**
 * Decrypts what a password-based scheme encrypted: PBES2, or with `options.legacy` what came before it.
 * @returns A new array, the caller's to wipe.
 * @throws {@link Pkcs8Error} as {@link decryptPbes2}, `ERR_PKCS8_UNSUPPORTED` naming other algorithms; {@link DerError}.
 */
export async function decryptWithPassword(
  { encryptionAlgorithm, encryptedData }: EncryptedPrivateKeyInfo,
  password: Password,
  options: DecryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (encryptionAlgorithm.algorithm === idPbes2)
    return decryptPbes2(parsePbes2(encryptionAlgorithm), encryptedData, password, options);
  if (options.legacy === undefined) refuseAlgorithm('encryptionAlgorithm', encryptionAlgorithm.algorithm);
  return options.legacy.decrypt(encryptionAlgorithm, encryptedData, password, options);
}

/**
 * Opens an EncryptedPrivateKeyInfo.
 * @param der - The body of a PEM `ENCRYPTED PRIVATE KEY`.
 * @returns DER of a PrivateKeyInfo that was read once: a new array, the caller's to wipe.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_UNSUPPORTED` naming the algorithm, `ERR_PKCS8_PARAMETERS` for work beyond the
 * limits, `ERR_PKCS8_PASSWORD` when nothing sensible comes out, `ERR_PKCS8_DAMAGED` when the password was right and the key
 * inside is broken; {@link DerError}; the reason of `options.signal`.
 */
export async function decryptPrivateKeyInfo(
  der: Uint8Array,
  password: Password,
  options: DecryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const privateKeyInfo = await decryptWithPassword(parseEncryptedPrivateKeyInfo(der), password, options);
  try {
    parsePrivateKeyInfo(privateKeyInfo);
  } catch (cause) {
    // One wrong password in 256 yields sound padding; a SEQUENCE of just the right length it does not yield by chance.
    const opened = isOneSequence(privateKeyInfo);
    privateKeyInfo.fill(0);
    throw opened
      ? new Pkcs8Error('ERR_PKCS8_DAMAGED', 'Cannot decrypt: what came out is no PrivateKeyInfo', { cause })
      : passwordError({ cause });
  }
  return privateKeyInfo;
}

/** Whether octets look as if the password that gave them was right. */
export function isOneSequence(der: Uint8Array): boolean {
  try {
    read(der, (reader) => reader.skip('privateKeyInfo', tags.sequence));
    return true;
  } catch {
    return false; // the answer to the question, whatever the reader found
  }
}

export interface EncryptOptions extends DerivationOptions {
  /** Rounds of PBKDF2. Default 600,000; at least 1, at most 10,000,000. */
  readonly iterations?: number;
  /** Source of salt and IV. Default the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** Rounds of PBKDF2 that are done at most: others refuse to open files with more. */
const MAX_ITERATIONS = 10_000_000;

/**
 * Encrypts with PBES2: PBKDF2 with HMAC-SHA-256 and 16 octets of salt, AES-256 in CBC mode. Every OpenSSL from 1.1 reads it.
 * @param privateKeyInfo - DER of a PrivateKeyInfo; not wiped.
 * @returns DER of an EncryptedPrivateKeyInfo.
 * @throws RangeError when `iterations` is out of range; {@link DerError} when the input is no PrivateKeyInfo.
 */
export async function encryptPrivateKeyInfo(
  privateKeyInfo: Uint8Array,
  password: Password,
  options: EncryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  parsePrivateKeyInfo(privateKeyInfo);
  return encodeEncryptedPrivateKeyInfo(await encryptWithPassword(privateKeyInfo, password, options));
}

/**
 * Encrypts anything as {@link encryptPrivateKeyInfo} does.
 * @throws RangeError when `iterations` is out of range.
 */
export async function encryptWithPassword(
  plaintext: Uint8Array,
  password: Password,
  { iterations = 600_000, randomBytes = platformRandomBytes, ...derivation }: EncryptOptions = {},
): Promise<EncryptedPrivateKeyInfo & { readonly encryptedData: Uint8Array<ArrayBuffer> }> {
  if (!Number.isSafeInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS)
    throw new RangeError(`Cannot encrypt: ${iterations} iterations, 1 to ${MAX_ITERATIONS} are done`);
  const parameters = {
    keyDerivation: {
      ...({ type: 'pbkdf2', prf: 'SHA-256', keyLength: 32, iterationCount: iterations } as const),
      salt: randomBytes(16),
    },
    cipher: 'AES-256-CBC',
    iv: randomBytes(16),
  } as const;
  const encryptedData = await encryptPbes2(parameters, plaintext, password, derivation);
  return { encryptionAlgorithm: pbes2Algorithm(parameters), encryptedData };
}

const platformRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
