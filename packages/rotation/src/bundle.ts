import type { Seconds } from '@mayfly/der';
import { encodePem, PemError, parsePem } from '@mayfly/der/pem';
import { RotationError } from './errors.js';

/** Key and chain as one value, because two files can be read half-rotated. */
export interface CredentialBundle {
  /** DER of the PKCS#8 key (RFC 5958). Secret. */
  readonly privateKeyInfo: Uint8Array;
  /** DER of the certificates, leaf first. Never empty. */
  readonly chain: readonly Uint8Array[];
  /** When the signer wants it refreshed, if it said so. */
  readonly refreshAt?: Seconds;
}

/** Where a bundle outlives the process. */
export interface Store {
  /** Reads what `replace` was last given, or `undefined` if that never happened. */
  load(): Promise<CredentialBundle | undefined>;
  /** All or nothing: a reader sees the old bundle or the new one. */
  replace(bundle: CredentialBundle): Promise<void>;
}

/** Writes one PEM text, the PKCS#8 key first, then the chain from the leaf up, as a kubelet writes it. */
export function encodeBundle({ privateKeyInfo, chain }: CredentialBundle): string {
  if (chain.length === 0) throw new RangeError('Cannot write a credential bundle: the chain is empty');
  return encodePem('PRIVATE KEY', privateKeyInfo) + chain.map((der) => encodePem('CERTIFICATE', der)).join('');
}

/**
 * Reads what {@link encodeBundle} writes; the DER inside is not looked at.
 * @returns New arrays, owned by the caller.
 * @throws {@link RotationError} `ERR_ROTATION_BUNDLE`.
 */
export function parseBundle(pem: string): CredentialBundle {
  const refuse = (state: string, cause?: unknown): never => {
    throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot read the credential bundle: ${state}`, { cause });
  };
  const blocks = (() => {
    try {
      return parsePem(pem);
    } catch (error) {
      if (error instanceof PemError) return refuse(`PEM is broken at line ${error.line}`, error);
      throw error;
    }
  })();
  const [key, ...certificates] = blocks;
  if (key?.label !== 'PRIVATE KEY') return refuse(`${key?.label ?? 'nothing'} where PRIVATE KEY comes first`);
  if (certificates.length === 0) return refuse('no CERTIFICATE follows the key');
  const other = certificates.find(({ label }) => label !== 'CERTIFICATE');
  if (other !== undefined) return refuse(`${other.label} at line ${other.line} where only CERTIFICATE may follow`);
  return { privateKeyInfo: key.bytes, chain: certificates.map(({ bytes }) => bytes) };
}
