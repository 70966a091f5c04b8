/** What other formats with passwords build on: RFC 7292 most of all. */
export type {
  Derivation,
  DerivationLimits,
  DerivationOptions,
  DeriveKey,
  Hash,
  Pbkdf1Derivation,
  Pbkdf2Derivation,
  Pkcs12Derivation,
  ScryptDerivation,
} from './derivation.js';
export { iterationsOf } from './derivation.js';
export { algorithmName } from './names.js';
export { bmpPassword, type Password, utf8Password } from './password.js';
export { derivePbkdf2, hashOfHmac, hmacAlgorithm, idPbkdf2, parsePbkdf2, pbkdf2Node } from './pbkdf2.js';
export { derivePkcs12 } from './pkcs12-kdf.js';
