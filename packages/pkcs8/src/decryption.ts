import type { AlgorithmIdentifier } from '@mayfly/x509';
import type { DerivationLimits, DerivationOptions, Pkcs12Derivation } from './derivation.js';
import type { Password } from './password.js';

/** Ciphers of PBES2 that WebCrypto has (RFC 8018 §B.2.5, RFC 5084). AES-192 is missing from some browsers. */
export type AesCipher = 'AES-128-CBC' | 'AES-192-CBC' | 'AES-256-CBC' | 'AES-128-GCM' | 'AES-192-GCM' | 'AES-256-GCM';
/** Ciphers of old files (RFC 8018 §B.2.1 to §B.2.3). */
export type LegacyCipher = 'DES-CBC' | 'DES-EDE3-CBC' | 'RC2-CBC';
export type Cipher = AesCipher | LegacyCipher;

/** A cipher with all that it takes beside the key. */
export interface CipherParameters {
  readonly cipher: Cipher;
  /** IV of one block for CBC, nonce for GCM. */
  readonly iv: Uint8Array;
  /** Length of GCM's tag in octets, 12 to 16. */
  readonly icvLength?: number;
  /** Effective key bits of RC2, 1 to 1024. */
  readonly effectiveKeyBits?: number;
}

/** How something under a password is opened. */
export interface DecryptOptions extends DerivationOptions {
  readonly limits?: DerivationLimits;
  /** Longest ciphertext, in octets. Default 1 MiB. */
  readonly maxLength?: number;
  /** Old algorithms, from `@mayfly/pkcs8/legacy`. Default none: they are refused by name. */
  readonly legacy?: LegacyAlgorithms;
}

/** Schemes of RFC 7292 appendix C that are still written, for readers that know nothing else. */
export type LegacyScheme = 'pbeWithSHAAnd3-KeyTripleDES-CBC' | 'pbeWithSHAAnd40BitRC2-CBC';

/**
 * Algorithms that open old files and protect nothing today. They are an argument, so that a program has them only if it
 * asks for them by name.
 */
export interface LegacyAlgorithms {
  /** Deciphers for PBES2, in slices of a few milliseconds; throws `ERR_PKCS8_PASSWORD` when the padding is wrong. */
  readonly decipher: (
    parameters: CipherParameters & { readonly cipher: LegacyCipher },
    key: Uint8Array,
    ciphertext: Uint8Array,
    signal?: AbortSignal,
  ) => Promise<Uint8Array<ArrayBuffer>>;
  /** Decrypts under PBES1 or the schemes of RFC 7292; throws `ERR_PKCS8_UNSUPPORTED` for others. */
  readonly decrypt: (
    algorithm: AlgorithmIdentifier,
    ciphertext: Uint8Array,
    password: Password,
    options: DecryptOptions,
  ) => Promise<Uint8Array<ArrayBuffer>>;
  /** Encrypts under a scheme of RFC 7292. */
  readonly encrypt: (
    scheme: LegacyScheme,
    work: Pick<Pkcs12Derivation, 'salt' | 'iterationCount'>,
    plaintext: Uint8Array,
    password: Password,
    derivation: DerivationOptions,
  ) => Promise<{ readonly encryptionAlgorithm: AlgorithmIdentifier; readonly encryptedData: Uint8Array<ArrayBuffer> }>;
}
