import { type I64, i32, i64, type Local } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { inverseOf, limbMask, type Modulus } from './modulus.js';

/**
 * Enough half-delta division steps for inputs of as many bits as the modulus has: (45907 d + 26313) / 19929 rounded down,
 * for d of at least 46 (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019, with the
 * variant of Pieter Wuille, "bitcoin-core/secp256k1: safegcd implementation", whose convex hull bound this is).
 */
const divisionSteps = (bits: number): number => Math.floor((45_907 * bits + 26_313) / 19_929);

/** Inverts modulo any modulus of one length. */
export interface Inversion {
  /** Bits of the modulus. */
  readonly bits: number;
  /**
   * (target, source, modulus, inverse): writes x with x · source ≡ 1 or 0, in [-2m, 2m], limbs carried. `source` is canonical;
   * `modulus` is where the limbs of m stand, `inverse` that of m modulo 2^limbBits.
   */
  readonly run: FunctionReference;
}

/** The last operand of {@link Inversion.run}. */
export const inverseOfLowest = ({ value, limbBits }: Modulus): bigint => inverseOf(value, 1n << BigInt(limbBits));

/** The number of steps is fixed, and no branch or address depends on the numbers. */
export function safegcd(module: ModuleBuilder, modulus: Modulus): Inversion {
  const { limbs, limbBits, value, name } = modulus;
  const bits = value.toString(2).length;
  const rounds = Math.ceil(divisionSteps(bits) / limbBits);
  const mask = i64.const(limbMask(modulus));
  const places = Array.from({ length: limbs }, (_, k) => 8 * k);

  const run = module.function(`${name}.gcd`, ['i32', 'i32', 'i32', 'i64'], [], (f, target, source, from, inverse) => {
    const modulusLimb = (k: number) => i64.load(from, 8 * k);
    const f0 = places.map((place) => f.let(i64.load(from, place)));
    const g0 = places.map((place) => f.let(i64.load(source, place)));
    const d = places.map(() => f.let(i64.const(0)));
    const e = places.map((_, k) => f.let(i64.const(k === 0 ? 1 : 0)));
    const zeta = f.let(i64.const(-1));
    const round = f.local('i32');
    f.forUp(round, i32.const(0), i32.const(rounds), 1, () => {
      const t = divisionStepsOnLowBits(f, zeta, f0[0]!, g0[0]!, limbBits);
      updateModulo(f, d, e, t, modulusLimb, inverse);
      updateExactly(f, f0, g0, t);
    });
    // f is 1 or -1 by now (or the modulus, if the source was zero and so is d): the sign of f is the sign of the inverse.
    const sign = f.let(i64.shrS(f0.at(-1)!, 63));
    let carry: I64 | undefined;
    for (const [k, limb] of d.entries()) {
      const signed = i64.sub(i64.xor(limb, sign), sign);
      const sum = f.let(carry === undefined ? signed : i64.add(signed, carry));
      carry = i64.shrS(sum, limbBits);
      f.do(i64.store(target, 8 * k, k === limbs - 1 ? sum : i64.and(sum, mask)));
    }
  });
  return { bits, run };

  /** (d, e) becomes t (d, e) / 2^limbBits modulo the modulus, within (-2m, m). */
  function updateModulo(
    f: FunctionBuilder,
    d: readonly Local<'i64'>[],
    e: readonly Local<'i64'>[],
    t: Matrix,
    modulusLimb: (k: number) => I64,
    inverse: I64,
  ): void {
    const addIfNegative = (a: I64, b: I64) =>
      f.let(i64.add(i64.and(a, i64.shrS(d.at(-1)!, 63)), i64.and(b, i64.shrS(e.at(-1)!, 63))));
    const rows = [
      { x: t.u, y: t.v, target: d, multiple: addIfNegative(t.u, t.v) },
      { x: t.q, y: t.r, target: e, multiple: addIfNegative(t.q, t.r) },
    ].map(({ x, y, target, multiple }) => {
      const lowest = f.let(combine(x, y, d[0]!, e[0]!));
      // As many times the modulus as make the lowest limb zero.
      f.set(multiple, i64.sub(multiple, i64.and(i64.add(i64.mul(lowest, inverse), multiple), mask)));
      const carry = f.let(i64.shrS(i64.add(lowest, i64.mul(multiple, modulusLimb(0))), limbBits));
      return { x, y, target, multiple, carry };
    });
    for (let k = 1; k < limbs; k++) {
      const sums = rows.map(({ x, y, multiple, carry }) => {
        const sum = i64.add(carry, combine(x, y, d[k]!, e[k]!));
        return i64.add(sum, i64.mul(multiple, modulusLimb(k)));
      });
      for (const [i, { carry }] of rows.entries()) f.set(carry, sums[i]!);
      for (const { target, carry } of rows) {
        f.set(target[k - 1]!, i64.and(carry, mask));
        f.set(carry, i64.shrS(carry, limbBits));
      }
    }
    for (const { target, carry } of rows) f.set(target.at(-1)!, carry);
  }

  /** (f, g) becomes t (f, g) / 2^limbBits, which is a whole number. */
  function updateExactly(
    f: FunctionBuilder,
    f0: readonly Local<'i64'>[],
    g0: readonly Local<'i64'>[],
    t: Matrix,
  ): void {
    const rows = [
      { x: t.u, y: t.v, target: f0, carry: f.let(i64.shrS(combine(t.u, t.v, f0[0]!, g0[0]!), limbBits)) },
      { x: t.q, y: t.r, target: g0, carry: f.let(i64.shrS(combine(t.q, t.r, f0[0]!, g0[0]!), limbBits)) },
    ];
    for (let k = 1; k < limbs; k++) {
      for (const { x, y, carry } of rows) f.set(carry, i64.add(carry, combine(x, y, f0[k]!, g0[k]!)));
      for (const { target, carry } of rows) {
        f.set(target[k - 1]!, i64.and(carry, mask));
        f.set(carry, i64.shrS(carry, limbBits));
      }
    }
    for (const { target, carry } of rows) f.set(target.at(-1)!, carry);
  }
}

/** What limbBits division steps do to (f, g), times 2^limbBits. */
interface Matrix {
  readonly u: I64;
  readonly v: I64;
  readonly q: I64;
  readonly r: I64;
}

const combine = (x: I64, y: I64, a: I64, b: I64): I64 => i64.add(i64.mul(x, a), i64.mul(y, b));

/**
 * Division steps need no more than the low bits of f and g. The rows (u, v) and (q, r) of the matrix are kept in one word
 * each, 32 bits for either entry, so that one addition works on both.
 */
function divisionStepsOnLowBits(f: FunctionBuilder, zeta: Local<'i64'>, lowF: I64, lowG: I64, steps: number): Matrix {
  const one = i64.const(1);
  const a = f.let(lowF);
  const b = f.let(lowG);
  const uv = f.let(one);
  const qr = f.let(i64.const(1n << 32n));
  const negative = f.local('i64');
  const odd = f.local('i64');
  for (let step = 0; step < steps; step++) {
    f.set(negative, i64.shrS(zeta, 63));
    f.set(odd, i64.sub(i64.const(0), i64.and(b, one)));
    const signed = (value: I64) => i64.and(i64.sub(i64.xor(value, negative), negative), odd);
    f.set(b, i64.add(b, signed(a)));
    f.set(qr, i64.add(qr, signed(uv)));
    f.set(negative, i64.and(negative, odd));
    f.set(zeta, i64.sub(i64.xor(zeta, negative), one));
    f.set(a, i64.add(a, i64.and(b, negative)));
    f.set(uv, i64.add(uv, i64.and(qr, negative)));
    f.set(b, i64.shrU(b, 1));
    f.set(uv, i64.shl(uv, 1));
  }
  const low = (word: I64) => f.let(i64.shrS(i64.shl(word, 32), 32));
  const u = low(uv);
  const q = low(qr);
  const v = f.let(i64.shrS(i64.sub(uv, u), 32));
  const r = f.let(i64.shrS(i64.sub(qr, q), 32));
  return { u, v, q, r };
}
