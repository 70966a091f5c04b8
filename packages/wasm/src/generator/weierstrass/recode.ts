import { type I32, type I64, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { limbsOf } from '../field/modulus.js';
import { bitsFrom, wordsFromLimbs } from '../field/octets.js';
import { type Curve, windowCount } from './curve.js';

/**
 * A function (target, scalar) that writes one octet for each window, `distance` octets apart: v with the digit
 * 2v - (2^width - 1), so that the scalar, or the order less the scalar, is the sum of digit · 2^(width · window). All digits
 * are odd: there is no zero to be treated apart, and sign and place in the table are bits of v. An even scalar is negated
 * first; the point has the same x then.
 *
 * The function returns nothing: whether the scalar was even is its lowest bit.
 */
export function recoding(curve: Curve, width: number, windows: number, distance: number): FunctionReference {
  const { module, order, parameters } = curve;
  const { modulus } = order;
  const odd = order.allocate();
  const name = `${parameters.field.name}.recode${width}x${distance}`;
  return module.function(name, ['i32', 'i32'], [], (f, target, scalar) => {
    const limbs = order.load(f, scalar);
    // All ones for an even scalar.
    const even = f.let(i64.sub(i64.and(limbs[0]!, i64.const(1)), i64.const(1)));
    const orderLimbs = limbsOf(modulus.value, modulus);
    let carry: I64 | undefined;
    for (const [k, limb] of limbs.entries()) {
      const negated = i64.add(i64.sub(i64.xor(limb, even), even), i64.and(even, i64.const(orderLimbs[k]!)));
      const sum = f.let(carry === undefined ? negated : i64.add(negated, carry));
      carry = i64.shrS(sum, modulus.limbBits);
      const mask = i64.const((1n << BigInt(modulus.limbBits)) - 1n);
      f.do(i64.store(odd.address, 8 * k, k === limbs.length - 1 ? sum : i64.and(sum, mask)));
    }
    const words = halved(
      f,
      wordsFromLimbs(f, modulus, odd.address, Math.ceil((width * windows) / 64) + 1),
      width * windows,
    );
    for (let window = 0; window < windows; window++) {
      const digit = i32.and(i32.wrap(bitsFrom(words, width * window, width)), i32.const((1 << width) - 1));
      f.do(i32.store8(target, window * distance, digit));
    }
    for (let k = 0; k < modulus.limbs; k++) f.do(i64.store(odd.address, 8 * k, i64.const(0)));
  });
}

/** (k + 2^bits - 1) / 2 of an odd k. */
function halved(f: FunctionBuilder, words: readonly I64[], bits: number): readonly I64[] {
  return words.map((word, j) => {
    const next = words[j + 1];
    const half = next === undefined ? i64.shrU(word, 1) : i64.or(i64.shrU(word, 1), i64.shl(next, 63));
    const top = bits - 1 - 64 * j;
    return f.let(top >= 0 && top < 64 ? i64.or(half, i64.const(1n << BigInt(top))) : half);
  });
}

/** Windows of the two lanes of a single multiplication: the same number in each. */
export const laneWindows = (curve: Curve): number =>
  Math.ceil(windowCount(curve.parameters, curve.parameters.windows.single) / 2);

/** All ones when the digit that `v` stands for is negative, as an i32. */
export const isNegative = (v: I32, width: number): I32 => i32.sub(i32.shrU(v, width - 1), i32.const(1));

/** The place of the digit's absolute value in the table: (|digit| - 1) / 2. */
export const entryIndex = (v: I32, negative: I32, width: number): I32 =>
  i32.and(i32.xor(v, negative), i32.const((1 << (width - 1)) - 1));
