import type { Curve } from './curves.js';
import { mod } from './numbers.js';

/**
 * Multiplications with odd signed digits, scalar = sum of digit · 2^(width · window), add the windows up in some order. For most
 * scalars the two sums of the last addition have nothing to do with each other. These are the scalars where they are equal:
 * the digits of the order, with those of one summand negated.
 * @param width - Bits of a window.
 * @param windows - How many there are.
 * @param isFirst - Which windows the first summand of the last addition is made of.
 */
export function scalarsOfEqualSummands(
  { order }: Curve,
  width: number,
  windows: number,
  isFirst: (window: number) => boolean,
): readonly bigint[] {
  const sumOf = (scalar: bigint, chosen: (window: number) => boolean): bigint =>
    digits(scalar, width, windows).reduce(
      (sum, digit, window) => (chosen(window) ? sum + (digit << BigInt(width * window)) : sum),
      0n,
    );
  const first = sumOf(order, isFirst);
  const candidates = [2n * first, -2n * first].map((candidate) => mod(candidate, order));
  return candidates.filter((candidate) => {
    const odd = candidate % 2n === 1n ? candidate : order - candidate;
    return mod(sumOf(odd, isFirst) - sumOf(odd, (window) => !isFirst(window)), order) === 0n;
  });
}

/** Odd digits of an odd scalar, lowest first. */
function digits(scalar: bigint, width: number, windows: number): readonly bigint[] {
  const base = 1n << BigInt(width);
  // 2v - (2^width - 1), where the v are the digits of (scalar + 2^(width windows) - 1) / 2.
  let rest = (scalar + (1n << BigInt(width * windows)) - 1n) >> 1n;
  return Array.from({ length: windows }, () => {
    const v = rest % base;
    rest /= base;
    return 2n * v - (base - 1n);
  });
}
