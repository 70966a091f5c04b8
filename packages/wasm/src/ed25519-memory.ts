/**
 * Where the kernel and its user meet in the kernel's memory: octets from the address that `io()` returns. Secrets stand only
 * from `seed` to the head's end, and in memory that the kernel keeps to itself.
 */
export const memory = {
  /** 32 octets. */
  publicKey: 0,
  /** S of the signature to verify. */
  s: 32,
  /** {@link BATCH} signatures. */
  signatures: 64,
  /** 32 octets. */
  seed: 1088,
  /** What a seed expands to: {@link EXPANDED_LENGTH} octets, the scalar and the prefix. */
  expanded: 1120,
  /** 64 octets to be hashed before the message: R and A, or in the second half the prefix. */
  head: 1232,
  message: 1296,
} as const;

/** 72 octets of the scalar, 32 of the prefix. */
export const EXPANDED_LENGTH = 104;

/** Signatures that are made at once. */
export const BATCH = 16;

/** Octets of a message that are hashed in one go: a multiple of SHA-512's block. */
export const MESSAGE_CAPACITY = 4096;

/** Keys met often that have tables at a time. */
export const KEY_SLOTS = 4;
