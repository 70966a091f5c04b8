/**
 * The primitives a software key needs. noble is the reference; WebAssembly is a faster drop-in. Octets that are passed in
 * are neither kept nor changed; octets that come back are the caller's.
 */
export interface Backend {
  readonly name: string;
  sha256(data: Uint8Array): Uint8Array;
  /** Hashes a batch, results in order, where that is cheaper than its parts. */
  sha256Many?(batch: readonly Uint8Array[]): readonly Uint8Array[];
  sha384(data: Uint8Array): Uint8Array;
  sha512(data: Uint8Array): Uint8Array;
  readonly p256: Ecdsa;
  readonly p384: Ecdsa;
  /** Absent where a backend leaves the curve out; its keys are then refused. */
  readonly p521?: Ecdsa;
  readonly ed25519: Eddsa;
}

/** Cryptographically secure. Returns a new array. */
export type RandomBytes = (length: number) => Uint8Array;

/** A new key; both halves are new arrays. */
export interface KeyPair {
  /** The scalar, big-endian and as long as the order, or the seed of Ed25519. */
  readonly secretKey: Uint8Array;
  /** The point `04 x y`, or the 32 octets of Ed25519. */
  readonly publicKey: Uint8Array;
}

/** ECDSA on one curve over digests of any length (FIPS 186-5 §6.4); the leftmost bits count. */
export interface Ecdsa {
  /**
   * Compact r‖s, s not normalised. Deterministic (RFC 6979) without `entropy`; hedged with it: the nonce then comes from
   * key, digest and entropy, so that weak entropy makes it no worse than a deterministic one.
   * @param entropy - 32 octets, drawn for this signature alone.
   */
  sign(digest: Uint8Array, secretKey: Uint8Array, entropy?: Uint8Array): Uint8Array;
  /**
   * Signs a batch, results in order, where that is cheaper than its parts.
   * @param entropy - 32 octets for each digest, one after the other.
   */
  signMany?(digests: readonly Uint8Array[], secretKey: Uint8Array, entropy?: Uint8Array): readonly Uint8Array[];
  /**
   * Accepts both values of s.
   * @throws Error when `publicKey` is no point of the curve; a wrong signature is `false`.
   */
  verify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  /**
   * The same for a key that is met often, with its tables made once.
   * @throws Error, the first call already, when `publicKey` is no point of the curve.
   */
  verifier(publicKey: Uint8Array): (signature: Uint8Array, digest: Uint8Array) => boolean;
  /**
   * The point `04 x y`.
   * @throws Error when the secret is zero or not below the order.
   */
  getPublicKey(secretKey: Uint8Array): Uint8Array;
  /**
   * Makes a key: draws again while the number is zero or not below the order (FIPS 186-5 §A.2.2).
   * @throws RangeError when draw after draw is out of range: `randomBytes` is not random.
   */
  generateKeyPair(randomBytes: RandomBytes): KeyPair;
  /** Makes several, where that is cheaper than one by one. */
  generateMany?(count: number, randomBytes: RandomBytes): readonly KeyPair[];
}

/** Ed25519 as RFC 8032 §5.1 has it. */
export interface Eddsa {
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  /** The same for a seed that signs often: what it expands to and its public key are made once. */
  signer?(seed: Uint8Array): EddsaSigner;
  /** S below the order and canonical points are demanded; a wrong signature, and a key that is no point, are `false`. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** The same for a key that is met often, with its tables made once. */
  verifier(publicKey: Uint8Array): (signature: Uint8Array, message: Uint8Array) => boolean;
  getPublicKey(seed: Uint8Array): Uint8Array;
  generateKeyPair(randomBytes: RandomBytes): KeyPair;
  /** Makes several, where that is cheaper than one by one. */
  generateMany?(count: number, randomBytes: RandomBytes): readonly KeyPair[];
}

/** An expanded Ed25519 key. */
export interface EddsaSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
  /** Signs a batch, results in order, where that is cheaper than its parts. */
  signMany?(messages: readonly Uint8Array[]): readonly Uint8Array[];
  /** Overwrites what the seed expanded to; nothing can be signed any more. */
  destroy(): void;
}
