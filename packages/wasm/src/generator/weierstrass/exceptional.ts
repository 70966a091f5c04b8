import { mod } from '../field/modulus.js';
import type { CurveParameters } from './curve.js';

/** Which windows the two summands of the last addition are made of. */
export interface LastAddition {
  readonly width: number;
  readonly windows: number;
  readonly isFirst: (window: number) => boolean;
}

/** The lower half of the windows in one lane, the upper half in the other. */
export const ofLanes = (width: number, windows: number): LastAddition => ({
  width,
  windows,
  isFirst: (window) => window < windows / 2,
});

/** Rows of windows, of which the upper half is added to the lower one again and again; a middle row waits. */
export function ofTree(width: number, windows: number): LastAddition {
  let rows = Array.from({ length: windows }, (_, window) => [window]);
  while (rows.length > 2) {
    const kept = Math.ceil(rows.length / 2);
    rows = rows.slice(0, kept).map((row, i) => [...row, ...(rows[i + kept] ?? [])]);
  }
  const first = new Set(rows[0]);
  return { width, windows, isFirst: (window) => first.has(window) };
}

/**
 * Scalars whose multiplication ends with an addition of equal points, or of opposite ones that give infinity in between: the
 * digits of the order, with those of one summand negated, so that the two sums are equal modulo the order.
 */
export function scalarsOfEqualSummands(
  { order: { value: order } }: CurveParameters,
  { width, windows, isFirst }: LastAddition,
): readonly bigint[] {
  const sumOf = (scalar: bigint, chosen: (window: number) => boolean): bigint =>
    oddDigits(scalar, width, windows).reduce(
      (sum, digit, window) => (chosen(window) ? sum + (digit << BigInt(width * window)) : sum),
      0n,
    );
  const first = sumOf(order, isFirst);
  return [2n * first, -2n * first]
    .map((candidate) => mod(candidate, order))
    .filter((candidate) => {
      const odd = candidate % 2n === 1n ? candidate : order - candidate;
      return mod(sumOf(odd, isFirst) - sumOf(odd, (window) => !isFirst(window)), order) === 0n;
    });
}

/** Odd signed digits of an odd scalar, lowest first, as the recoding makes them. */
function oddDigits(scalar: bigint, width: number, windows: number): readonly bigint[] {
  const base = 1n << BigInt(width);
  let rest = (scalar + (1n << BigInt(width * windows)) - 1n) >> 1n;
  return Array.from({ length: windows }, () => {
    const v = rest % base;
    rest /= base;
    return 2n * v - (base - 1n);
  });
}
