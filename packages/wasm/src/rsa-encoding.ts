import type { HashName } from './hash-kernel.js';

/** DER of the DigestInfo in front of the digest (RFC 8017 §9.2, note 1). */
const digestInfos: Readonly<Record<HashName, readonly number[]>> = {
  'SHA-256': [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32],
  'SHA-384': [0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 48],
  'SHA-512': [0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64],
};

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2): `00 01 ff .. ff 00 DigestInfo`. */
export function encodePkcs1(hash: HashName, digest: Uint8Array, length: number): Uint8Array {
  const info = digestInfos[hash];
  const encoded = new Uint8Array(length).fill(0xff);
  encoded.set([0, 1]);
  encoded.set([0, ...info, ...digest], length - digest.length - info.length - 1);
  return encoded;
}

/**
 * EMSA-PSS-VERIFY (RFC 8017 §9.1.2), in its order, with MGF1 over the same hash.
 * @param message - The integer as octets of the modulus: one more than EM has where `emBits` is a multiple of 8.
 */
export function verifyPssEncoding(
  hash: (data: Uint8Array) => Uint8Array,
  mHash: Uint8Array,
  message: Uint8Array,
  emBits: number,
  saltLength: number,
): boolean {
  const hLen = mHash.length;
  const emLen = Math.ceil(emBits / 8);
  if (message.length > emLen && message[0] !== 0) return false;
  const em = message.subarray(message.length - emLen);
  if (emLen < hLen + saltLength + 2 || em[emLen - 1] !== 0xbc) return false;
  const maskedDb = em.subarray(0, emLen - hLen - 1);
  const h = em.subarray(emLen - hLen - 1, emLen - 1);
  const unused = 8 * emLen - emBits;
  if (maskedDb[0]! >> (8 - unused) !== 0) return false;
  const db = mgf1(hash, h, maskedDb.length).map((octet, i) => octet ^ maskedDb[i]!);
  db[0]! &= 0xff >> unused;
  const zeros = db.length - saltLength - 1;
  if (db.subarray(0, zeros).some((octet) => octet !== 0) || db[zeros] !== 1) return false;
  const mPrime = new Uint8Array(8 + hLen + saltLength);
  mPrime.set(mHash, 8);
  mPrime.set(db.subarray(zeros + 1), 8 + hLen);
  return hash(mPrime).every((octet, i) => octet === h[i]);
}

/** RFC 8017 §B.2.1. */
function mgf1(hash: (data: Uint8Array) => Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  for (let counter = 0, at = 0; at < length; counter++) {
    new DataView(input.buffer).setUint32(seed.length, counter);
    const block = hash(input);
    mask.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return mask;
}
