import type { DerFault } from './errors.js';

/** Longest INTEGER accepted, in octets: twice an RSA modulus of 16,384 bits. */
const MAX_INTEGER_LENGTH = 4096;

/** X.690 §8.3: what keeps content octets from being an INTEGER; `undefined` for one in the fewest octets. */
export function integerFault(bytes: Uint8Array, start: number, end: number): DerFault | undefined {
  const length = end - start;
  if (length === 0) return { code: 'ERR_DER_INTEGER', state: 'content is empty' };
  if (length > MAX_INTEGER_LENGTH)
    return { code: 'ERR_DER_TOO_LARGE', state: `${length} octets, at most ${MAX_INTEGER_LENGTH} are read` };
  if (length === 1) return undefined;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  const isPadded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  return isPadded ? { code: 'ERR_DER_INTEGER', state: 'value is padded' } : undefined;
}

/** Two's complement of up to seven octets, or `undefined` past ±(2⁵³ − 1). */
export function toNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 7) return undefined;
  let value = bytes[start]! >= 0x80 ? bytes[start]! - 256 : bytes[start]!;
  for (let i = start + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Two's complement of any length. Serial numbers (16 to 20 octets) take words; moduli the hexadecimal. */
export function toBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  const length = end - start;
  if (length <= 6) return BigInt(toNumber(bytes, start, end)!);
  const negative = bytes[start]! >= 0x80;
  let value: bigint;
  if (length <= 24) {
    // Few big integers on the way, because each of them is an object (benchmarks/parse).
    const headEnd = start + (length % 8 || 8);
    value = word(bytes, start, headEnd);
    for (let at = headEnd; at < end; at += 8) value = (value << 64n) | word(bytes, at, at + 8);
  } else {
    let hex = '0x';
    for (let i = start; i < end; i++) hex += bytes[i]!.toString(16).padStart(2, '0');
    value = BigInt(hex);
  }
  return negative ? value - (1n << BigInt(8 * length)) : value;
}

/** Where a word is put together. */
const WORD: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Up to eight octets, unsigned. */
function word(bytes: Uint8Array, start: number, end: number): bigint {
  let high = 0;
  let low = 0;
  for (let i = start; i < end; i++) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | bytes[i]!;
  }
  WORD.setInt32(0, high);
  WORD.setInt32(4, low);
  return WORD.getBigUint64(0);
}
