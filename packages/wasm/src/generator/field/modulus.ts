/** A number modulo which the kernels compute, and how its residues are cut into limbs. */
export interface Modulus {
  readonly name: string;
  readonly value: bigint;
  /** Bits of a limb: the product of two limbs, summed over all of them, stays below 2^63. */
  readonly limbBits: number;
  readonly limbs: number;
  /** How a product is brought back to its size. */
  readonly reduction: Reduction;
}

/**
 * - `sparse`: the modulus is -1 modulo 2^limbBits and its successor a short sum of powers of two, so the quotient digit is
 *   the limb itself and the multiple of the modulus is made of shifts.
 * - `folded`: the modulus is 2^`exponent` - `difference`, with a small difference, by which what lies above is multiplied and
 *   added below.
 * - `general`: one multiplication for the digit, and one for each limb that is not zero.
 */
export type Reduction =
  | { readonly kind: 'sparse'; readonly successor: readonly { readonly exponent: number; readonly sign: 1 | -1 }[] }
  | { readonly kind: 'folded'; readonly exponent: number; readonly difference: number }
  | { readonly kind: 'general' };

/** The Montgomery radix: 2 to the number of bits of all limbs, and 1 where products need none. */
export const radix = ({ limbBits, limbs, reduction }: Modulus): bigint =>
  reduction.kind === 'folded' ? 1n : 1n << BigInt(limbBits * limbs);

/** All bits of a limb. */
export const limbMask = ({ limbBits }: Modulus): bigint => (1n << BigInt(limbBits)) - 1n;

/** Limbs of a number, lowest first; the last takes what is left, with the sign. */
export function limbsOf(value: bigint, modulus: Modulus): readonly bigint[] {
  const { limbs, limbBits } = modulus;
  return Array.from({ length: limbs }, (_, k) => {
    const shifted = value >> BigInt(limbBits * k);
    return k < limbs - 1 ? shifted & limbMask(modulus) : shifted;
  });
}

/** The number that limbs stand for. */
export const numberOf = (limbs: readonly bigint[], { limbBits }: Modulus): bigint =>
  limbs.reduce((sum, limb, k) => sum + (limb << BigInt(limbBits * k)), 0n);

/** The residue from 0. */
export const mod = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** The inverse modulo a number that is prime to `value`. */
export function inverseOf(value: bigint, modulus: bigint): bigint {
  let [a, b, u, v] = [mod(value, modulus), modulus, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b, u, v] = [b - quotient * a, a, v - quotient * u, u];
  }
  return mod(v, modulus);
}

/** What a limb is multiplied with to give the quotient digit: -1/modulus, modulo 2^limbBits. */
export function quotientFactor(modulus: Modulus): bigint {
  const size = 1n << BigInt(modulus.limbBits);
  return mod(-inverseOf(modulus.value, size), size);
}

/** Checks at build time that the reduction fits the modulus. */
export function defineModulus(modulus: Modulus): Modulus {
  const { value, reduction, name, limbs, limbBits } = modulus;
  const meant =
    reduction.kind === 'sparse'
      ? reduction.successor.reduce((sum, { exponent, sign }) => sum + BigInt(sign) * (1n << BigInt(exponent)), -1n)
      : reduction.kind === 'folded'
        ? (1n << BigInt(reduction.exponent)) - BigInt(reduction.difference)
        : value;
  if (meant !== value)
    throw new RangeError(`Cannot reduce modulo ${name}: its ${reduction.kind} form is another number`);
  if (reduction.kind === 'sparse' && quotientFactor(modulus) !== 1n)
    throw new RangeError(`Cannot reduce modulo ${name} by shifts: it is not -1 modulo 2^${limbBits}`);
  if (value >> BigInt(limbs * limbBits - 3) !== 0n)
    throw new RangeError(`Cannot compute modulo ${name}: ${limbs} limbs of ${limbBits} bits leave no room above it`);
  return modulus;
}
