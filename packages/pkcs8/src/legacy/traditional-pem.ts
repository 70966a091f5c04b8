import { concatBytes, fromHex } from '@mayfly/der';
import { type PemBlock, parsePem } from '@mayfly/der/pem';
import { md5 } from '@noble/hashes/legacy.js';
import type { Cipher, DecryptOptions } from '../decryption.js';
import { ecToPrivateKeyInfo } from '../ec.js';
import { decryptPrivateKeyInfo, isOneSequence } from '../encrypted.js';
import { Pkcs8Error } from '../errors.js';
import { type Password, utf8Password } from '../password.js';
import { decipher, passwordError } from '../pbes2.js';
import { converted, findPrivateKey, isTraditional, parsePrivateKeyPem } from '../pem.js';
import { rsaToPrivateKeyInfo } from '../rsa.js';
import { legacy } from './schemes.js';

/** Ciphers that OpenSSL names in `DEK-Info`. */
const ciphers: Readonly<Record<string, { readonly cipher: Cipher; readonly keyLength: number }>> = {
  'AES-128-CBC': { cipher: 'AES-128-CBC', keyLength: 16 },
  'AES-192-CBC': { cipher: 'AES-192-CBC', keyLength: 24 },
  'AES-256-CBC': { cipher: 'AES-256-CBC', keyLength: 32 },
  'DES-EDE3-CBC': { cipher: 'DES-EDE3-CBC', keyLength: 24 },
  'DES-CBC': { cipher: 'DES-CBC', keyLength: 8 },
};

/**
 * Opens the one private key of a PEM text, in any form: plain, PKCS#8 under a password however old its encryption, and
 * OpenSSL's traditional encryption (`Proc-Type` and `DEK-Info`, RFC 1421 §4.6.1).
 * @param password - Asked for only when the key is encrypted.
 * @returns DER of a PrivateKeyInfo: a new array, the caller's to wipe.
 * @throws {@link Pkcs8Error} as {@link parsePrivateKeyPem} and {@link decryptPrivateKeyInfo}; {@link PemError};
 * {@link DerError}.
 */
export async function openPrivateKeyPem(
  text: string,
  password: () => Password | Promise<Password>,
  options: DecryptOptions = {},
): Promise<Uint8Array> {
  const block = findPrivateKey(parsePem(text));
  if (isTraditional(block)) return openTraditional(block, await password(), options);
  const key = parsePrivateKeyPem(text);
  return key.label === 'ENCRYPTED PRIVATE KEY'
    ? decryptPrivateKeyInfo(key.encryptedPrivateKeyInfo, await password(), { legacy, ...options })
    : key.privateKeyInfo;
}

async function openTraditional(
  { label, headers, bytes, line }: PemBlock,
  password: Password,
  options: DecryptOptions,
): Promise<Uint8Array> {
  const convert = { 'EC PRIVATE KEY': ecToPrivateKeyInfo, 'RSA PRIVATE KEY': rsaToPrivateKeyInfo }[label];
  const dekInfo = headers.find(([name]) => name === 'DEK-Info')?.[1] ?? '';
  const [, name = '', hex = ''] = /^([A-Za-z0-9-]{1,32}),([0-9A-Fa-f]{1,64})$/.exec(dekInfo.replace(/\s/g, '')) ?? [];
  const found = Object.hasOwn(ciphers, name) ? ciphers[name] : undefined;
  if (convert === undefined || found === undefined)
    throw new Pkcs8Error(
      'ERR_PKCS8_UNSUPPORTED',
      `Cannot read PEM at line ${line}: no reader for ${label} under ${name === '' ? 'a DEK-Info without cipher and IV' : name}`,
    );
  const { cipher, keyLength } = found;
  if (hex.length !== (cipher.startsWith('AES') ? 32 : 16))
    throw new Pkcs8Error('ERR_PKCS8_PARAMETERS', `Cannot read PEM at line ${line}: the IV is not that of ${name}`);
  const iv = fromHex(hex);
  const secret = utf8Password(password);
  const key = bytesToKey(secret, iv.subarray(0, 8), keyLength);
  secret.fill(0);
  let der: Uint8Array;
  try {
    der = await decipher({ cipher, iv }, key, bytes, options.legacy ?? legacy, options.signal);
  } finally {
    key.fill(0);
  }
  const isKey = isOneSequence(der);
  try {
    return converted(der, convert);
  } catch (cause) {
    throw isKey
      ? new Pkcs8Error('ERR_PKCS8_DAMAGED', `Cannot decrypt: what came out is no ${label}`, { cause })
      : passwordError({ cause });
  }
}

/** OpenSSL's EVP_BytesToKey with MD5 and one round. */
function bytesToKey(password: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  let key: Uint8Array = new Uint8Array(0);
  let digest: Uint8Array = new Uint8Array(0);
  while (key.length < length) {
    digest = md5.create().update(digest).update(password).update(salt).digest();
    const longer = concatBytes(key, digest);
    key.fill(0);
    key = longer;
  }
  const wanted = key.slice(0, length);
  key.fill(0);
  digest.fill(0);
  return wanted;
}
