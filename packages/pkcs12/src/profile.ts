import { type EncryptedPrivateKeyInfo, type EncryptOptions, encryptWithPassword } from '@mayfly/pkcs8/encrypted';
import type { Hash, Password } from '@mayfly/pkcs8/password-based';
import type { MacScheme } from './mac.js';

/** Encrypts for one place of a file. `iterations` and `randomBytes` are always given. */
export type Encrypt = (
  plaintext: Uint8Array,
  password: Password,
  options: EncryptOptions & Required<Pick<EncryptOptions, 'iterations' | 'randomBytes'>>,
) => Promise<EncryptedPrivateKeyInfo>;

/** With what a file is written. */
export interface Profile {
  readonly name: 'modern' | 'pbmac1' | 'legacy-3des' | 'legacy-rc2' | 'passwordless';
  /** Rounds of each derivation unless asked otherwise. */
  readonly iterations: number;
  /** `undefined`: nothing is encrypted. */
  readonly encryption: { readonly contents: Encrypt; readonly keys: Encrypt } | undefined;
  /** `undefined`: there is none. */
  readonly mac: { readonly name: MacScheme['name']; readonly hash: Hash } | undefined;
}

const pbes2 = { contents: encryptWithPassword, keys: encryptWithPassword };

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
