/** The primitives a software key needs. noble is the reference; WebAssembly is a faster drop-in. */
export interface Backend {
  readonly name: string;
  sha256(data: Uint8Array): Uint8Array;
  sha384(data: Uint8Array): Uint8Array;
  sha512(data: Uint8Array): Uint8Array;
  readonly p256: Ecdsa;
  readonly p384: Ecdsa;
  /** Absent where a backend leaves the curve out; its keys are then refused. */
  readonly p521?: Ecdsa;
  readonly ed25519: Eddsa;
}

/** ECDSA on one curve over digests of any length (FIPS 186-5 §6.4); the leftmost bits count. */
export interface Ecdsa {
  /** Deterministic (RFC 6979); compact r‖s, s not normalised. */
  sign(digest: Uint8Array, secretKey: Uint8Array): Uint8Array;
  /** Signs a batch, results in order, where that is cheaper than its parts. */
  signMany?(digests: readonly Uint8Array[], secretKey: Uint8Array): readonly Uint8Array[];
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
}

/** Ed25519 as RFC 8032 §5.1 has it. */
export interface Eddsa {
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  /** S below the order and canonical points are demanded; a wrong signature is `false`. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  getPublicKey(seed: Uint8Array): Uint8Array;
}
