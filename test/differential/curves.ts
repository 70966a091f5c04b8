/** A curve y² = x³ - 3x + b of SP 800-186 §3.2.1, with what its ECDSA is used with. */
export interface Curve {
  readonly name: 'P-256' | 'P-384';
  /** OpenSSL's name. */
  readonly openssl: string;
  /** The hash of its signatures and of their nonces. */
  readonly hash: 'sha256' | 'sha384';
  /** Octets of a coordinate, of a scalar and of the hash. */
  readonly byteLength: number;
  readonly order: bigint;
}

export const p256: Curve = {
  name: 'P-256',
  openssl: 'prime256v1',
  hash: 'sha256',
  byteLength: 32,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
};

export const p384: Curve = {
  name: 'P-384',
  openssl: 'secp384r1',
  hash: 'sha384',
  byteLength: 48,
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};
