import { type I32, type I64, i32, i64, zero } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { limbMask, limbsOf } from '../field/modulus.js';
import { wordsFromLimbs } from '../field/octets.js';
import { type Curve, windowCount } from './curve.js';

/** Which windows a scalar is cut into, and how many octets one digit stands behind the other. */
export interface Windows {
  readonly width: number;
  readonly count: number;
  readonly distance: number;
}

/** Code that recodes the scalar at an address, into digits from another. */
export type Recode = (f: FunctionBuilder, target: I32, scalar: I32) => void;

/**
 * Adds a function that writes one octet for each window: v with the digit 2v - (2^width - 1), so that the scalar, or the order
 * less the scalar, is the sum of digit · 2^(width · window). All digits are odd: there is no zero to be treated apart, and
 * sign and place in the table are bits of v. An even scalar is negated first; the point has the same x then. That is not
 * told: whether the scalar was even is its lowest bit.
 */
export function recoding(curve: Curve): (windows: Windows) => Recode {
  const { module, order, parameters } = curve;
  const { modulus } = order;
  const odd = order.allocate();
  const words = Math.ceil((modulus.limbs * modulus.limbBits) / 64) + 1;
  const half = module.allocate(8 * words);
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const name = `${parameters.field.name}.recode`;
  const recode = module.function(name, params, [], (f, target, scalar, width, mask, bits, topBit, distance) => {
    const limbs = order.load(f, scalar);
    // All ones for an even scalar.
    const even = f.let(i64.sub(i64.and(limbs[0]!, i64.const(1)), i64.const(1)));
    const orderLimbs = limbsOf(modulus.value, modulus);
    let carry: I64 | undefined;
    for (const [k, limb] of limbs.entries()) {
      const negated = i64.add(i64.sub(i64.xor(limb, even), even), i64.and(even, i64.const(orderLimbs[k]!)));
      const sum = f.let(carry === undefined ? negated : i64.add(negated, carry));
      carry = i64.shrS(sum, modulus.limbBits);
      const kept = k === limbs.length - 1 ? sum : i64.and(sum, i64.const(limbMask(modulus)));
      f.do(i64.store(odd.address, 8 * k, kept));
    }
    // (k + 2^bits - 1) / 2 of an odd k.
    const whole = wordsFromLimbs(f, modulus, odd.address, words);
    for (const [j, word] of whole.entries()) {
      const next = whole[j + 1];
      const shifted = i64.shrU(word, 1);
      f.do(i64.store(i32.const(half), 8 * j, next === undefined ? shifted : i64.or(shifted, i64.shl(next, 63))));
    }
    const octetOf = (bit: I32) => i32.add(i32.const(half), i32.shrU(bit, 3));
    const top = f.let(octetOf(i32.sub(bits, i32.const(1))));
    f.do(i32.store8(top, 0, i32.or(i32.load8U(top), topBit)));
    const [bit, place] = [f.let(i32.const(0)), f.let(target)];
    f.repeatWhile(() => {
      const digit = i32.shrUBy(i32.load(octetOf(bit)), i32.and(bit, i32.const(7)));
      f.do(i32.store8(place, 0, i32.and(digit, mask)));
      f.set(place, i32.add(place, distance));
      f.set(bit, i32.add(bit, width));
      return i32.ltS(bit, bits);
    });
    f.do(zero(odd.address, i32.const(order.byteLength)), zero(i32.const(half), i32.const(8 * words)));
  });
  return ({ width, count, distance }) => {
    const bits = width * count;
    const windows = [width, (1 << width) - 1, bits, 1 << ((bits - 1) % 8), distance].map((each) => i32.const(each));
    return (f, target, scalar) => f.run(recode, target, scalar, ...windows);
  };
}

/** Windows of the two lanes of a single multiplication: the same number in each. */
export const laneWindows = (curve: Curve): number =>
  Math.ceil(windowCount(curve.parameters, curve.parameters.windows.single) / 2);

/** All ones when the digit that `v` stands for is negative, as an i32. */
export const isNegative = (v: I32, width: number): I32 => i32.sub(i32.shrU(v, width - 1), i32.const(1));

/** The place of the digit's absolute value in the table: (|digit| - 1) / 2. */
export const entryIndex = (v: I32, negative: I32, width: number): I32 =>
  i32.and(i32.xor(v, negative), i32.const((1 << (width - 1)) - 1));
