import { encode, integer, nullValue, type Oid, octetString, oid, raw, read, sequence, tags, toHex } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';

/** `id-PBES2` (RFC 8018 §A.4). */
export const idPbes2: Oid = '1.2.840.113549.1.5.13';

/** Pseudorandom functions of PBKDF2 that WebCrypto has (RFC 8018 §B.1). */
export type Prf = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** Ciphers of PBES2 that WebCrypto has (RFC 8018 §B.2.5, RFC 5084). AES-192 is missing from some browsers. */
export type Cipher = 'AES-128-CBC' | 'AES-192-CBC' | 'AES-256-CBC' | 'AES-128-GCM' | 'AES-192-GCM' | 'AES-256-GCM';

/** PBES2-params (RFC 8018 §A.4) with PBKDF2 (§A.2), decoded. Bytes are views where they were read. */
export interface Pbes2Parameters {
  readonly salt: Uint8Array;
  readonly iterationCount: number;
  readonly prf: Prf;
  readonly cipher: Cipher;
  /** IV of 16 octets for CBC, nonce for GCM. */
  readonly iv: Uint8Array;
  /** Length of GCM's tag in octets, 12 to 16. */
  readonly icvLength?: number;
}

/** Bounds on what a stranger's file may ask for. Ten million iterations take a few seconds. */
export const pbes2Limits: {
  readonly iterationCount: number;
  readonly saltLength: number;
  readonly ciphertextLength: number;
} = { iterationCount: 10_000_000, saltLength: 1024, ciphertextLength: 1_048_576 };

const idPbkdf2: Oid = '1.2.840.113549.1.5.12';

const prfs: Readonly<Record<Oid, Prf>> = {
  '1.2.840.113549.2.7': 'SHA-1',
  '1.2.840.113549.2.9': 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
};

const ciphers: Readonly<Record<Oid, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': 'AES-128-CBC',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM',
  '2.16.840.1.101.3.4.1.22': 'AES-192-CBC',
  '2.16.840.1.101.3.4.1.26': 'AES-192-GCM',
  '2.16.840.1.101.3.4.1.42': 'AES-256-CBC',
  '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
};

/** Names for the refusal of what is met in old files. */
const unsupported: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.5.1': 'PBES1 with MD2 and DES',
  '1.2.840.113549.1.5.3': 'PBES1 with MD5 and DES',
  '1.2.840.113549.1.5.4': 'PBES1 with MD2 and RC2',
  '1.2.840.113549.1.5.6': 'PBES1 with MD5 and RC2',
  '1.2.840.113549.1.5.10': 'PBES1 with SHA-1 and DES',
  '1.2.840.113549.1.5.11': 'PBES1 with SHA-1 and RC2',
  '1.2.840.113549.1.12.1.1': 'PKCS#12 encryption with 128-bit RC4',
  '1.2.840.113549.1.12.1.2': 'PKCS#12 encryption with 40-bit RC4',
  '1.2.840.113549.1.12.1.3': 'PKCS#12 encryption with three-key triple DES',
  '1.2.840.113549.1.12.1.4': 'PKCS#12 encryption with two-key triple DES',
  '1.2.840.113549.1.12.1.5': 'PKCS#12 encryption with 128-bit RC2',
  '1.2.840.113549.1.12.1.6': 'PKCS#12 encryption with 40-bit RC2',
  '1.2.840.113549.2.8': 'HMAC with SHA-224, which WebCrypto lacks',
  '1.2.840.113549.3.2': 'RC2-CBC',
  '1.2.840.113549.3.7': 'triple DES',
  '1.3.14.3.2.7': 'DES',
  '1.3.6.1.4.1.11591.4.11': 'scrypt, which WebCrypto lacks',
};

const keyLength = (cipher: Cipher): number => Number(cipher.slice(4, 7)) / 8;

const oidOf = <T>(table: Readonly<Record<Oid, T>>, value: T): Oid =>
  Object.keys(table).find((candidate) => table[candidate] === value)!;

function refuse(what: string, algorithm: Oid): never {
  const name = unsupported[algorithm];
  throw new Pkcs8Error(
    'ERR_PKCS8_UNSUPPORTED',
    `Cannot decrypt: ${what} is ${algorithm}${name === undefined ? '' : ` (${name})`}`,
  );
}

/**
 * Reads the encryption algorithm of an EncryptedPrivateKeyInfo or of CMS EncryptedData.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_UNSUPPORTED` naming the OID when it is not PBES2, or PBES2 with another derivation,
 * function or cipher than those above; `ERR_PKCS8_PARAMETERS` past {@link pbes2Limits} or when lengths do not fit;
 * {@link DerError}.
 */
export function parsePbes2({ algorithm, parameters }: AlgorithmIdentifier): Pbes2Parameters {
  if (algorithm !== idPbes2) refuse('encryptionAlgorithm', algorithm);
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      const params = reader.sequence('');
      const keyDerivationFunc = readAlgorithmIdentifier(params, 'keyDerivationFunc');
      const encryptionScheme = readAlgorithmIdentifier(params, 'encryptionScheme');
      params.end();
      if (keyDerivationFunc.algorithm !== idPbkdf2) refuse('keyDerivationFunc', keyDerivationFunc.algorithm);
      const encryption = readEncryptionScheme(encryptionScheme);
      return { ...readPbkdf2(keyDerivationFunc, keyLength(encryption.cipher)), ...encryption };
    },
    { field: 'parameters' },
  );
}

/**
 *     PBKDF2-params ::= SEQUENCE {
 *       salt CHOICE { specified OCTET STRING, otherSource AlgorithmIdentifier },
 *       iterationCount INTEGER (1..MAX),
 *       keyLength INTEGER (1..MAX) OPTIONAL,
 *       prf AlgorithmIdentifier DEFAULT algid-hmacWithSHA1 }
 */
function readPbkdf2(
  { parameters }: AlgorithmIdentifier,
  expectedKeyLength: number,
): Pick<Pbes2Parameters, 'salt' | 'iterationCount' | 'prf'> {
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      const params = reader.sequence('');
      const salt = params.octetString('salt');
      const iterationCount = params.smallInteger('iterationCount');
      const givenKeyLength = params.peek() === tags.integer ? params.smallInteger('keyLength') : expectedKeyLength;
      const prf = params.done ? undefined : readAlgorithmIdentifier(params, 'prf');
      params.end();
      if (salt.length > pbes2Limits.saltLength)
        throw parametersError(`salt of ${salt.length} octets, at most ${pbes2Limits.saltLength} are used`);
      if (iterationCount < 1 || iterationCount > pbes2Limits.iterationCount)
        throw parametersError(`iterationCount ${iterationCount}, 1 to ${pbes2Limits.iterationCount} are done`);
      if (givenKeyLength !== expectedKeyLength)
        throw parametersError(`keyLength ${givenKeyLength}, the cipher takes ${expectedKeyLength}`);
      if (prf === undefined) return { salt, iterationCount, prf: 'SHA-1' };
      const hash = prfs[prf.algorithm] ?? refuse('prf', prf.algorithm);
      if (prf.parameters === undefined || toHex(prf.parameters) !== '0500')
        throw parametersError('the parameters of the prf are not NULL');
      return { salt, iterationCount, prf: hash };
    },
    { field: 'keyDerivationFunc.parameters' },
  );
}

/** CBC: `AES-IV ::= OCTET STRING (SIZE(16))`; GCM: `SEQUENCE { nonce OCTET STRING, icvlen INTEGER DEFAULT 12 }`. */
function readEncryptionScheme({
  algorithm,
  parameters,
}: AlgorithmIdentifier): Pick<Pbes2Parameters, 'cipher' | 'iv' | 'icvLength'> {
  const cipher = ciphers[algorithm] ?? refuse('encryptionScheme', algorithm);
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      if (cipher.endsWith('CBC')) {
        const iv = reader.octetString('iv');
        if (iv.length !== 16) throw parametersError(`IV of ${iv.length} octets, AES-CBC has 16`);
        return { cipher, iv };
      }
      const params = reader.sequence('');
      const iv = params.octetString('nonce');
      const icvLength = params.done ? 12 : params.smallInteger('icvlen');
      params.end();
      if (iv.length < 1 || iv.length > 128) throw parametersError(`nonce of ${iv.length} octets, 1 to 128 are used`);
      if (icvLength < 12 || icvLength > 16) throw parametersError(`tag of ${icvLength} octets, 12 to 16 are allowed`);
      return { cipher, iv, icvLength };
    },
    { field: 'encryptionScheme.parameters' },
  );
}

const parametersError = (state: string): Pkcs8Error =>
  new Pkcs8Error('ERR_PKCS8_PARAMETERS', `Cannot decrypt: ${state}`);

/** The inverse of {@link parsePbes2}; SHA-1 and a tag of 12 octets are DEFAULT and left out. */
export function pbes2Algorithm(parameters: Pbes2Parameters): AlgorithmIdentifier {
  const { salt, iterationCount, prf, cipher, iv, icvLength = 12 } = parameters;
  const pbkdf2 = sequence(
    octetString(salt),
    integer(iterationCount),
    prf !== 'SHA-1' && algorithmIdentifierNode({ algorithm: oidOf(prfs, prf), parameters: encode(nullValue()) }),
  );
  const scheme = cipher.endsWith('CBC')
    ? octetString(iv)
    : sequence(octetString(iv), icvLength !== 12 && integer(icvLength));
  return {
    algorithm: idPbes2,
    parameters: encode(
      sequence(
        algorithmIdentifierNode({ algorithm: idPbkdf2, parameters: encode(pbkdf2) }),
        sequence(oid(oidOf(ciphers, cipher)), raw(encode(scheme))),
      ),
    ),
  };
}

/**
 * Decrypts with a key derived from the password.
 * @param password - Text is taken as UTF-8 (RFC 8018 §3); the copy made of it is wiped.
 * @returns A new array, the caller's.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_DAMAGED` for a length that no encryption gives, `ERR_PKCS8_PASSWORD` when the
 * padding or the tag is wrong: the password is, or the ciphertext is damaged.
 */
export async function decryptPbes2(
  parameters: Pbes2Parameters,
  ciphertext: Uint8Array,
  password: string | Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { cipher, icvLength = 12 } = parameters;
  const whole = cipher.endsWith('CBC')
    ? ciphertext.length > 0 && ciphertext.length % 16 === 0
    : ciphertext.length >= icvLength;
  if (!whole || ciphertext.length > pbes2Limits.ciphertextLength)
    throw new Pkcs8Error(
      'ERR_PKCS8_DAMAGED',
      `Cannot decrypt: ${ciphertext.length} octets are no ${cipher} ciphertext`,
    );
  const key = await deriveKey(parameters, password, 'decrypt');
  try {
    return new Uint8Array(await crypto.subtle.decrypt(cipherParameters(parameters), key, copy(ciphertext)));
  } catch (cause) {
    throw new Pkcs8Error('ERR_PKCS8_PASSWORD', 'Cannot decrypt: the password is wrong or the data is damaged', {
      cause,
    });
  }
}

/** The inverse of {@link decryptPbes2}; the caller sees to it that salt and IV are fresh. */
export async function encryptPbes2(
  parameters: Pbes2Parameters,
  plaintext: Uint8Array,
  password: string | Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await deriveKey(parameters, password, 'encrypt');
  const source = copy(plaintext);
  try {
    return new Uint8Array(await crypto.subtle.encrypt(cipherParameters(parameters), key, source));
  } finally {
    source.fill(0);
  }
}

type SubtleKey = Parameters<typeof crypto.subtle.decrypt>[1];

async function deriveKey(
  { salt, iterationCount, prf, cipher }: Pbes2Parameters,
  password: string | Uint8Array,
  usage: 'encrypt' | 'decrypt',
): Promise<SubtleKey> {
  const secret = typeof password === 'string' ? new TextEncoder().encode(password) : copy(password);
  try {
    const material = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']);
    const derivation = { name: 'PBKDF2', hash: prf, salt: copy(salt), iterations: iterationCount };
    const target = { name: webCryptoName(cipher), length: 8 * keyLength(cipher) };
    return await crypto.subtle.deriveKey(derivation, material, target, false, [usage]);
  } finally {
    secret.fill(0);
  }
}

const webCryptoName = (cipher: Cipher): string => (cipher.endsWith('CBC') ? 'AES-CBC' : 'AES-GCM');

const cipherParameters = ({ cipher, iv, icvLength = 12 }: Pbes2Parameters) =>
  cipher.endsWith('CBC')
    ? { name: 'AES-CBC', iv: copy(iv) }
    : { name: 'AES-GCM', iv: copy(iv), tagLength: 8 * icvLength };

/** WebCrypto's types take no view of shared memory. */
const copy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
