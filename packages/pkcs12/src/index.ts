export {
  type Attribute,
  cspName,
  cspNameAttribute,
  friendlyName,
  friendlyNameAttribute,
  type HasAttributes,
  localKeyId,
  localKeyIdAttribute,
  trustedKeyUsage,
  trustedKeyUsageAttribute,
} from './attribute.js';
export {
  type BagDescription,
  type ContentsDescription,
  describePfx,
  type EncryptionDescription,
  type MacDescription,
  type PfxDescription,
} from './describe-pfx.js';
export {
  allBags,
  type KeyEntry,
  type KeyStoreContents,
  keyEntries,
  keyStore,
  type TrustedEntry,
  trustedEntries,
  trustStore,
} from './entries.js';
export { Pkcs12Error, type Pkcs12ErrorCode } from './errors.js';
export type { ImportLimits } from './limits.js';
export type { MacScheme } from './mac.js';
export type { Pfx, SafeContents } from './pfx.js';
export { type Encrypt, type EncryptOptions, modern, type Profile, passwordless, pbmac1 } from './profile.js';
export { type ReadPfxOptions, readPfx } from './read-pfx.js';
export type {
  CertBag,
  CrlBag,
  KeyBag,
  SafeBag,
  SafeContentsBag,
  SealedBag,
  SecretBag,
  ShroudedBag,
  UnknownBag,
} from './safe-bag.js';
export type { Progress, WatchOptions } from './watch.js';
export { type WritePfxOptions, writePfx } from './write-pfx.js';
