import { type I32, type I64, i32, i64, type Local, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { OverflowError } from './interval.js';
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
  /** The same four operands twice, for two numbers at once: each fills the time in which the other waits for its last step. */
  readonly runBoth: FunctionReference;
  /** Memory that both leave numbers in. */
  readonly secrets: { readonly address: number; readonly length: number };
}

/** The last operand of {@link Inversion.run}. */
export const inverseOfLowest = ({ value, limbBits }: Modulus): bigint => inverseOf(value, 1n << BigInt(limbBits));

/** Bits of limbs for which multiples of the modulus fit the 32 bits of a lane, and sums of products what they are raised by. */
const MOST_LANE_BITS = 29;

/**
 * The number of steps is fixed, and no branch or address depends on the numbers.
 * @param inLanes - Matrices are applied to two numbers at once in the lanes of vectors.
 */
export function safegcd(module: ModuleBuilder, modulus: Modulus, inLanes: boolean): Inversion {
  const { limbs, limbBits, value, name } = modulus;
  if (inLanes && limbBits > MOST_LANE_BITS)
    throw new OverflowError(
      `Cannot invert modulo ${name} in lanes: limbs of ${limbBits} bits, at most ${MOST_LANE_BITS}`,
    );
  const bits = value.toString(2).length;
  const rounds = Math.ceil(divisionSteps(bits) / limbBits);
  const update = stateUpdate(module, modulus);
  const address = module.allocate(5 * 8 * limbs);
  const second = module.allocate(4 * 8 * limbs);
  const states = [i32.const(address), i32.const(second)];
  const eachLimb = (f: FunctionBuilder, body: (offset: Local<'i32'>) => void) =>
    f.forUp(f.local('i32'), i32.const(0), i32.const(8 * limbs), 8, body);

  const begin = module.function(`${name}.gcdBegin`, ['i32', 'i32', 'i32'], [], (f, state, source, from) => {
    eachLimb(f, (offset) => {
      const place = f.let(i32.add(state, offset));
      f.do(
        i64.store(place, D * limbs, i64.const(0)),
        i64.store(place, E * limbs, i64.const(0)),
        i64.store(place, F * limbs, i64.load(i32.add(from, offset))),
        i64.store(place, G * limbs, i64.load(i32.add(source, offset))),
      );
    });
    f.do(i64.store(state, E * limbs, i64.const(1)));
  });
  const finish = finishing(module, modulus, `${name}.gcdFinish`, i64.load);

  /** Inverts as many numbers at once as there are operands. */
  const emit = (f: FunctionBuilder, operands: readonly Operands[]): void => {
    const numbers = operands.map(([, source, from], i): Number => {
      f.run(begin, states[i]!, source, from);
      return { state: states[i]!, zeta: f.let(i64.const(-1)) };
    });
    const round = f.local('i32');
    f.forUp(round, i32.const(0), i32.const(rounds), 1, () => {
      const limbOf = (state: I32, part: number) => f.let(i64.load(state, part * limbs));
      const lowest = numbers.map(({ state }) => [limbOf(state, F), limbOf(state, G)] as const);
      const matrices = divisionStepsOnLowBits(f, zetasOf(numbers), lowest, modulus);
      for (const [i, [, , from, inverse]] of operands.entries())
        f.run(update, numbers[i]!.state, from, inverse, ...matrices[i]!);
    });
    for (const [i, [target]] of operands.entries()) f.run(finish, target, states[i]!);
  };
  /** Two numbers whose limbs lie side by side. */
  const emitLanes = (f: FunctionBuilder, operands: readonly [Operands, Operands]): void => {
    const state = states[0]!;
    const apply = laneUpdate(module, modulus, state);
    eachLimb(f, (offset) => {
      const place = f.let(i32.add(state, offset));
      f.do(i64.store(place, D * limbs, i64.const(0)), i64.store(place, E * limbs, i64.const(0)));
      for (const [lane, [, source, from]] of operands.entries())
        for (const [part, of] of [
          [F, from],
          [M, from],
          [G, source],
        ] as const)
          f.do(i32.store(place, part * limbs + 4 * lane, i32.load(i32.add(of, offset))));
    });
    f.do(i64.store(state, E * limbs, i64.const((1n << 32n) | 1n)));
    const zetas = operands.map(() => f.let(i64.const(-1)));
    const sideBySide = ([a, b]: readonly I64[]) => v128.i32x4Replace(v128.i32x4Splat(i32.wrap(a!)), 1, i32.wrap(b!));
    const inverses = f.let(sideBySide(operands.map(([, , , inverse]) => inverse)));
    f.forUp(f.local('i32'), i32.const(0), i32.const(rounds), 1, () => {
      const limbOf = (part: number, lane: number) => f.let(i64.load32U(state, part * limbs + 4 * lane));
      const lowest = operands.map((_, lane) => [limbOf(F, lane), limbOf(G, lane)] as const);
      const [first, second] = divisionStepsOnLowBits(f, zetas, lowest, modulus);
      f.run(apply, ...first!.map((entry, i) => sideBySide([entry, second![i]!])), inverses);
    });
    const finishLane = finishing(module, modulus, `${name}.gcdFinishLane`, i64.load32S);
    for (const [lane, [target]] of operands.entries()) f.run(finishLane, target, i32.add(state, i32.const(4 * lane)));
  };
  const one = ['i32', 'i32', 'i32', 'i64'] as const;
  let both: FunctionReference | undefined;
  return {
    bits,
    secrets: { address, length: second + 4 * 8 * limbs - address },
    run: module.function(`${name}.gcd`, one, [], (f, ...operands) => emit(f, [operands])),
    get runBoth() {
      both ??= module.function(`${name}.gcdBoth`, [...one, ...one], [], (f, t, s, m, v, t2, s2, m2, v2) => {
        const operands = [
          [t, s, m, v],
          [t2, s2, m2, v2],
        ] as const;
        if (inLanes) emitLanes(f, operands);
        else emit(f, operands);
      });
      return both;
    },
  };
}

type Operands = readonly [target: I32, source: I32, modulus: I32, inverse: I64];

/** Where (d, e) and (f, g) stand in the state of a number that is being inverted, in octets for each limb; then the modulus. */
const [D, E, F, G, M] = [0, 8, 16, 24, 32];

/** A number that is being inverted. */
interface Number {
  readonly state: I32;
  readonly zeta: Local<'i64'>;
}

const zetasOf = (numbers: readonly Number[]) => numbers.map(({ zeta }) => zeta);

/** What limbBits division steps do to (f, g), times 2^limbBits: rows (u, v) and (q, r). */
type Matrix = readonly [u: I64, v: I64, q: I64, r: I64];

const combine = (x: I64, y: I64, a: I64, b: I64): I64 => i64.add(i64.mul(x, a), i64.mul(y, b));

/** A function (target, state): d, or -d where f is -1, its limbs carried. */
function finishing(
  module: ModuleBuilder,
  { limbs, limbBits }: Modulus,
  name: string,
  load: (address: I32, offset: number) => I64,
): FunctionReference {
  return module.function(name, ['i32', 'i32'], [], (f, target, state) => {
    const top = 8 * (limbs - 1);
    // f is 1 or -1 by now (or the modulus, if the source was zero and so is d): the sign of f is the sign of the inverse.
    const sign = f.let(i64.shrS(load(state, F * limbs + top), 63));
    const carry = f.let(i64.const(0));
    f.forUp(f.local('i32'), i32.const(0), i32.const(8 * limbs), 8, (offset) => {
      const limb = load(i32.add(state, offset), D * limbs);
      const sum = f.let(i64.add(i64.sub(i64.xor(limb, sign), sign), carry));
      f.do(i64.store(i32.add(target, offset), 0, i64.and(sum, i64.const((1n << BigInt(limbBits)) - 1n))));
      f.set(carry, i64.shrS(sum, limbBits));
    });
    // The last limb keeps its sign.
    f.do(i64.store(target, top, i64.add(i64.load(target, top), i64.shl(carry, limbBits))));
  });
}

/**
 * A function (u, v, q, r, inverse) that applies two matrices to two numbers side by side: each operand holds what is one's
 * in its first i32 and what is the other's in its second. Entries of a row together stay within 2^limbBits, so that sums stay within
 * 2^60; raised by 2^62 they are shifted without a sign.
 */
function laneUpdate(module: ModuleBuilder, modulus: Modulus, state: I32): FunctionReference {
  const { limbs, limbBits, name } = modulus;
  const bias = 1n << 62n;
  const both = (value: bigint) => v128.i64x2Const(value, value);
  const mask = both(limbMask(modulus));
  const combineLanes = (x: V128, y: V128, a: V128, b: V128) =>
    v128.i64x2Add(v128.i64x2ExtmulLowI32x4S(x, a), v128.i64x2ExtmulLowI32x4S(y, b));
  const parameters = ['v128', 'v128', 'v128', 'v128', 'v128'] as const;
  return module.function(`${name}.gcdUpdateLanes`, parameters, [], (f, u, v, q, r, inverse) => {
    const load = (part: number, k: number) => f.let(v128.load64Zero(state, part * limbs + 8 * k));
    const keep = (part: number, k: number, limb: V128) =>
      f.do(v128.store64Lane(state, part * limbs + 8 * k, lowHalves(limb), 0));
    const rowsOf = (first: number, second: number) =>
      [
        { x: u, y: v, part: first, multiple: f.local('v128'), carry: f.local('v128') },
        { x: q, y: r, part: second, multiple: f.local('v128'), carry: f.local('v128') },
      ] as const;
    type Row = ReturnType<typeof rowsOf>[number];
    const carryOn = (rows: readonly [Row, Row], alsoOf?: (row: Row, k: number) => V128) => {
      for (let k = 1; k < limbs; k++)
        f.scope(() => {
          const [a, b] = [load(rows[0].part, k), load(rows[1].part, k)];
          for (const row of rows) {
            f.set(row.carry, v128.i64x2Add(row.carry, both(bias - (bias >> BigInt(limbBits)))));
            f.set(row.carry, v128.i64x2Add(row.carry, combineLanes(row.x, row.y, a, b)));
            if (alsoOf !== undefined) f.set(row.carry, v128.i64x2Add(row.carry, alsoOf(row, k)));
            keep(row.part, k - 1, v128.and(row.carry, mask));
            f.set(row.carry, v128.i64x2ShrU(row.carry, limbBits));
          }
        });
      // What they are raised by has no bit in the lower half.
      for (const { part, carry } of rows) keep(part, limbs - 1, carry);
    };

    const [topD, topE, d0, e0, m0] = [load(D, limbs - 1), load(E, limbs - 1), load(D, 0), load(E, 0), load(M, 0)];
    const modular = rowsOf(D, E);
    for (const { x, y, multiple, carry } of modular) {
      const lowest = f.let(combineLanes(x, y, d0, e0));
      f.set(multiple, v128.i32x4Add(v128.and(x, v128.i32x4ShrS(topD, 31)), v128.and(y, v128.i32x4ShrS(topE, 31))));
      const excess = v128.i32x4Add(v128.i32x4Mul(lowHalves(lowest), inverse), multiple);
      const low = Number(limbMask(modulus));
      f.set(multiple, v128.i32x4Sub(multiple, v128.and(excess, v128.i32x4Const(low, low, low, low))));
      const sum = v128.i64x2Add(lowest, v128.i64x2ExtmulLowI32x4S(multiple, m0));
      f.set(carry, v128.i64x2ShrU(v128.i64x2Add(sum, both(bias)), limbBits));
    }
    carryOn(modular, ({ multiple }, k) => v128.i64x2ExtmulLowI32x4S(multiple, load(M, k)));

    const [f0, g0] = [load(F, 0), load(G, 0)];
    const exact = rowsOf(F, G);
    for (const { x, y, carry } of exact)
      f.set(carry, v128.i64x2ShrU(v128.i64x2Add(combineLanes(x, y, f0, g0), both(bias)), limbBits));
    carryOn(exact);
  });
}

/** The low halves of both i64 lanes, side by side. */
const lowHalves = (a: V128): V128 => v128.shuffle(a, a, [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]);

/** A function (state, modulus, inverse, u, v, q, r) that applies a matrix to the state. */
function stateUpdate(module: ModuleBuilder, modulus: Modulus): FunctionReference {
  const { limbs, limbBits, name } = modulus;
  const mask = i64.const(limbMask(modulus));
  const parameters = ['i32', 'i32', 'i64', 'i64', 'i64', 'i64', 'i64'] as const;
  return module.function(`${name}.gcdUpdate`, parameters, [], (f, state, from, inverse, u, v, q, r) => {
    const rowsOf = (first: number, second: number) =>
      [
        { x: u, y: v, part: first, multiple: f.let(i64.const(0)), carry: f.local('i64') },
        { x: q, y: r, part: second, multiple: f.let(i64.const(0)), carry: f.local('i64') },
      ] as const;
    type Row = ReturnType<typeof rowsOf>[number];
    const load = (part: number, k = 0) => f.let(i64.load(state, part * limbs + 8 * k));
    /** Sums of all limbs but the lowest; what is carried out of a limb goes into the next one, and limbs one place down. */
    const carryOn = (rows: readonly [Row, Row], alsoOf?: (row: Row, k: number) => I64) => {
      for (let k = 1; k < limbs; k++)
        f.scope(() => {
          const [a, b] = [load(rows[0].part, k), load(rows[1].part, k)];
          for (const row of rows) {
            // In this order: the other one takes a tenth longer.
            f.set(row.carry, i64.add(row.carry, combine(row.x, row.y, a, b)));
            if (alsoOf !== undefined) f.set(row.carry, i64.add(row.carry, alsoOf(row, k)));
            f.do(i64.store(state, row.part * limbs + 8 * (k - 1), i64.and(row.carry, mask)));
            f.set(row.carry, i64.shrS(row.carry, limbBits));
          }
        });
      for (const { part, carry } of rows) f.do(i64.store(state, part * limbs + 8 * (limbs - 1), carry));
    };

    // (d, e) becomes t (d, e) / 2^limbBits modulo the modulus, within (-2m, m).
    const [topD, topE, d0, e0] = [load(D, limbs - 1), load(E, limbs - 1), load(D), load(E)];
    const modular = rowsOf(D, E);
    for (const { x, y, multiple, carry } of modular) {
      const lowest = f.let(combine(x, y, d0, e0));
      // As many times the modulus as make the lowest limb zero.
      f.set(multiple, i64.add(i64.and(x, i64.shrS(topD, 63)), i64.and(y, i64.shrS(topE, 63))));
      f.set(multiple, i64.sub(multiple, i64.and(i64.add(i64.mul(lowest, inverse), multiple), mask)));
      f.set(carry, i64.shrS(i64.add(lowest, i64.mul(multiple, i64.load(from, 0))), limbBits));
    }
    carryOn(modular, ({ multiple }, k) => i64.mul(multiple, i64.load(from, 8 * k)));

    // (f, g) becomes t (f, g) / 2^limbBits, which is a whole number.
    const [f0, g0] = [load(F), load(G)];
    const exact = rowsOf(F, G);
    for (const { x, y, carry } of exact) f.set(carry, i64.shrS(combine(x, y, f0, g0), limbBits));
    carryOn(exact);
  });
}

/** limbBits division steps, which need no more than the lowest limbs of f and g, in two parts: {@link packedSteps}. */
function divisionStepsOnLowBits(
  f: FunctionBuilder,
  zetas: readonly Local<'i64'>[],
  lowest: readonly (readonly [f: I64, g: I64])[],
  { limbBits }: Modulus,
): readonly Matrix[] {
  const first = Math.ceil(limbBits / 2);
  const before = packedSteps(f, zetas, lowest, first);
  const between = before.map(([u, v, q, r], i): [I64, I64] => {
    const [a, b] = lowest[i]!;
    return [i64.shrS(combine(u, v, a, b), first), i64.shrS(combine(q, r, a, b), first)];
  });
  const after = packedSteps(f, zetas, between, limbBits - first);
  return before.map(([u, v, q, r], i): Matrix => {
    const [u2, v2, q2, r2] = after[i]!;
    return [combine(u2, v2, u, q), combine(u2, v2, v, r), combine(q2, r2, u, q), combine(q2, r2, v, r)];
  });
}

/**
 * A few division steps, which need as many low bits of f and g. A row of the matrix is kept in one word with the number that it
 * gives: f + u 2^s + v 2^2s, and g + q 2^s + r 2^2s. Whatever a step does to f and g it does to the rows, so that one addition
 * works on all three; entries begin at 2^steps and those of g are halved with it. Numbers and entries stay within
 * [-2^steps, 2^steps], where s = steps + 2 tells them apart. One step of each number follows one of the other.
 */
function packedSteps(
  f: FunctionBuilder,
  zetas: readonly Local<'i64'>[],
  lowest: readonly (readonly [f: I64, g: I64])[],
  steps: number,
): readonly Matrix[] {
  const shift = steps + 2;
  const [one, mask] = [i64.const(1), i64.const((1n << BigInt(steps)) - 1n)];
  const words = lowest.map(([a, b]) => ({
    a: f.let(i64.add(i64.and(a, mask), i64.const(1n << BigInt(steps + shift)))),
    b: f.let(i64.add(i64.and(b, mask), i64.const(1n << BigInt(steps + 2 * shift)))),
    negative: f.local('i64'),
    odd: f.local('i64'),
  }));
  const step = f.local('i32');
  f.forUp(step, i32.const(0), i32.const(steps), 1, () => {
    for (const [i, { a, b, negative, odd }] of words.entries()) {
      const zeta = zetas[i]!;
      f.set(negative, i64.shrS(zeta, 63));
      f.set(odd, i64.sub(i64.const(0), i64.and(b, one)));
      f.set(b, i64.add(b, i64.and(i64.sub(i64.xor(a, negative), negative), odd)));
      f.set(negative, i64.and(negative, odd));
      f.set(zeta, i64.sub(i64.xor(zeta, negative), one));
      f.set(a, i64.add(a, i64.and(b, negative)));
      f.set(b, i64.shrS(b, 1));
    }
  });
  const half = i64.const(1n << BigInt(shift - 1));
  /** Rounds the number off and takes the rest apart. */
  const entriesOf = (word: I64): readonly [I64, I64] => {
    const entries = f.let(i64.shrS(i64.add(word, half), shift));
    const first = f.let(i64.shrS(i64.shl(entries, 64 - shift), 64 - shift));
    return [first, f.let(i64.shrS(i64.add(entries, half), shift))];
  };
  return words.map(({ a, b }): Matrix => [...entriesOf(a), ...entriesOf(b)]);
}
