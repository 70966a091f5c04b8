/** What other formats with passwords build on: RFC 7292 most of all. */
export {
  type Derivation,
  type DerivationLimits,
  type DerivationOptions,
  type DeriveKey,
  type Hash,
  iterationsOf,
  type Pbkdf1Derivation,
  type Pbkdf2Derivation,
  type Pkcs12Derivation,
  type ScryptDerivation,
} from './derivation.js';
export { deriveKey } from './derive-key.js';
export { hmac } from './hmac.js';
export { algorithmName } from './names.js';
export { bmpPassword, type Password, utf8Password } from './password.js';
export { derivePbkdf2, hashOfHmac, hmacAlgorithm, idPbkdf2, parsePbkdf2, pbkdf2Node } from './pbkdf2.js';
export { derivePkcs12 } from './pkcs12-kdf.js';
