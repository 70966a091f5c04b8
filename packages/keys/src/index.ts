export {
  type Hash,
  type KeyAlgorithm,
  type KeyType,
  type SchemeInfo,
  type SignatureScheme,
  schemes,
  signatureAlgorithm,
  signatureScheme,
} from './algorithms.js';
export { ecdsaSignatureFromDer, ecdsaSignatureToDer } from './ecdsa-signature.js';
export { KeysError, type KeysErrorCode } from './errors.js';
export type { PSSParameters } from './pss.js';
export { type PublicKey, parsePublicKey, rsaModulusBounds } from './public-key.js';
