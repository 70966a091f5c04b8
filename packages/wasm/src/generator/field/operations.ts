import { type Expression, type I64, i64, type Local, type V128, type ValueType } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';

/**
 * Arithmetic on limbs and on columns of their products. The code of the field is written once, over these, and runs in
 * four ways: it emits scalar code, it emits code for two elements at once, it computes with BigInt (the oracle), and it
 * computes with intervals (the proof that nothing overflows).
 */
export interface Operations<V> {
  /** The product of two limbs: a column. */
  mul(a: V, b: V): V;
  /** The sum of two limbs: a limb. */
  addLimbs(a: V, b: V): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  constant(value: bigint): V;
  /** The lowest bits; the mask is all ones. */
  and(a: V, mask: bigint): V;
  /** The lowest bits of a column times a constant; the mask is all ones. */
  mulLow(a: V, factor: bigint, mask: bigint): V;
  shl(a: V, count: number): V;
  /** Rounds down. */
  shr(a: V, count: number): V;
  /**
   * Evaluates once.
   * @param place - A variable to keep it in, by a number of the caller's choice; what that held before is not to be used any more.
   * Rows of a product that keep their columns in the same places are the same octets, which compress well; no
   * optimizing compiler sees the difference.
   */
  let(a: V, place?: number): V;
  /**
   * What every column is raised by before it is shifted right, for want of an arithmetic shift: a multiple of
   * 2^(2 limbBits). Zero where there is one.
   */
  readonly bias: bigint;
}

/** Emits i64 instructions. */
export function scalarOperations(f: FunctionBuilder): Operations<I64> {
  return {
    mul: i64.mul,
    addLimbs: i64.add,
    add: i64.add,
    sub: i64.sub,
    constant: i64.const,
    and: (a, mask) => i64.and(a, i64.const(mask)),
    mulLow: (a, factor, mask) => i64.and(i64.mul(a, i64.const(factor)), i64.const(mask)),
    shl: i64.shl,
    shr: i64.shrS,
    let: variables(f, 'i64'),
    bias: 0n,
  };
}

/**
 * Emits instructions on two i64 lanes, one element in each. No processor without AVX-512 shifts such lanes right with
 * their sign, so columns are biased and shifted without it.
 */
export function pairOperations(f: FunctionBuilder): Operations<V128> {
  const both = (value: bigint) => v128.i64x2Const(value, value);
  return {
    // A limb of both elements is two i32 in the low half of a vector, a column of both is two i64.
    mul: v128.i64x2ExtmulLowI32x4S,
    addLimbs: v128.i32x4Add,
    add: v128.i64x2Add,
    sub: v128.i64x2Sub,
    constant: both,
    and: (a, mask) => v128.and(a, both(mask)),
    mulLow: (a, factor, mask) => v128.and(v128.i32x4Mul(a, both(factor)), both(mask)),
    shl: v128.i64x2Shl,
    shr: v128.i64x2ShrU,
    let: variables(f, 'v128'),
    bias: PAIR_BIAS,
  };
}

/** Columns between -7·2^60 and 9·2^60 become unsigned 64-bit numbers. */
export const PAIR_BIAS: bigint = 7n << 60n;

/** A variable of its own for each value that is none, or the one of a place. */
function variables<T extends ValueType>(
  f: FunctionBuilder,
  type: T,
): (value: Expression<T> & Partial<Local<T>>, place?: number) => Expression<T> {
  const places = new Map<number, Local<T>>();
  return (value, place) => {
    if (place === undefined) return value.index === undefined ? f.let(value) : value;
    const variable = places.get(place) ?? f.local(type);
    places.set(place, variable);
    if (value.index !== variable.index) f.set(variable, value);
    return variable;
  };
}
