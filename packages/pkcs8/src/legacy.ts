export type { LegacyAlgorithms, LegacyCipher, LegacyScheme } from './decryption.js';
export { createRc2 } from './legacy/rc2.js';
export { legacy } from './legacy/schemes.js';
export { openPrivateKeyPem } from './legacy/traditional-pem.js';
