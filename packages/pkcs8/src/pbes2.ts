import {
  concatBytes,
  DerError,
  type DerNode,
  encode,
  integer,
  type Oid,
  octetString,
  oid,
  read,
  sequence,
  tags,
} from '@mayfly/der';
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from '@mayfly/x509';
import type { AesCipher, Cipher, CipherParameters, DecryptOptions, LegacyAlgorithms } from './decryption.js';
import {
  type DerivationOptions,
  type Pbkdf2Derivation,
  parametersError,
  requireWithinLimits,
  type ScryptDerivation,
} from './derivation.js';
import { Pkcs8Error } from './errors.js';
import { refuseAlgorithm } from './names.js';
import { type Password, utf8Password } from './password.js';
import { derivePbkdf2, idPbkdf2, parsePbkdf2, pbkdf2Node } from './pbkdf2.js';
import { deriveScrypt, idScrypt, parseScrypt, scryptNode } from './scrypt.js';

export type { AesCipher, Cipher, CipherParameters } from './decryption.js';

/** `id-PBES2` (RFC 8018 §A.4). */
export const idPbes2: Oid = '1.2.840.113549.1.5.13';

/** PBES2-params (RFC 8018 §A.4), decoded. Bytes are views where they were read. */
export interface Pbes2Parameters extends CipherParameters {
  readonly keyDerivation: Pbkdf2Derivation | ScryptDerivation;
}

/** Longest ciphertext that is decrypted by default, in octets: keys are shorter by far. */
export const MAX_CIPHERTEXT_LENGTH = 1_048_576;

const ciphers: Readonly<Record<Oid, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': 'AES-128-CBC',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM',
  '2.16.840.1.101.3.4.1.22': 'AES-192-CBC',
  '2.16.840.1.101.3.4.1.26': 'AES-192-GCM',
  '2.16.840.1.101.3.4.1.42': 'AES-256-CBC',
  '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
  '1.2.840.113549.3.2': 'RC2-CBC',
  '1.2.840.113549.3.7': 'DES-EDE3-CBC',
  '1.3.14.3.2.7': 'DES-CBC',
};

const isAes = (cipher: Cipher): cipher is AesCipher => cipher.startsWith('AES-');
const isGcm = (cipher: Cipher): boolean => cipher.endsWith('GCM');
const blockLength = (cipher: Cipher): number => (isAes(cipher) ? 16 : 8);

/** Octets of a cipher's key; `undefined` for RC2, where the file tells. */
export const keyLength = (cipher: Cipher): number | undefined =>
  isAes(cipher) ? Number(cipher.slice(4, 7)) / 8 : { 'DES-EDE3-CBC': 24, 'DES-CBC': 8, 'RC2-CBC': undefined }[cipher];

/**
 * Reads the encryption algorithm of an EncryptedPrivateKeyInfo or of EncryptedData. How much work it asks for is not looked
 * at.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_UNSUPPORTED` naming the OID when it is not PBES2, or PBES2 with another derivation,
 * function or cipher than those above; `ERR_PKCS8_PARAMETERS` when lengths do not fit; {@link DerError}.
 */
export function parsePbes2({ algorithm, parameters }: AlgorithmIdentifier): Pbes2Parameters {
  if (algorithm !== idPbes2) refuseAlgorithm('encryptionAlgorithm', algorithm);
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      const params = reader.sequence('');
      const keyDerivationFunc = readAlgorithmIdentifier(params, 'keyDerivationFunc');
      const encryptionScheme = readAlgorithmIdentifier(params, 'encryptionScheme');
      params.end();
      const encryption = readEncryptionScheme(encryptionScheme);
      return { keyDerivation: parseKeyDerivation(keyDerivationFunc, encryption.cipher), ...encryption };
    },
    { field: 'parameters' },
  );
}

function parseKeyDerivation(algorithm: AlgorithmIdentifier, cipher: Cipher): Pbkdf2Derivation | ScryptDerivation {
  switch (algorithm.algorithm) {
    case idPbkdf2:
      return parsePbkdf2(algorithm, keyLength(cipher));
    case idScrypt:
      return parseScrypt(algorithm, keyLength(cipher));
    default:
      return refuseAlgorithm('keyDerivationFunc', algorithm.algorithm);
  }
}

/**
 * CBC: the IV as an OCTET STRING. GCM: `SEQUENCE { nonce OCTET STRING, icvlen INTEGER DEFAULT 12 }`. RC2 (RFC 8018 §B.2.3):
 * `SEQUENCE { rc2ParameterVersion INTEGER OPTIONAL, iv OCTET STRING }`.
 */
function readEncryptionScheme({ algorithm, parameters }: AlgorithmIdentifier): CipherParameters {
  const cipher = ciphers[algorithm] ?? refuseAlgorithm('encryptionScheme', algorithm);
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      if (isGcm(cipher)) {
        // RustCrypto's pkcs5 writes the nonce alone, and a tag of 16 octets.
        if (reader.peek() === tags.octetString) return { cipher, iv: reader.octetString('nonce'), icvLength: 16 };
        const params = reader.sequence('');
        const iv = params.octetString('nonce');
        const icvLength = params.done ? 12 : params.smallInteger('icvlen');
        params.end();
        if (iv.length < 1 || iv.length > 128) throw parametersError(`nonce of ${iv.length} octets, 1 to 128 are used`);
        if (icvLength < 12 || icvLength > 16) throw parametersError(`tag of ${icvLength} octets, 12 to 16 are allowed`);
        return { cipher, iv, icvLength };
      }
      if (cipher !== 'RC2-CBC') return { cipher, iv: requireIv(cipher, reader.octetString('iv')) };
      const params = reader.sequence('');
      const version = params.peek() === tags.integer ? params.smallInteger('rc2ParameterVersion') : undefined;
      const iv = requireIv(cipher, params.octetString('iv'));
      params.end();
      return { cipher, iv, effectiveKeyBits: effectiveKeyBits(version) };
    },
    { field: 'encryptionScheme.parameters' },
  );
}

function requireIv(cipher: Cipher, iv: Uint8Array): Uint8Array {
  if (iv.length !== blockLength(cipher))
    throw parametersError(`IV of ${iv.length} octets, ${cipher} has ${blockLength(cipher)}`);
  return iv;
}

/** RFC 8018 §B.2.3: three versions stand for the small sizes, those from 256 for themselves, none for 32. */
function effectiveKeyBits(version: number | undefined): number {
  const bits = version === undefined ? 32 : ({ 160: 40, 120: 64, 58: 128 }[version] ?? version);
  if (bits > 1024 || (bits < 256 && ![32, 40, 64, 128].includes(bits)))
    throw parametersError(`rc2ParameterVersion ${version} stands for no key size`);
  return bits;
}

/** The inverse of {@link parsePbes2} for AES; SHA-1 and a tag of 12 octets are DEFAULT and left out. */
export function pbes2Algorithm({ keyDerivation, cipher, iv, icvLength = 12 }: Pbes2Parameters): AlgorithmIdentifier {
  const scheme: DerNode = isGcm(cipher)
    ? sequence(octetString(iv), icvLength !== 12 && integer(icvLength))
    : octetString(iv);
  const algorithm = Object.keys(ciphers).find((candidate) => ciphers[candidate] === cipher)!;
  const derivation = keyDerivation.type === 'scrypt' ? scryptNode(keyDerivation) : pbkdf2Node(keyDerivation);
  return { algorithm: idPbes2, parameters: encode(sequence(derivation, sequence(oid(algorithm), scheme))) };
}

/**
 * Decrypts with a key derived from the password.
 * @param password - As UTF-8 (RFC 8018 §3); the copy made of it is wiped.
 * @returns A new array, the caller's.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PARAMETERS` past the limits, `ERR_PKCS8_DAMAGED` for a length that no encryption
 * gives, `ERR_PKCS8_PASSWORD` when the padding or the tag is wrong: the password is, or the ciphertext is damaged;
 * `ERR_PKCS8_UNSUPPORTED` for old ciphers without `legacy`, and for AES-192 where WebCrypto lacks it.
 */
export async function decryptPbes2(
  parameters: Pbes2Parameters,
  ciphertext: Uint8Array,
  password: Password,
  { limits, maxLength = MAX_CIPHERTEXT_LENGTH, legacy, ...derivation }: DecryptOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { keyDerivation, cipher, icvLength = 12 } = parameters;
  const whole = isGcm(cipher)
    ? ciphertext.length >= icvLength
    : ciphertext.length > 0 && ciphertext.length % blockLength(cipher) === 0;
  if (!whole || ciphertext.length > maxLength)
    throw new Pkcs8Error(
      'ERR_PKCS8_DAMAGED',
      `Cannot decrypt: ${ciphertext.length} octets are no ${cipher} ciphertext of at most ${maxLength}`,
    );
  requireWithinLimits(keyDerivation, limits);
  requireCipher(cipher, legacy);
  const secret = utf8Password(password);
  let key: Uint8Array | undefined;
  try {
    key = await deriveFor(keyDerivation, secret, derivation);
    return await decipher(parameters, key, ciphertext, legacy, derivation.signal);
  } finally {
    secret.fill(0);
    key?.fill(0);
  }
}

function requireCipher(cipher: Cipher, legacy: LegacyAlgorithms | undefined): void {
  if (!isAes(cipher) && legacy === undefined)
    throw new Pkcs8Error(
      'ERR_PKCS8_UNSUPPORTED',
      `Cannot decrypt: the cipher is ${cipher}, which only the legacy algorithms have`,
    );
}

/** Deciphers with a key that is there already. @throws {@link Pkcs8Error} as {@link decryptPbes2}. */
export async function decipher(
  parameters: CipherParameters,
  key: Uint8Array,
  ciphertext: Uint8Array,
  legacy: LegacyAlgorithms | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const { cipher } = parameters;
  if (!isAes(cipher)) {
    requireCipher(cipher, legacy);
    return legacy!.decipher({ ...parameters, cipher }, key, ciphertext, signal); // asked for in the line above
  }
  const imported = await importAesKey(cipher, key, 'decrypt');
  try {
    return new Uint8Array(await crypto.subtle.decrypt(cipherParameters(parameters), imported, copy(ciphertext)));
  } catch (cause) {
    throw passwordError({ cause });
  }
}

/** What wrong padding and a wrong tag say, and no more. */
export const passwordError = (options?: ErrorOptions): Pkcs8Error =>
  new Pkcs8Error('ERR_PKCS8_PASSWORD', 'Cannot decrypt: the password is wrong or the data is damaged', options);

/** The inverse of {@link decryptPbes2} for PBKDF2 and AES; the caller sees to it that salt and IV are fresh. */
export async function encryptPbes2(
  parameters: Pbes2Parameters & { readonly keyDerivation: Pbkdf2Derivation; readonly cipher: AesCipher },
  plaintext: Uint8Array,
  password: Password,
  derivation: DerivationOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const secret = utf8Password(password);
  const source = copy(plaintext);
  let key: Uint8Array | undefined;
  try {
    key = await derivePbkdf2(parameters.keyDerivation, secret, derivation);
    const imported = await importAesKey(parameters.cipher, key, 'encrypt');
    return new Uint8Array(await crypto.subtle.encrypt(cipherParameters(parameters), imported, source));
  } finally {
    secret.fill(0);
    source.fill(0);
    key?.fill(0);
  }
}

type SubtleKey = Parameters<typeof crypto.subtle.decrypt>[1];

/**
 * Whether the beginning of something encrypted under AES is what it should be: at most 32 octets are deciphered, and no
 * padding is looked at, so that a program that opens strangers' files under its own password is no padding oracle.
 * @param begins - Judges the octets, which are wiped then.
 * @returns Whether it does; false as well for anything but PBES2 with AES.
 */
export async function opensWith(
  {
    encryptionAlgorithm,
    encryptedData,
  }: { readonly encryptionAlgorithm: AlgorithmIdentifier; readonly encryptedData: Uint8Array },
  password: Password,
  begins: (head: Uint8Array) => boolean,
  options: DecryptOptions = {},
): Promise<boolean> {
  let head: Uint8Array | undefined;
  try {
    const parameters = parsePbes2(encryptionAlgorithm);
    if (!isAes(parameters.cipher)) return false;
    // GCM tells by its tag whether the key is right.
    head = isGcm(parameters.cipher)
      ? await decryptPbes2(parameters, encryptedData, password, options)
      : await decryptHead(parameters, encryptedData.subarray(0, 32), password, options);
    return begins(head);
  } catch (error) {
    if (error instanceof Pkcs8Error || error instanceof DerError) return false;
    throw error;
  } finally {
    head?.fill(0);
  }
}

/** WebCrypto takes padding off: a block of nothing but padding is made to follow. */
async function decryptHead(
  parameters: Pbes2Parameters,
  blocks: Uint8Array,
  password: Password,
  { limits, legacy: _, maxLength: __, ...derivation }: DecryptOptions,
): Promise<Uint8Array> {
  const { keyDerivation, cipher } = parameters;
  if (blocks.length === 0 || blocks.length % 16 !== 0) return new Uint8Array(0);
  requireWithinLimits(keyDerivation, limits);
  const secret = utf8Password(password);
  let key: Uint8Array | undefined;
  try {
    key = await deriveFor(keyDerivation, secret, derivation);
    const imported = await importAesKey(cipher as AesCipher, key, 'encrypt', 'decrypt'); // asked for by the caller
    const last = { name: 'AES-CBC', iv: copy(blocks.subarray(blocks.length - 16)) };
    const padding = new Uint8Array(await crypto.subtle.encrypt(last, imported, new Uint8Array(0)));
    return new Uint8Array(
      await crypto.subtle.decrypt(cipherParameters(parameters), imported, concatBytes(blocks, padding)),
    );
  } finally {
    secret.fill(0);
    key?.fill(0);
  }
}

const deriveFor = (
  derivation: Pbes2Parameters['keyDerivation'],
  secret: Uint8Array,
  options: DerivationOptions,
): Promise<Uint8Array> =>
  derivation.type === 'scrypt' ? deriveScrypt(derivation, secret, options) : derivePbkdf2(derivation, secret, options);

async function importAesKey(
  cipher: AesCipher,
  key: Uint8Array,
  ...usages: readonly ('encrypt' | 'decrypt')[]
): Promise<SubtleKey> {
  const octets = copy(key);
  try {
    return await crypto.subtle.importKey('raw', octets, { name: isGcm(cipher) ? 'AES-GCM' : 'AES-CBC' }, false, [
      ...usages,
    ]);
  } catch (cause) {
    throw new Pkcs8Error('ERR_PKCS8_UNSUPPORTED', `Cannot ${usages[0]}: WebCrypto has no ${cipher} here`, { cause });
  } finally {
    octets.fill(0);
  }
}

const cipherParameters = ({ cipher, iv, icvLength = 12 }: CipherParameters) =>
  isGcm(cipher) ? { name: 'AES-GCM', iv: copy(iv), tagLength: 8 * icvLength } : { name: 'AES-CBC', iv: copy(iv) };

/** WebCrypto's types take no view of shared memory. */
const copy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
