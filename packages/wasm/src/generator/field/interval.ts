import { type Operations, PAIR_BIAS } from './operations.js';

/** All integers from `low` to `high`. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

export const interval = (low: bigint, high: bigint): Interval => ({ low, high });

export const isWithin = (inner: Interval, outer: Interval): boolean =>
  outer.low <= inner.low && inner.high <= outer.high;

export const plus = (a: Interval, b: Interval): Interval => interval(a.low + b.low, a.high + b.high);

export const minus = (a: Interval): Interval => interval(-a.high, -a.low);

export const times = (a: Interval, b: Interval): Interval =>
  spanning([a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]);

/** The smallest range that holds both. */
export const hull = (a: Interval, b: Interval): Interval => spanning([a.low, a.high, b.low, b.high]);

/** What both hold; they meet. */
export function common(a: Interval, b: Interval): Interval {
  const low = spanning([a.low, b.low]).high;
  const high = spanning([a.high, b.high]).low;
  return interval(low, high);
}

function spanning([first, ...rest]: readonly [bigint, ...bigint[]]): Interval {
  let low = first;
  let high = first;
  for (const value of rest) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** Where an intermediate result would not fit. */
export class OverflowError extends Error {
  override readonly name = 'OverflowError';
}

const INT32: Interval = { low: -(1n << 31n), high: (1n << 31n) - 1n };
const INT64: Interval = { low: -(1n << 63n), high: (1n << 63n) - 1n };
const UINT64: Interval = { low: 0n, high: (1n << 64n) - 1n };
/** Lanes count modulo 2^64: sums may pass through either half, only shifts look at them. */
const EITHER: Interval = { low: INT64.low, high: UINT64.high };

function require(found: Interval, allowed: Interval, what: string): Interval {
  if (!isWithin(found, allowed)) throw new OverflowError(`Overflow: ${what} can be ${found.low} to ${found.high}`);
  return found;
}

/**
 * Computes with the ranges of all intermediate results.
 * @param kind - Of which emitted arithmetic: what fits differs.
 * @throws {@link OverflowError} from any operation that can overflow.
 */
export function intervalOperations(kind: 'scalar' | 'pair'): Operations<Interval> {
  const column = kind === 'scalar' ? INT64 : EITHER;
  const fits = (found: Interval, what: string) => require(found, column, what);
  return {
    mul: (a, b) => {
      require(a, kind === 'pair' ? INT32 : INT64, 'a factor');
      require(b, kind === 'pair' ? INT32 : INT64, 'a factor');
      return require(times(a, b), INT64, 'a product');
    },
    addLimbs: (a, b) => require(plus(a, b), kind === 'pair' ? INT32 : INT64, 'a sum of limbs'),
    add: (a, b) => fits(plus(a, b), 'a sum'),
    sub: (a, b) => fits(plus(a, minus(b)), 'a difference'),
    constant: (value) => fits({ low: value, high: value }, 'a constant'),
    and: (a, mask) => (a.low >= 0n && a.high <= mask ? a : { low: 0n, high: mask }),
    mulLow: (_, __, mask) => ({ low: 0n, high: mask }),
    shl: (a, count) => fits({ low: a.low << BigInt(count), high: a.high << BigInt(count) }, 'a shifted column'),
    shr: (a, count) => {
      require(a, kind === 'scalar' ? INT64 : UINT64, 'a column to be shifted right');
      return { low: a.low >> BigInt(count), high: a.high >> BigInt(count) };
    },
    let: (a) => a,
    bias: kind === 'scalar' ? 0n : PAIR_BIAS,
  };
}
