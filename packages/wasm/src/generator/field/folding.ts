import { limbMask, type Modulus } from './modulus.js';
import type { Operations } from './operations.js';

/**
 * The product a·b, or the square of `a` without `b`, modulo 2^exponent - difference: all columns, then those from the
 * radix up are carried and added to the lower ones, times what 2^(limbs limbBits) is modulo the modulus. Shorter than a
 * Montgomery product because no quotient digit waits for the one before.
 * @returns Limbs in [0, 2^limbBits) but for the second, which takes the last carry, below 2^exponent or hardly above.
 */
export const foldedProduct = <V>(
  ops: Operations<V>,
  modulus: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
): readonly V[] => foldColumns(ops, modulus, allColumns(ops, modulus, a, b));

function foldColumns<V>(ops: Operations<V>, modulus: Modulus, columns: readonly V[]): readonly V[] {
  const { limbs, limbBits } = modulus;
  const { exponent, difference } = foldedForm(modulus);
  const mask = limbMask(modulus);
  const excess = limbs * limbBits - exponent;
  const high: V[] = [];
  let carry: V | undefined;
  for (let k = limbs; k < 2 * limbs - 1; k++) {
    const sum = ops.let(carry === undefined ? columns[k]! : ops.add(columns[k]!, carry));
    high.push(ops.let(ops.and(sum, mask)));
    carry = ops.let(ops.shr(sum, limbBits));
  }
  high.push(ops.let(unbiased(ops, carry!, ops.bias >> BigInt(limbBits))));
  const result: V[] = [];
  carry = undefined;
  for (let k = 0; k < limbs; k++) {
    const own = ops.add(columns[k]!, times(ops, high[k]!, difference << excess));
    const sum = ops.let(carry === undefined ? own : ops.add(own, carry));
    const bits = k < limbs - 1 ? limbBits : limbBits - excess;
    result.push(ops.let(ops.and(sum, (1n << BigInt(bits)) - 1n)));
    carry = ops.let(ops.shr(sum, bits));
  }
  // The carry out of the top is still biased, and so is what it adds to the second limb.
  const wrapped = (ops.bias >> BigInt(limbBits - excess)) * BigInt(difference);
  const first = ops.let(ops.add(result[0]!, times(ops, carry!, difference)));
  const second = ops.add(result[1]!, ops.shr(first, limbBits));
  result[0] = ops.let(ops.and(first, mask));
  result[1] = ops.let(unbiased(ops, second, wrapped >> BigInt(limbBits)));
  return result;
}

/** The variable of a row's limb; columns are in those of their distance from the row. */
const FACTOR = -1;

/** Columns of the product, those that begin a chain of carries with the whole bias, the others less what they are carried. */
function allColumns<V>(
  ops: Operations<V>,
  { limbs, limbBits }: Modulus,
  a: readonly V[],
  b: readonly V[] | undefined,
): readonly V[] {
  const columns: V[] = [];
  const doubled = b === undefined ? a.map((limb, k) => (k === 0 ? limb : ops.let(ops.addLimbs(limb, limb)))) : [];
  for (let i = 0; i < limbs; i++) {
    const limb = ops.let(a[i]!, FACTOR);
    const first = b === undefined ? i : 0;
    for (let j = 0; j < limbs; j++) {
      const k = i + j;
      const bias = k % limbs === 0 ? ops.bias : ops.bias - (ops.bias >> BigInt(limbBits));
      const column = columns[k] ?? (ops.bias === 0n ? undefined : ops.constant(bias));
      const term = j < first ? undefined : ops.mul(limb, b !== undefined ? b[j]! : j === i ? limb : doubled[j]!);
      const sum = term === undefined ? column : column === undefined ? term : ops.add(column, term);
      columns[k] = ops.let(sum!, j);
    }
    columns[i] = ops.let(columns[i]!, limbs + i); // complete: the next row needs its place
  }
  return columns;
}

const unbiased = <V>(ops: Operations<V>, value: V, bias: bigint): V =>
  bias === 0n ? value : ops.sub(value, ops.constant(bias));

/** A small multiple by shifts and additions. */
function times<V>(ops: Operations<V>, term: V, factor: number): V {
  let sum: V | undefined;
  for (let bit = 0; factor >> bit > 0; bit++) {
    if (((factor >> bit) & 1) === 0) continue;
    const power = bit === 0 ? term : ops.shl(term, bit);
    sum = sum === undefined ? power : ops.add(sum, power);
  }
  return sum!;
}

function foldedForm({ reduction, name }: Modulus): { readonly exponent: number; readonly difference: number } {
  if (reduction.kind !== 'folded') throw new TypeError(`Cannot fold modulo ${name}: it is just below no power of two`);
  return reduction;
}
