export type { CipherParameters, LegacyAlgorithms, LegacyCipher, LegacyScheme } from './decryption.js';
export type { BlockCipher } from './legacy/cbc.js';
export { createRc2 } from './legacy/rc2.js';
export { legacy } from './legacy/schemes.js';
export { openPrivateKeyPem } from './legacy/traditional-pem.js';
