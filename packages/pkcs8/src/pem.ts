import { type PemBlock, parsePem } from '@mayfly/der/pem';
import { ecToPrivateKeyInfo } from './ec.js';
import { Pkcs8Error } from './errors.js';
import { encodePrivateKeyInfo, type PrivateKeyInfo, parsePrivateKeyInfo } from './private-key-info.js';
import { rsaToPrivateKeyInfo } from './rsa.js';

/** The private key of a PEM text: as PKCS#8 whatever form it had, or still under its password. */
export type PrivateKeyPem =
  | {
      readonly label: 'PRIVATE KEY' | 'EC PRIVATE KEY' | 'RSA PRIVATE KEY';
      /** DER of a PrivateKeyInfo, a new array that the caller owns. */
      readonly privateKeyInfo: Uint8Array;
    }
  | {
      readonly label: 'ENCRYPTED PRIVATE KEY';
      /** For `decryptPrivateKeyInfo` of `@mayfly/pkcs8/encrypted`. */
      readonly encryptedPrivateKeyInfo: Uint8Array;
    };

/**
 * Finds the one private key in a PEM text (RFC 7468 §10 and §11; SEC 1 and PKCS#1 forms as OpenSSL writes them) and turns
 * it into PKCS#8. Certificates and other blocks beside it are passed over.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PEM` when there is no private key or more than one, `ERR_PKCS8_UNSUPPORTED` for
 * other kinds of key and for the encryption of RFC 1421 headers; {@link PemError}; {@link DerError}.
 */
export const parsePrivateKeyPem = (text: string): PrivateKeyPem => readBlock(findPrivateKey(parsePem(text)));

/** The one private key among blocks; of several none, and all are wiped. */
export function findPrivateKey(blocks: readonly PemBlock[]): PemBlock {
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [block, second] = keys;
  if (block === undefined) throw new Pkcs8Error('ERR_PKCS8_PEM', 'Cannot read PEM: no private key in it');
  if (second !== undefined) {
    for (const { bytes } of keys) bytes.fill(0);
    throw new Pkcs8Error('ERR_PKCS8_PEM', `Cannot read PEM at line ${second.line}: a second private key`);
  }
  return block;
}

/** Whether a block is encrypted by headers of RFC 1421. */
export const isTraditional = ({ headers }: PemBlock): boolean =>
  headers.some(([name, value]) => name === 'DEK-Info' || (name === 'Proc-Type' && value.endsWith('ENCRYPTED')));

function readBlock(block: PemBlock): PrivateKeyPem {
  const { label, bytes, headers, line } = block;
  if (isTraditional(block)) {
    const cipher = headers.find(([name]) => name === 'DEK-Info')?.[1];
    throw new Pkcs8Error(
      'ERR_PKCS8_UNSUPPORTED',
      `Cannot read PEM at line ${line}: ${label} is encrypted by RFC 1421 headers` +
        `${/^[A-Za-z0-9-]{1,32}/.exec(cipher ?? '')?.map((name) => ` (${name})`) ?? ''}, which openPrivateKeyPem of ` +
        '@mayfly/pkcs8/legacy opens',
    );
  }
  switch (label) {
    case 'PRIVATE KEY':
      parsePrivateKeyInfo(bytes);
      return { label, privateKeyInfo: bytes };
    case 'ENCRYPTED PRIVATE KEY':
      return { label, encryptedPrivateKeyInfo: bytes };
    case 'EC PRIVATE KEY':
      return { label, privateKeyInfo: converted(bytes, ecToPrivateKeyInfo) };
    case 'RSA PRIVATE KEY':
      return { label, privateKeyInfo: converted(bytes, rsaToPrivateKeyInfo) };
    default:
      bytes.fill(0);
      throw new Pkcs8Error('ERR_PKCS8_UNSUPPORTED', `Cannot read PEM at line ${line}: no reader for ${label}`);
  }
}

/** PKCS#8 of another form; wipes what it converted from. */
export function converted(der: Uint8Array, convert: (der: Uint8Array) => PrivateKeyInfo): Uint8Array {
  try {
    const info = convert(der);
    const pkcs8 = encodePrivateKeyInfo(info);
    info.privateKey.fill(0);
    return pkcs8;
  } finally {
    der.fill(0);
  }
}
