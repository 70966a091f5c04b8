import { allColumns, foldColumns } from './folding.js';
import { limbMask, limbsOf, type Modulus, quotientFactor } from './modulus.js';
import type { Operations } from './operations.js';

/** What happens to a product on its way out of the columns. */
export interface Finish<V> {
  /** Limbs of elements that are subtracted, after they were multiplied with a power of two. */
  readonly subtract?: readonly (readonly V[])[];
  readonly subtractShift?: number;
  /** How many times the modulus is added, so that the difference is not negative. */
  readonly multiple?: bigint;
  /** Folds what lies above the highest bit of a sparse modulus back once, so that the result is hardly above it. */
  readonly fold?: boolean;
  /** Multiplies the second element of a pair by three. */
  readonly tripleSecond?: boolean;
}

/**
 * The Montgomery product a·b/R, or the square of `a` without `b`, row by row: after the products of one limb of `a` the
 * lowest column is made zero by adding a multiple of the modulus, so few columns are alive at a time.
 * @returns Limbs: all but the last in [0, 2^limbBits), unless folded.
 */
export function montgomeryProduct<V>(
  ops: Operations<V>,
  modulus: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
  finish: Finish<V> = {},
): readonly V[] {
  return finishProduct(ops, modulus, productColumns(ops, modulus, a, b), finish);
}

/** The upper half of the columns of the product, when the lower half has become zero; all columns if they are to be folded. */
export function productColumns<V>(
  ops: Operations<V>,
  modulus: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
): readonly (V | undefined)[] {
  if (modulus.reduction.kind === 'folded') return allColumns(ops, modulus, a, b);
  const { limbs } = modulus;
  const columns: (V | undefined)[] = Array.from({ length: 2 * limbs }, () => undefined);
  let row = 0;
  const keep = (k: number, value: V) => {
    columns[k] = ops.let(value, k - row);
  };
  const accumulate: Accumulate<V> = (k, term, sign = 1) => {
    const column = columns[k] ?? (ops.bias === 0n ? undefined : ops.constant(biasOf(ops, modulus, k)));
    const combine = sign === 1 ? ops.add : ops.sub;
    if (column !== undefined) keep(k, combine(column, term));
    else keep(k, sign === 1 ? term : ops.sub(ops.constant(0n), term));
  };
  const doubled = b === undefined ? a.map((limb, k) => (k === 0 ? limb : ops.let(ops.addLimbs(limb, limb)))) : [];
  for (row = 0; row < limbs; row++) {
    const limb = ops.let(a[row]!, FACTOR);
    const first = b === undefined ? row : 0;
    for (let k = row; k < row + first; k++) keep(k, columns[k]!); // one place down, as all others
    for (let j = first; j < limbs; j++)
      accumulate(row + j, ops.mul(limb, b !== undefined ? b[j]! : j === row ? limb : doubled[j]!));
    reduceRow(ops, modulus, columns, row, accumulate);
  }
  return columns.slice(limbs);
}

/** Places of variables beside those of the columns. */
const [FACTOR, QUOTIENT] = [-1, -2];

/** Adds a term to column `k`, or takes it off. */
type Accumulate<V> = (k: number, term: V, sign?: 1 | -1) => void;

/** Columns are raised so that none is negative when it is shifted; what the lower neighbour's bias carries is taken off. */
const biasOf = <V>(ops: Operations<V>, { limbBits }: Modulus, k: number): bigint =>
  k === 0 ? ops.bias : ops.bias - (ops.bias >> BigInt(limbBits));

/** Adds the multiple of the modulus that makes column `i` zero, and carries what is left of it. */
function reduceRow<V>(
  ops: Operations<V>,
  modulus: Modulus,
  columns: readonly (V | undefined)[],
  i: number,
  accumulate: Accumulate<V>,
): void {
  const { limbBits, reduction, value } = modulus;
  const mask = limbMask(modulus);
  const column = columns[i]!;
  const addShifted = (term: V, exponent: number, sign: 1 | -1) => {
    const bits = exponent % limbBits;
    accumulate(i + Math.floor(exponent / limbBits), bits === 0 ? term : ops.shl(term, bits), sign);
  };
  switch (reduction.kind) {
    case 'sparse': {
      const quotient = ops.let(ops.and(column, mask), QUOTIENT);
      accumulate(i + 1, ops.shr(column, limbBits)); // the modulus is -1 down here: subtracting the digit clears the limb
      for (const { exponent, sign } of reduction.successor) addShifted(quotient, exponent, sign);
      return;
    }
    default: {
      const quotient = ops.let(ops.mulLow(column, quotientFactor(modulus), mask), QUOTIENT);
      const [lowest, ...others] = limbsOf(value, modulus);
      accumulate(i + 1, ops.shr(ops.add(column, ops.mul(quotient, ops.constant(lowest!))), limbBits));
      others.forEach((limb, j) => {
        if (limb !== 0n) accumulate(i + 1 + j, ops.mul(quotient, ops.constant(limb)));
      });
    }
  }
}

/** Carries through the columns that {@link productColumns} leaves, once. */
export function finishProduct<V>(
  ops: Operations<V>,
  modulus: Modulus,
  columns: readonly (V | undefined)[],
  { subtract = [], subtractShift = 0, multiple = 0n, fold = false, tripleSecond = false }: Finish<V>,
): readonly V[] {
  if (modulus.reduction.kind === 'folded') {
    if (subtract.length > 0) throw new TypeError(`Cannot subtract from a product modulo ${modulus.name}: it is folded`);
    return foldColumns(ops, modulus, columns as readonly V[]); // none is missing
  }
  const { limbs, limbBits, value } = modulus;
  const added = limbsOf(value * multiple, modulus);
  const result: V[] = [];
  let carry: V | undefined;
  for (let k = 0; k < limbs; k++) {
    const last = k === limbs - 1;
    let sum = columns[k];
    if (carry !== undefined) sum = sum === undefined ? carry : ops.add(sum, carry);
    for (const element of subtract)
      sum = ops.sub(sum!, subtractShift === 0 ? element[k]! : ops.shl(element[k]!, subtractShift));
    const constant = added[k]! - (last ? ops.bias >> BigInt(limbBits) : 0n);
    if (constant !== 0n) sum = ops.add(sum!, ops.constant(constant));
    const limb = ops.let(sum!);
    if (last) result.push(limb);
    else {
      result.push(ops.let(ops.and(limb, limbMask(modulus))));
      carry = ops.shr(limb, limbBits);
    }
  }
  if (tripleSecond) return secondTripled(ops, modulus, result);
  return fold ? folded(ops, modulus, result) : result;
}

/** Three times the second element of a pair, carried again. */
function secondTripled<V>(ops: Operations<V>, { limbBits, ...modulus }: Modulus, limbs: readonly V[]): readonly V[] {
  let carry: V | undefined;
  return limbs.map((limb, k) => {
    const tripled = ops.tripleSecond(limb);
    const sum = ops.let(carry === undefined ? tripled : ops.add(tripled, carry));
    if (k === limbs.length - 1) return sum;
    carry = ops.shr(sum, limbBits);
    return ops.let(ops.and(sum, limbMask({ limbBits, ...modulus })));
  });
}

/** Replaces the bits from 2^top up by what they are modulo the modulus, without carrying. */
function folded<V>(ops: Operations<V>, modulus: Modulus, limbs: readonly V[]): readonly V[] {
  const { limbBits } = modulus;
  const last = limbs.length - 1;
  const kept = topBit(modulus) - last * limbBits;
  const excess = ops.let(ops.shr(limbs[last]!, kept));
  const result = [...limbs];
  result[last] = ops.let(ops.and(limbs[last]!, (1n << BigInt(kept)) - 1n));
  // 2^top is 1 minus the other terms of the successor.
  result[0] = ops.let(ops.add(result[0]!, excess));
  for (const { exponent, sign } of sparseTerms(modulus).slice(1)) {
    const k = Math.floor(exponent / limbBits);
    const term = ops.shl(excess, exponent % limbBits);
    result[k] = ops.let(sign === 1 ? ops.sub(result[k]!, term) : ops.add(result[k]!, term));
  }
  return result;
}

/** The power of two just above the modulus. */
export const topBit = (modulus: Modulus): number => sparseTerms(modulus)[0]!.exponent;

function sparseTerms({ reduction, name }: Modulus): readonly { readonly exponent: number; readonly sign: 1 | -1 }[] {
  if (reduction.kind !== 'sparse') throw new TypeError(`Cannot fold modulo ${name}: it is not sparse`);
  return [...reduction.successor].sort((a, b) => b.exponent - a.exponent);
}
