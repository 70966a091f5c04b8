import type { Derivation, DerivationOptions } from './derivation.js';
import { derivePbkdf1 } from './pbkdf1.js';
import { derivePbkdf2 } from './pbkdf2.js';
import { derivePkcs12 } from './pkcs12-kdf.js';
import { deriveScrypt } from './scrypt.js';

/** Derives a key, whatever the derivation: for those who watch over all of them. As the function of each. */
export function deriveKey(
  derivation: Derivation,
  password: Uint8Array,
  options: DerivationOptions = {},
): Promise<Uint8Array> {
  switch (derivation.type) {
    case 'pbkdf1':
      return derivePbkdf1(derivation, password, options);
    case 'pbkdf2':
      return derivePbkdf2(derivation, password, options);
    case 'pkcs12':
      return derivePkcs12(derivation, password, options);
    case 'scrypt':
      return deriveScrypt(derivation, password, options);
  }
}
