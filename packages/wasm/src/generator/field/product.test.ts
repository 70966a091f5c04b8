import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { p256Field, p256Order } from '../curves/p256.js';
import { p384Field, p384Order } from '../curves/p384.js';
import { bigintOperations } from './bigint.js';
import { type Bounds, canonical, differenceBounds, type Flavour, productBounds, sumBounds } from './bounds.js';
import { OverflowError } from './interval.js';
import { type Modulus, mod, numberOf, radix } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';
import type { Operations } from './operations.js';

const moduli: readonly Modulus[] = [p256Field, p256Order, p384Field, p384Order];
const flavours: readonly Flavour[] = ['scalar', 'pair'];

/** BigInt arithmetic that refuses what the emitted instructions would wrap around. */
function wordOperations(flavour: Flavour): Operations<bigint> {
  const exact = bigintOperations(flavour);
  const within = (value: bigint, low: bigint, high: bigint) => {
    if (value < low || value > high) throw new RangeError(`${value} does not fit`);
    return value;
  };
  const limb = (value: bigint) => {
    const bits = flavour === 'pair' ? 31n : 63n;
    return within(value, -(1n << bits), (1n << bits) - 1n);
  };
  // Lanes are shifted without their sign: their sums may take the whole of either reading, shifted ones not.
  const column = (value: bigint) => within(value, -(1n << 63n), (1n << (flavour === 'pair' ? 64n : 63n)) - 1n);
  return {
    ...exact,
    mul: (a, b) => within(exact.mul(limb(a), limb(b)), -(1n << 63n), (1n << 63n) - 1n),
    addLimbs: (a, b) => limb(exact.addLimbs(a, b)),
    add: (a, b) => column(exact.add(a, b)),
    sub: (a, b) => column(exact.sub(a, b)),
    shl: (a, count) => column(exact.shl(a, count)),
    shr: (a, count) => {
      if (flavour === 'pair') within(a, 0n, (1n << 64n) - 1n);
      return exact.shr(a, count);
    },
  };
}

/** Limbs anywhere in the bounds, often at their ends. */
const limbsWithin = ({ limbs }: Bounds): fc.Arbitrary<readonly bigint[]> =>
  fc.tuple(
    ...limbs.map(({ low, high }) => fc.oneof(fc.constant(low), fc.constant(high), fc.bigInt({ min: low, max: high }))),
  );

const scaled = ({ limbs, value }: Bounds, factor: bigint): Bounds => ({
  limbs: limbs.map(({ low, high }) => ({ low: low * factor, high: high * factor })),
  value: { low: value.low * factor, high: value.high * factor },
});

/** Only one limb reaches further. */
const stretched = ({ limbs, value }: Bounds, at: number, factor: bigint): Bounds => ({
  limbs: limbs.map(({ low, high }, k) => (k === at ? { low: low * factor, high: high * factor } : { low, high })),
  value,
});

function isProven(modulus: Modulus, flavour: Flavour, a: Bounds, b: Bounds): boolean {
  try {
    productBounds(modulus, flavour, a, b);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(OverflowError);
    return false;
  }
}

/** The largest power of two by which all limbs of both factors can grow and the product is still proven. */
function room(modulus: Modulus, flavour: Flavour): bigint {
  const residues = canonical(modulus);
  let factor = 1n;
  while (isProven(modulus, flavour, scaled(residues, 2n * factor), scaled(residues, 2n * factor))) factor *= 2n;
  return factor;
}

function requireWithin(limbs: readonly bigint[], { limbs: intervals, value: { low, high } }: Bounds, modulus: Modulus) {
  const value = numberOf(limbs, modulus);
  if (value < low || value > high) throw new RangeError(`${value} is outside of ${low} to ${high}`);
  for (const [k, limb] of limbs.entries())
    if (limb < intervals[k]!.low || limb > intervals[k]!.high)
      throw new RangeError(`Limb ${k}, ${limb}, is outside of ${intervals[k]!.low} to ${intervals[k]!.high}`);
}

describe.each(moduli.flatMap((modulus) => flavours.map((flavour) => ({ name: modulus.name, modulus, flavour }))))(
  'products modulo $name, $flavour',
  ({ modulus, flavour }) => {
    const { value: m } = modulus;
    const R = radix(modulus);
    const residues = canonical(modulus);
    const lazy = [residues, sumBounds(residues, residues), differenceBounds(residues, residues)];
    const proven = lazy
      .flatMap((a) => lazy.map((b) => [a, b] as const))
      .filter(([a, b]) => isProven(modulus, flavour, a, b));

    test('bounds hold for all limbs that they admit, and no word overflows on the way', () => {
      expect(proven).toContainEqual([residues, residues]);
      for (const [a, b] of proven) {
        const product = productBounds(modulus, flavour, a, b);
        fc.assert(
          fc.property(limbsOfValues(modulus, a), limbsOfValues(modulus, b), (x, y) => {
            const limbs = montgomeryProduct(wordOperations(flavour), modulus, x, y);
            const value = numberOf(limbs, modulus);
            if (mod(value * R - numberOf(x, modulus) * numberOf(y, modulus), m) !== 0n)
              throw new Error('not the product');
            requireWithin(limbs, product, modulus);
          }),
          { seed: 1, numRuns: 100 },
        );
      }
    });

    test('a square is the product with itself', () => {
      fc.assert(
        fc.property(limbsWithin(residues), (x) => {
          const operations = wordOperations(flavour);
          const square = montgomeryProduct(operations, modulus, x, undefined);
          expect(numberOf(square, modulus)).toBe(numberOf(montgomeryProduct(operations, modulus, x, x), modulus));
        }),
        { seed: 2, numRuns: 100 },
      );
    });

    test('what is proven does not overflow at the ends of its bounds, and a limb too large is not proven', () => {
      const factor = room(modulus, flavour);
      const widest = scaled(residues, factor);
      fc.assert(
        fc.property(limbsWithin(widest), limbsWithin(widest), (x, y) => {
          montgomeryProduct(wordOperations(flavour), modulus, x, y);
        }),
        { seed: 3, numRuns: 100 },
      );
      for (let k = 0; k < modulus.limbs; k++) {
        const tooWide = stretched(widest, k, 1n << 34n);
        expect(() => productBounds(modulus, flavour, tooWide, widest), `limb ${k}`).toThrow(OverflowError);
        expect(() => productBounds(modulus, flavour, widest, tooWide), `limb ${k}`).toThrow(OverflowError);
      }
    });

    test('where the proof fails, words do overflow', () => {
      const factor = 4n * room(modulus, flavour);
      const tooWide = scaled(residues, factor);
      const top = tooWide.limbs.map(({ high }) => high);
      expect(() => {
        montgomeryProduct(wordOperations(flavour), modulus, top, top);
        montgomeryProduct(
          wordOperations(flavour),
          modulus,
          top,
          top.map((limb) => -limb),
        );
      }).toThrow(RangeError);
    });
  },
);

/** Limbs within the bounds that stand for a number within them. */
const limbsOfValues = (modulus: Modulus, bounds: Bounds): fc.Arbitrary<readonly bigint[]> =>
  limbsWithin(bounds).filter((limbs) => {
    const value = numberOf(limbs, modulus);
    return bounds.value.low <= value && value <= bounds.value.high;
  });
