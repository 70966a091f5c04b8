import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { compareBytes, type Seconds } from '@mayfly/der';
import { encodePem, type PemBlock, parsePem } from '@mayfly/der/pem';
import { type Certificate, inspectCertificate, parseCertificate } from '@mayfly/x509';
import { messageOf, TlsError, type TlsErrorCode } from './errors.js';

/** PEM texts as they stand in files; text outside blocks is passed over. */
export interface CredentialTexts {
  /** Holds one unencrypted private key; may be the same text as the chain, as in a credential bundle. */
  readonly privateKey: string;
  /** Leaf first. */
  readonly certificateChain: string;
  /** Absent where peers are not verified against a bundle of one's own. */
  readonly trustBundle?: string | undefined;
}

/** What a TLS endpoint presents and what it trusts: checked, immutable, numbered. */
export interface Credentials {
  /** Counts publications from 1, per source. A consumer that reports it says which credentials it uses. */
  readonly sequence: number;
  /** PEM. Secret, and therefore not enumerable: no logger or serializer meets it by accident. */
  readonly privateKey: string;
  /** PEM, leaf first. */
  readonly certificateChain: string;
  readonly leaf: Certificate;
  /** PEM of all trust anchors; absent where the source has no trust bundle. */
  readonly trustAnchors: string | undefined;
  /** SHA-256 in hex over the set of trust anchors: their order and wrapping do not matter. */
  readonly trustHash: string;
}

/** Credentials that change; servers and clients of this package take them from here. */
export interface LiveCredentials {
  readonly current: Credentials;
  /**
   * Calls back after each change, with the credentials before it.
   * @returns How to stop.
   */
  subscribe(listener: (credentials: Credentials, previous: Credentials) => void): () => void;
}

class ParsedCredentials implements Credentials {
  readonly sequence: number;
  readonly certificateChain: string;
  readonly leaf: Certificate;
  readonly trustAnchors: string | undefined;
  readonly trustHash: string;
  readonly #privateKey: string;

  constructor(fields: Credentials) {
    this.sequence = fields.sequence;
    this.certificateChain = fields.certificateChain;
    this.leaf = fields.leaf;
    this.trustAnchors = fields.trustAnchors;
    this.trustHash = fields.trustHash;
    this.#privateKey = fields.privateKey;
  }

  get privateKey(): string {
    return this.#privateKey;
  }
}

/**
 * Reads and checks credentials: everything parses, the leaf holds the public half of the key, OpenSSL accepts the three
 * together. Validity in time is left to {@link isValidAt}; the chain is not validated to the trust anchors, which are
 * there for the peers' certificates.
 * @throws {@link TlsError} `ERR_TLS_PRIVATE_KEY`, `ERR_TLS_CERTIFICATE_CHAIN`, `ERR_TLS_TRUST_BUNDLE`,
 * `ERR_TLS_KEY_MISMATCH`, `ERR_TLS_CONTEXT`.
 */
export function parseCredentials(texts: CredentialTexts, sequence: number): Credentials {
  const [privateKey, key] = readPrivateKey(texts.privateKey);
  const chain = readCertificates(texts.certificateChain, 'ERR_TLS_CERTIFICATE_CHAIN', parseCertificate);
  const leaf = chain[0]!;
  if (!new X509Certificate(leaf.der).checkPrivateKey(key))
    throw new TlsError(
      'ERR_TLS_KEY_MISMATCH',
      `Cannot use certificate ${serialNumber(leaf)}: the private key belongs to another one`,
    );
  const anchors =
    texts.trustBundle === undefined
      ? undefined
      : readCertificates(texts.trustBundle, 'ERR_TLS_TRUST_BUNDLE', inspectCertificate);
  const certificateChain = encodeChain(chain);
  const trustAnchors = anchors && encodeChain(anchors);
  try {
    createSecureContext({ key: privateKey, cert: certificateChain, ...(trustAnchors && { ca: trustAnchors }) });
  } catch (cause) {
    throw new TlsError('ERR_TLS_CONTEXT', `Cannot use certificate ${serialNumber(leaf)}: ${messageOf(cause)}`, {
      cause,
    });
  }
  const trustHash = hashTrust(anchors ?? []);
  return new ParsedCredentials({ sequence, privateKey, certificateChain, leaf, trustAnchors, trustHash });
}

/** Whether the leaf may be used at that time (RFC 5280 §4.1.2.5, both ends inclusive). */
export const isValidAt = ({ leaf }: Credentials, now: Seconds): boolean =>
  leaf.validity.notBefore <= now && now <= leaf.validity.notAfter;

/** The leaf's serial number in hex, two digits per octet, as the openssl command prints it. */
export function serialNumber({ serialNumber: serial }: Certificate): string {
  const hex = serial.toString(16).toUpperCase();
  return hex.length % 2 === 0 ? hex : '0' + hex;
}

function readPrivateKey(text: string): [pem: string, key: KeyObject] {
  const keys = readPem(text, 'ERR_TLS_PRIVATE_KEY').filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const refuse = (state: string, options?: ErrorOptions): never => {
    throw new TlsError('ERR_TLS_PRIVATE_KEY', `Cannot read the private key: ${state}`, options);
  };
  const block = keys[0];
  if (block === undefined || keys.length > 1) return refuse(`${keys.length} PRIVATE KEY blocks, expected one`);
  if (block.label === 'ENCRYPTED PRIVATE KEY' || block.headers.length > 0) return refuse('it is encrypted');
  const pem = encodePem(block.label, block.bytes);
  try {
    return [pem, createPrivateKey(pem)];
  } catch (cause) {
    return refuse(messageOf(cause), { cause });
  }
}

function readCertificates(
  text: string,
  code: 'ERR_TLS_CERTIFICATE_CHAIN' | 'ERR_TLS_TRUST_BUNDLE',
  parse: (der: Uint8Array) => Certificate,
): readonly Certificate[] {
  const what = code === 'ERR_TLS_TRUST_BUNDLE' ? 'trust bundle' : 'certificate chain';
  const blocks = readPem(text, code).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw new TlsError(code, `Cannot read the ${what}: no CERTIFICATE block`);
  return blocks.map(({ bytes, line }) => {
    try {
      return parse(bytes);
    } catch (cause) {
      throw new TlsError(code, `Cannot read the ${what} at line ${line}: ${messageOf(cause)}`, { cause });
    }
  });
}

function readPem(text: string, code: TlsErrorCode): readonly PemBlock[] {
  try {
    return parsePem(text);
  } catch (cause) {
    throw new TlsError(code, messageOf(cause), { cause });
  }
}

const encodeChain = (chain: readonly Certificate[]): string =>
  chain.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

function hashTrust(anchors: readonly Certificate[]): string {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for (const der of anchors.map((anchor) => anchor.der).sort(compareBytes)) {
    if (last === undefined || compareBytes(last, der) !== 0) hash.update(der);
    last = der;
  }
  return hash.digest('hex');
}
