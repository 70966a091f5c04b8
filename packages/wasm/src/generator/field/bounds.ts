import {
  common,
  hull,
  type Interval,
  interval,
  intervalOperations,
  isWithin,
  minus,
  OverflowError,
  plus,
  times,
} from './interval.js';
import { limbMask, limbsOf, type Modulus, radix } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';

/** Which arithmetic computes with an element: i64 throughout, or two elements side by side in vectors. */
export type Flavour = 'scalar' | 'pair';

/** What is known of an element when the code is made: the range of each limb, and of the number they stand for. */
export interface Bounds {
  readonly limbs: readonly Interval[];
  readonly value: Interval;
}

/** Limbs cut from a number in a range, as {@link limbsOf} cuts them. */
export function normalized(modulus: Modulus, value: Interval): Bounds {
  const { limbs, limbBits } = modulus;
  const shift = BigInt(limbBits * (limbs - 1));
  const top = interval(value.low >> shift, value.high >> shift);
  return {
    limbs: Array.from({ length: limbs }, (_, k) => (k < limbs - 1 ? interval(0n, limbMask(modulus)) : top)),
    value,
  };
}

/** Residues from 0 to the modulus less one. */
export const canonical = (modulus: Modulus): Bounds => normalized(modulus, interval(0n, modulus.value - 1n));

export const sumBounds = (a: Bounds, b: Bounds): Bounds => ({
  limbs: a.limbs.map((limb, k) => plus(limb, b.limbs[k]!)),
  value: plus(a.value, b.value),
});

export const negatedBounds = ({ limbs, value }: Bounds): Bounds => ({ limbs: limbs.map(minus), value: minus(value) });

export const differenceBounds = (a: Bounds, b: Bounds): Bounds => sumBounds(a, negatedBounds(b));

/** The ranges of both. */
export const unionBounds = (a: Bounds, b: Bounds): Bounds => ({
  limbs: a.limbs.map((limb, k) => hull(limb, b.limbs[k]!)),
  value: hull(a.value, b.value),
});

/** Whether everything that fits `inner` fits `outer`. */
export const boundsWithin = (inner: Bounds, outer: Bounds): boolean =>
  isWithin(inner.value, outer.value) && inner.limbs.every((limb, k) => isWithin(limb, outer.limbs[k]!));

/** Limbs of a pair are stored as i32. */
export function requireStorable(bounds: Bounds, flavour: Flavour): Bounds {
  const room = flavour === 'pair' ? 31n : 63n;
  for (const { low, high } of bounds.limbs)
    if (low < -(1n << room) || high >= 1n << room)
      throw new OverflowError(`Overflow: a limb can be ${low} to ${high} and is stored in ${room + 1n} bits`);
  return bounds;
}

/**
 * The bounds of a product, found by running the very code that emits it over intervals.
 * @throws {@link OverflowError} when any intermediate result of the emitted code could overflow.
 */
export function productBounds(modulus: Modulus, flavour: Flavour, a: Bounds, b: Bounds | undefined): Bounds {
  const limbs = montgomeryProduct(intervalOperations(flavour), modulus, a.limbs, b?.limbs);
  if (modulus.reduction.kind === 'folded')
    return requireStorable({ limbs, value: limbsValue(modulus, limbs) }, flavour);
  // (a b + q m) / R with 0 <= q < R.
  const whole = times(a.value, (b ?? a).value);
  const R = radix(modulus);
  const value = interval(whole.low / R - 1n, whole.high / R + modulus.value);
  return requireStorable(refined(modulus, { limbs, value }), flavour);
}

/** What limbs in these ranges can stand for. */
export const limbsValue = ({ limbBits }: Modulus, limbs: readonly Interval[]): Interval =>
  limbs.reduce(
    (sum, { low, high }, k) => plus(sum, interval(low << BigInt(limbBits * k), high << BigInt(limbBits * k))),
    interval(0n, 0n),
  );

/** The top limb of carried limbs follows from the value. */
function refined(modulus: Modulus, { limbs, value }: Bounds): Bounds {
  const byValue = normalized(modulus, value).limbs.at(-1)!;
  const byColumns = limbs.at(-1)!;
  return { limbs: [...limbs.slice(0, -1), common(byValue, byColumns)], value };
}

/** Of one constant. */
export function constantBounds(value: bigint, modulus: Modulus): Bounds {
  return { limbs: limbsOf(value, modulus).map((limb) => interval(limb, limb)), value: interval(value, value) };
}
