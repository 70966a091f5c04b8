import type { MLDSAParameterSet } from '@mayfly/pkcs8/ml-dsa';
import { shake128 } from '@noble/hashes/sha3.js';

/*
 * What an expanded private key of ML-DSA says twice: t0 follows from rho, s1 and s2 (FIPS 204 §5.1, algorithm 6). A library
 * signs with a wrong t0 all the same, and most of what it signs verifies; so the octets are compared, when a key is read.
 * sk = rho (32) ‖ K (32) ‖ tr (64) ‖ s1 ‖ s2 ‖ t0, vectors of polynomials of 256 coefficients.
 */

const Q = 8_380_417;
const N = 256;
/** Dropped bits of t (FIPS 204, table 1). */
const D = 13;

/** k, l and η (FIPS 204, table 1). */
const SHAPES: Readonly<Record<MLDSAParameterSet, readonly [k: number, l: number, eta: number]>> = {
  'ML-DSA-44': [4, 4, 2],
  'ML-DSA-65': [6, 5, 4],
  'ML-DSA-87': [8, 7, 2],
};

/** Whether t0 in an expanded key is the one that belongs to its rho, s1 and s2. The key has the right length. */
export function hasOwnT0(parameterSet: MLDSAParameterSet, expandedKey: Uint8Array): boolean {
  const [k, l, eta] = SHAPES[parameterSet];
  const rho = expandedKey.subarray(0, 32);
  const width = eta === 2 ? 3 : 4;
  const shortVector = (start: number, count: number): readonly Float64Array[] =>
    Array.from({ length: count }, (_, i) => unpack(expandedKey, start + i * 32 * width, width, eta));
  const zetas = powersOfZeta();
  const s1 = shortVector(128, l).map((polynomial) => ntt(polynomial, zetas));
  const s2 = shortVector(128 + l * 32 * width, k);
  const t0Start = 128 + (k + l) * 32 * width;
  let difference = 0;
  for (let row = 0; row < k; row++) {
    const product = new Float64Array(N);
    for (let column = 0; column < l; column++) {
      const a = expandA(rho, row, column);
      for (let i = 0; i < N; i++) product[i] = (product[i]! + a[i]! * s1[column]![i]!) % Q;
    }
    const t = inverseNtt(product, zetas);
    const t0 = unpack(expandedKey, t0Start + row * 32 * D, D, 1 << (D - 1));
    // Every coefficient is looked at, whatever is found, as for all that depends on a secret.
    for (let i = 0; i < N; i++) difference |= lowBits(modulo(t[i]! + s2[row]![i]!)) ^ t0[i]!;
  }
  return difference === 0;
}

/** Algorithm 19: 256 numbers of `width` bits, little-endian, each taken from `offset`. */
function unpack(octets: Uint8Array, start: number, width: number, offset: number): Float64Array {
  const polynomial = new Float64Array(N);
  for (let i = 0; i < N; i++) {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit;
      value |= ((octets[start + (at >> 3)]! >> (at & 7)) & 1) << bit;
    }
    polynomial[i] = offset - value;
  }
  return polynomial;
}

const modulo = (value: number): number => ((value % Q) + Q) % Q;

/** Algorithm 35, the low part: t mod± 2^13. */
function lowBits(t: number): number {
  const low = t & ((1 << D) - 1);
  return low > 1 << (D - 1) ? low - (1 << D) : low;
}

/** Algorithms 30 and 32: one polynomial of the public matrix, in the domain of the NTT. */
function expandA(rho: Uint8Array, row: number, column: number): Float64Array {
  const xof = shake128.create().update(Uint8Array.of(...rho, column, row));
  const polynomial = new Float64Array(N);
  for (let count = 0; count < N; ) {
    const [b0, b1, b2] = xof.xof(3) as unknown as readonly [number, number, number]; // as many as asked for
    const value = ((b2 & 0x7f) << 16) | (b1 << 8) | b0;
    if (value < Q) polynomial[count++] = value;
  }
  return polynomial;
}

/** Appendix B: powers of 1753, a 512th root of one, in the order of reversed bits. */
function powersOfZeta(): Float64Array {
  const powers = new Float64Array(N);
  for (let i = 0; i < N; i++) {
    let exponent = 0;
    for (let bit = 0; bit < 8; bit++) exponent |= ((i >> bit) & 1) << (7 - bit);
    let power = 1;
    for (let e = 0; e < exponent; e++) power = (power * 1753) % Q;
    powers[i] = power;
  }
  return powers;
}

/** Algorithm 41. */
function ntt(polynomial: Float64Array, zetas: Float64Array): Float64Array {
  const w = polynomial.map(modulo);
  let m = 0;
  for (let length = 128; length >= 1; length >>= 1)
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = zetas[++m]!;
      for (let j = start; j < start + length; j++) {
        const t = (zeta * w[j + length]!) % Q;
        w[j + length] = modulo(w[j]! - t);
        w[j] = (w[j]! + t) % Q;
      }
    }
  return w;
}

/** Algorithm 42. */
function inverseNtt(polynomial: Float64Array, zetas: Float64Array): Float64Array {
  const w = polynomial.slice();
  let m = N;
  for (let length = 1; length < N; length <<= 1)
    for (let start = 0; start < N; start += 2 * length) {
      const zeta = Q - zetas[--m]!;
      for (let j = start; j < start + length; j++) {
        const t = w[j]!;
        w[j] = (t + w[j + length]!) % Q;
        w[j + length] = (zeta * modulo(t - w[j + length]!)) % Q;
      }
    }
  return w.map((coefficient) => (8_347_681 * coefficient) % Q); // 256⁻¹
}
