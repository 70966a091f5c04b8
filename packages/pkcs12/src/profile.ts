import type { EncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import type { DerivationOptions, Hash, Password, Pbkdf2Derivation } from '@mayfly/pkcs8/password-based';
import { encryptPbes2, pbes2Algorithm } from '@mayfly/pkcs8/pbes2';
import type { MacScheme } from './mac.js';

/** With what one place of a file is encrypted. */
export interface EncryptOptions extends DerivationOptions {
  /** Rounds that were asked for. */
  readonly iterations: number;
  /** That of the whole file, with these rounds, for those who take PBKDF2. */
  readonly keyDerivation: Pbkdf2Derivation;
  /** Source of IVs, and of salts for other derivations. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Encrypts for one place of a file. */
export type Encrypt = (
  plaintext: Uint8Array,
  password: Password,
  options: EncryptOptions,
) => Promise<EncryptedPrivateKeyInfo>;

/** With what a file is written. */
export interface Profile {
  readonly name: 'modern' | 'pbmac1' | 'legacy-3des' | 'legacy-rc2' | 'passwordless';
  /** Rounds of each derivation unless asked otherwise. */
  readonly iterations: number;
  /** `undefined`: nothing is encrypted. */
  readonly encryption:
    | {
        readonly contents: Encrypt;
        readonly keys: Encrypt;
        /** Whether all of it is under {@link EncryptOptions.keyDerivation}. */
        readonly sharesKey: boolean;
      }
    | undefined;
  /** `undefined`: there is none. */
  readonly mac: { readonly name: MacScheme['name']; readonly hash: Hash } | undefined;
}

/**
 * One key for the whole file, and an IV for each part: whoever tries passwords tries them on one part, so that a second
 * derivation costs the owner alone.
 */
const encrypt: Encrypt = async (plaintext, password, { keyDerivation, iterations: _, randomBytes, ...derivation }) => {
  const parameters = { keyDerivation, cipher: 'AES-256-CBC', iv: randomBytes(16) } as const;
  const encryptedData = await encryptPbes2(parameters, plaintext, password, derivation);
  return { encryptionAlgorithm: pbes2Algorithm(parameters), encryptedData };
};

const pbes2 = { contents: encrypt, keys: encrypt, sharesKey: true };

/**
 * PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA-256; MAC of RFC 7292 with SHA-256. Java from 8u301, OpenSSL from 1.1, NSS,
 * GnuTLS and Windows from 10 1709 open it.
 */
export const modern: Profile = {
  name: 'modern',
  iterations: 600_000,
  encryption: pbes2,
  mac: { name: 'HMAC', hash: 'SHA-256' },
};

/** The same with the MAC of RFC 9579: OpenSSL from 3.4 and newer NSS. Java 17 and others take it for a wrong password. */
export const pbmac1: Profile = { ...modern, name: 'pbmac1', mac: { name: 'PBMAC1', hash: 'SHA-256' } };

/** Neither encryption nor MAC, for trust stores that everybody may read: Java from 18 opens them without a password. */
export const passwordless: Profile = { name: 'passwordless', iterations: 1, encryption: undefined, mac: undefined };
