import { foldedProduct } from './folding.js';
import { limbMask, limbsOf, type Modulus, quotientFactor } from './modulus.js';
import type { Operations } from './operations.js';

/**
 * The Montgomery product a·b/R, or the square of `a` without `b`, row by row: after the products of one limb of `a` the
 * lowest column is made zero by adding a multiple of the modulus, so few columns are alive at a time.
 * @returns Limbs: all but the last in [0, 2^limbBits); those of {@link foldedProduct} where the modulus is folded.
 */
export function montgomeryProduct<V>(
  ops: Operations<V>,
  modulus: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
): readonly V[] {
  if (modulus.reduction.kind === 'folded') return foldedProduct(ops, modulus, a, b);
  return carried(ops, modulus, productColumns(ops, modulus, a, b));
}

/** The upper half of the columns of the product, when the lower half has become zero. */
function productColumns<V>(
  ops: Operations<V>,
  modulus: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
): readonly (V | undefined)[] {
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
function carried<V>(ops: Operations<V>, modulus: Modulus, columns: readonly (V | undefined)[]): readonly V[] {
  const { limbs, limbBits } = modulus;
  let carry: V | undefined;
  return columns.map((column, k) => {
    const last = k === limbs - 1;
    let sum = column === undefined ? carry! : carry === undefined ? column : ops.add(column, carry);
    if (last && ops.bias !== 0n) sum = ops.sub(sum, ops.constant(ops.bias >> BigInt(limbBits)));
    const limb = ops.let(sum);
    if (last) return limb;
    carry = ops.shr(limb, limbBits);
    return ops.let(ops.and(limb, limbMask(modulus)));
  });
}

/** The power of two just above the modulus. */
export const topBit = (modulus: Modulus): number => sparseTerms(modulus)[0]!.exponent;

/** What that power of two is modulo the modulus. */
export const foldedPower = (modulus: Modulus): readonly { readonly exponent: number; readonly sign: 1 | -1 }[] => [
  { exponent: 0, sign: 1 },
  ...sparseTerms(modulus)
    .slice(1)
    .map(({ exponent, sign }) => ({ exponent, sign: sign === 1 ? (-1 as const) : (1 as const) })),
];

function sparseTerms({ reduction, name }: Modulus): readonly { readonly exponent: number; readonly sign: 1 | -1 }[] {
  if (reduction.kind !== 'sparse') throw new TypeError(`Cannot fold modulo ${name}: it is not sparse`);
  return [...reduction.successor].sort((a, b) => b.exponent - a.exponent);
}
