import { createECDH, createHmac } from 'node:crypto';
import type { Curve } from './curves.js';
import { inverse, mod, numberFrom, octetsOf } from './numbers.js';

/** The point of a scalar, `04 x y`, by OpenSSL. */
export function multiplyBase({ openssl, byteLength }: Curve, scalar: bigint): Uint8Array {
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(octetsOf(scalar, byteLength));
  return Uint8Array.from(ecdh.getPublicKey());
}

/** The number that a digest stands for, not reduced: its leftmost bits (FIPS 186-5 §6.4.1). */
const numberOfDigest = ({ byteLength }: Curve, digest: Uint8Array): bigint =>
  numberFrom(digest.subarray(0, byteLength));

/** RFC 6979 §3.2: candidates for k in turn. */
function* nonces(
  { hash, byteLength, order }: Curve,
  secret: bigint,
  digest: bigint,
  additionalData: Uint8Array = new Uint8Array(),
): Generator<bigint> {
  const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]) => {
    const mac = createHmac(hash, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  };
  const x = octetsOf(secret, byteLength);
  const h = octetsOf(mod(digest, order), byteLength);
  let v: Uint8Array = new Uint8Array(byteLength).fill(1);
  let k: Uint8Array = new Uint8Array(byteLength);
  for (const octet of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(octet), x, h, additionalData);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const candidate = numberFrom(v);
    if (candidate > 0n && candidate < order) yield candidate;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

/** The deterministic signature of FIPS 186-5 §6.4.1, r and s. */
export function sign(curve: Curve, digest: Uint8Array, secret: bigint, additionalData?: Uint8Array): Uint8Array {
  const { order, byteLength } = curve;
  const h = numberOfDigest(curve, digest);
  for (const k of nonces(curve, secret, h, additionalData)) {
    const { r, s } = signWith(curve, h, secret, k);
    if (r !== 0n && s !== 0n) return signatureOf(curve, r, s);
  }
  throw new Error(`No nonce below ${order} of ${byteLength} octets`);
}

/** r and s for a nonce of one's own. */
export function signWith(
  curve: Curve,
  h: bigint,
  secret: bigint,
  k: bigint,
): { readonly r: bigint; readonly s: bigint } {
  const { order, byteLength } = curve;
  const r = mod(numberFrom(multiplyBase(curve, k).subarray(1, 1 + byteLength)), order);
  return { r, s: mod(inverse(k, order) * (h + r * secret), order) };
}

/** The compact form: r, then s. */
export const signatureOf = ({ byteLength }: Curve, r: bigint, s: bigint): Uint8Array =>
  Uint8Array.from([...octetsOf(r, byteLength), ...octetsOf(s, byteLength)]);
