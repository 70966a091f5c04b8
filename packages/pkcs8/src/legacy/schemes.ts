import { encode, integer, type Oid, octetString, read, sequence } from '@mayfly/der';
import type { DecryptOptions, LegacyAlgorithms, LegacyScheme } from '../decryption.js';
import { type Pbkdf1Derivation, type Pkcs12Derivation, parametersError, requireWithinLimits } from '../derivation.js';
import { Pkcs8Error } from '../errors.js';
import { refuseAlgorithm } from '../names.js';
import { bmpPassword, type Password, utf8Password } from '../password.js';
import { MAX_CIPHERTEXT_LENGTH } from '../pbes2.js';
import { derivePbkdf1 } from '../pbkdf1.js';
import { derivePkcs12 } from '../pkcs12-kdf.js';
import { beginSlices } from '../slices.js';
import { type BlockCipher, decipherCbc, encipherCbc } from './cbc.js';
import { createDes } from './des.js';
import { createRc2 } from './rc2.js';
import { rc4 } from './rc4.js';

/** What a scheme enciphers with. */
interface SchemeCipher {
  readonly keyLength: number;
  /** `undefined` for a stream cipher, which has no IV. */
  readonly create: ((key: Uint8Array) => BlockCipher) | undefined;
}

const des: SchemeCipher = { keyLength: 8, create: createDes };
const rc2 = (keyLength: number): SchemeCipher => ({ keyLength, create: (key) => createRc2(key, 8 * keyLength) });

/** RFC 8018 §A.3: key and IV are the two halves of what PBKDF1 derives. MD2 is not there. */
const pbes1: Readonly<Record<Oid, { readonly hash: 'MD5' | 'SHA-1'; readonly cipher: SchemeCipher }>> = {
  '1.2.840.113549.1.5.3': { hash: 'MD5', cipher: des },
  '1.2.840.113549.1.5.6': { hash: 'MD5', cipher: /* @__PURE__ */ rc2(8) },
  '1.2.840.113549.1.5.10': { hash: 'SHA-1', cipher: des },
  '1.2.840.113549.1.5.11': { hash: 'SHA-1', cipher: /* @__PURE__ */ rc2(8) },
};

/** RFC 7292 appendix C, all with SHA-1. */
const pkcs12: Readonly<Record<Oid, SchemeCipher>> = {
  '1.2.840.113549.1.12.1.1': { keyLength: 16, create: undefined },
  '1.2.840.113549.1.12.1.2': { keyLength: 5, create: undefined },
  '1.2.840.113549.1.12.1.3': { keyLength: 24, create: createDes },
  '1.2.840.113549.1.12.1.4': { keyLength: 16, create: createDes },
  '1.2.840.113549.1.12.1.5': /* @__PURE__ */ rc2(16),
  '1.2.840.113549.1.12.1.6': /* @__PURE__ */ rc2(5),
};

const written: Readonly<Record<LegacyScheme, Oid>> = {
  'pbeWithSHAAnd3-KeyTripleDES-CBC': '1.2.840.113549.1.12.1.3',
  'pbeWithSHAAnd40BitRC2-CBC': '1.2.840.113549.1.12.1.6',
};

/** Everything that RFC 8018 and RFC 7292 keep for old files. */
export const legacy: LegacyAlgorithms = {
  decipher({ cipher, iv, effectiveKeyBits }, key, ciphertext, signal) {
    const blocks = cipher === 'RC2-CBC' ? createRc2(key, effectiveKeyBits ?? 32) : createDes(key);
    return finish(blocks, () => decipherCbc(blocks, iv, ciphertext, beginSlices(signal)));
  },

  async decrypt({ algorithm, parameters }, ciphertext, password, options) {
    const isPbes1 = Object.hasOwn(pbes1, algorithm);
    if (!isPbes1 && !Object.hasOwn(pkcs12, algorithm)) refuseAlgorithm('encryptionAlgorithm', algorithm);
    const { maxLength = MAX_CIPHERTEXT_LENGTH } = options;
    const { cipher } = isPbes1 ? pbes1[algorithm]! : { cipher: pkcs12[algorithm]! };
    const isWhole = cipher.create === undefined || (ciphertext.length > 0 && ciphertext.length % 8 === 0);
    if (!isWhole || ciphertext.length > maxLength)
      throw new Pkcs8Error(
        'ERR_PKCS8_DAMAGED',
        `Cannot decrypt: ${ciphertext.length} octets are no ciphertext of whole blocks and at most ${maxLength}`,
      );
    const work = parseParameters(parameters ?? new Uint8Array(0));
    const { key, iv } = isPbes1
      ? await deriveHalves({ type: 'pbkdf1', hash: pbes1[algorithm]!.hash, keyLength: 16, ...work }, password, options)
      : await deriveWithPkcs12(work, cipher, password, options);
    try {
      const slices = beginSlices(options.signal);
      if (cipher.create === undefined) return await rc4(key, ciphertext, slices);
      const blocks = cipher.create(key);
      return await finish(blocks, () => decipherCbc(blocks, iv, ciphertext, slices));
    } finally {
      key.fill(0);
    }
  },

  async encrypt(scheme, work, plaintext, password, options) {
    const algorithm = written[scheme];
    const cipher = pkcs12[algorithm]!;
    const { key, iv } = await deriveWithPkcs12(work, cipher, password, options);
    const blocks = cipher.create!(key); // the schemes written have blocks
    key.fill(0);
    const encryptedData = await finish(blocks, () => encipherCbc(blocks, iv, plaintext, beginSlices(options.signal)));
    return { encryptionAlgorithm: { algorithm, parameters: encodeParameters(work) }, encryptedData };
  },
};

async function finish<T>(cipher: BlockCipher, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } finally {
    cipher.wipe();
  }
}

type Work = Pick<Pkcs12Derivation, 'salt' | 'iterationCount'>;

/** `PBEParameter` and `pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }`. */
const parseParameters = (parameters: Uint8Array): Work =>
  read(
    parameters,
    (reader) => {
      const params = reader.sequence('');
      const salt = params.octetString('salt');
      const iterationCount = params.smallInteger('iterations');
      params.end();
      if (iterationCount < 1) throw parametersError(`iterations ${iterationCount}, at least 1 is needed`);
      return { salt, iterationCount };
    },
    { field: 'parameters' },
  );

const encodeParameters = ({ salt, iterationCount }: Work): Uint8Array =>
  encode(sequence(octetString(salt), integer(iterationCount)));

async function deriveWithPkcs12(
  work: Work,
  { keyLength, create }: SchemeCipher,
  password: Password,
  { limits, ...options }: Pick<DecryptOptions, 'limits' | 'derive' | 'signal' | 'onProgress'>,
): Promise<{ readonly key: Uint8Array; readonly iv: Uint8Array }> {
  const derivation = { type: 'pkcs12', hash: 'SHA-1', keyLength, ...work } as const;
  requireWithinLimits({ ...derivation, purpose: 'key' }, limits);
  const secret = bmpPassword(password);
  try {
    const key = await derivePkcs12({ ...derivation, purpose: 'key' }, secret, options);
    if (create === undefined) return { key, iv: new Uint8Array(0) };
    return { key, iv: await derivePkcs12({ ...derivation, purpose: 'iv', keyLength: 8 }, secret, options) };
  } finally {
    secret.fill(0);
  }
}

/** RFC 8018 §6.1.2: eight octets of key and eight of IV. */
async function deriveHalves(
  derivation: Pbkdf1Derivation,
  password: Password,
  { limits, ...options }: DecryptOptions,
): Promise<{ readonly key: Uint8Array; readonly iv: Uint8Array }> {
  requireWithinLimits(derivation, limits);
  const secret = utf8Password(password);
  try {
    const octets = await derivePbkdf1(derivation, secret, options);
    const halves = { key: octets.slice(0, 8), iv: octets.slice(8, 16) };
    octets.fill(0);
    return halves;
  } finally {
    secret.fill(0);
  }
}
