import { type I32, i32, i64, type Local, type V128 } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';
import { type Bounds, limbsValue, requireStorable, sumBounds, unionBounds } from './bounds.js';
import { interval, plus, times } from './interval.js';
import { limbMask, type Modulus } from './modulus.js';
import { foldedPower, topBit } from './montgomery.js';
import type { PairField, Register } from './pair-field.js';

export type Lane = 0 | 1;

/** A small multiple of an element of a pair. */
export interface Term {
  readonly register: Register;
  readonly lane: Lane;
  readonly factor: Factor;
}

type Factor = 1 | 2 | 3 | -1 | -2 | -3;

export const plusLane = (register: Register, lane: Lane, factor: Factor = 1): Term => ({ register, lane, factor });
export const minusLane = (register: Register, lane: Lane): Term => ({ register, lane, factor: -1 });

/** A pair whose elements are sums of elements of pairs, limb by limb. A sum begins with an addition. */
export interface Combination {
  readonly target: Register;
  readonly lanes: Lanes;
  /** Carries every limb but the last into the next, once, all at the same time: limbs become hardly longer than limbBits. */
  readonly carried?: boolean;
  /** Besides, replaces what lies above the highest bit of a sparse modulus by what it is modulo that: it is hardly above it then. */
  readonly folded?: boolean;
}

type Lanes = readonly [readonly Term[], readonly Term[]];

/** The same sum in either lane. */
export const inBothLanes = (...terms: readonly (readonly [register: Register, factor?: Factor])[]): Lanes => {
  const inLane = (lane: Lane) => terms.map(([register, factor = 1]) => ({ register, lane, factor }));
  return [inLane(0), inLane(1)];
};

/** Combinations without carries, one. */
export const gatherLanes = (pairs: PairField, f: FunctionBuilder, target: Register, lanes: Lanes): void =>
  combineLanes(pairs, f, { target, lanes });

/** Carries a pair, once. */
export const carryOnce = (pairs: PairField, f: FunctionBuilder, target: Register, a: Register): void =>
  combineLanes(pairs, f, { target, lanes: inBothLanes([a]), carried: true });

/**
 * Combinations in one pass over the limbs. What one of them reads from the target of one before it is what was written there;
 * a target may be read by its own combination.
 */
export function combineLanes(pairs: PairField, f: FunctionBuilder, ...combinations: readonly Combination[]): void {
  f.scope(() => (pairs.simd ? combineVectors : combineScalars)(pairs, f, combinations));
  for (const { target, lanes, carried = false, folded = false } of combinations) {
    const sum = requireStorable(unionBounds(sumOf(lanes[0]), sumOf(lanes[1])), 'pair');
    target.bounds = folded ? foldedBounds(pairs.modulus, sum) : carried ? carriedBounds(pairs.modulus, sum) : sum;
  }
}

/** Two limbs of both elements in each vector; behind the last there may be padding, into which carries go as well. */
function combineVectors(
  { byteLength, modulus: { limbs, limbBits }, modulus }: PairField,
  f: FunctionBuilder,
  combinations: readonly Combination[],
): void {
  const mask = Number(limbMask(modulus));
  const none = v128.i32x4Const(0, 0, 0, 0);
  /** A value for either limb of a vector, the same for both elements. */
  const halves = (low: number, high: number): V128 => v128.i32x4Const(low, low, high, high);
  const lastOffset = byteLength - 16;
  const excesses = new Map<Combination, Local<'v128'>>();
  for (const combination of combinations) {
    if (combination.folded !== true) continue;
    const excess = f.let(v128.i32x4ShrS(vectorReader(f, lastOffset).sum(combination.lanes), keptBits(modulus)));
    f.set(excess, v128.shuffle(excess, excess, limbs % 2 === 0 ? BOTH_UPPER : BOTH_LOWER));
    excesses.set(combination, excess);
  }
  const carries = new Map(combinations.map((combination) => [combination, f.local('v128')]));
  const step = (offset: number) => {
    const reader = vectorReader(f, offset);
    const first = offset / 8;
    for (const combination of combinations) {
      const { target, lanes, carried = false, folded = false } = combination;
      let sum = reader.sum(lanes);
      for (const { limb, bits, sign } of folded ? foldedTerms(modulus) : []) {
        if (limb !== first && limb !== first + 1) continue;
        const excess = v128.i32x4Shl(excesses.get(combination)!, bits); // set above
        const term = v128.and(excess, limb === first ? halves(-1, 0) : halves(0, -1));
        sum = f.let(sign === 1 ? v128.i32x4Add(sum, term) : v128.i32x4Sub(sum, term));
      }
      if (carried || folded) {
        const before = carries.get(combination)!; // set above
        const carry = f.let(v128.i32x4ShrS(sum, limbBits));
        const top = folded ? (1 << keptBits(modulus)) - 1 : -1;
        const [low, high] = [first, first + 1].map((k) => (k < limbs - 1 ? mask : k === limbs - 1 ? top : -1));
        const own = low === -1 && high === -1 ? sum : v128.and(sum, halves(low!, high!));
        const carriedIn = v128.shuffle(offset === 0 ? none : before, carry, UPPER_THEN_LOWER);
        sum = f.let(v128.i32x4Add(own, carriedIn));
        f.set(before, carry);
      }
      f.do(v128.store(target.address, offset, sum));
      reader.wrote(target, sum);
    }
  };
  for (let offset = 0; offset < byteLength; offset += 16) f.scope(() => step(offset));
}

/** Reads vectors at one offset, each of them once. */
function vectorReader(f: FunctionBuilder, offset: number) {
  const loaded = new Map<Register, V128>();
  const swapped = new Map<Register, V128>();
  const load = (register: Register) => memo(loaded, register, () => f.let(v128.load(register.address, offset)));
  const swap = (register: Register) => memo(swapped, register, () => f.let(swappedLanes(load(register))));
  return {
    sum(lanes: Lanes): V128 {
      const sums = (isSame(lanes) ? lanes.slice(0, 1) : lanes).map((terms, own) => {
        const values = terms.map(({ register, lane, factor }) => ({
          value: lane === own ? load(register) : swap(register),
          factor,
        }));
        return f.let(added(values, { add: v128.i32x4Add, sub: v128.i32x4Sub, shl: v128.i32x4Shl }));
      });
      return sums.length === 1 ? sums[0]! : f.let(v128.shuffle(sums[0]!, sums[1]!, LOW_AND_HIGH));
    },
    wrote(target: Register, value: V128): void {
      loaded.set(target, value);
      swapped.delete(target);
    },
  };
}

function combineScalars(
  { modulus: { limbs, limbBits }, modulus }: PairField,
  f: FunctionBuilder,
  combinations: readonly Combination[],
): void {
  const mask = Number(limbMask(modulus));
  const sumsAt = (k: number, lanes: Lanes): readonly I32[] =>
    lanes.map((terms) => {
      const values = terms.map(({ register, lane, factor }) => ({
        value: i32.load(register.address, 8 * k + 4 * lane),
        factor,
      }));
      return f.let(added(values, i32));
    });
  const excesses = new Map<Combination, readonly I32[]>();
  for (const combination of combinations)
    if (combination.folded === true)
      excesses.set(
        combination,
        sumsAt(limbs - 1, combination.lanes).map((top) => f.let(i32.shrS(top, keptBits(modulus)))),
      );
  const carries = new Map(combinations.map((combination) => [combination, [f.local('i32'), f.local('i32')] as const]));
  const step = (k: number) => {
    for (const combination of combinations) {
      const { target, lanes, carried = false, folded = false } = combination;
      let sums = sumsAt(k, lanes);
      for (const { limb, bits, sign } of folded ? foldedTerms(modulus) : []) {
        if (limb !== k) continue;
        const terms = excesses.get(combination)!.map((excess) => i32.shl(excess, bits)); // set above
        sums = sums.map((sum, lane) => f.let(sign === 1 ? i32.add(sum, terms[lane]!) : i32.sub(sum, terms[lane]!)));
      }
      const own = k < limbs - 1 ? mask : folded ? (1 << keptBits(modulus)) - 1 : -1;
      for (const [lane, sum] of sums.entries()) {
        const place = 8 * k + 4 * lane;
        if (carried || folded) {
          const carry = carries.get(combination)![lane]!; // set above
          const kept = own === -1 ? sum : i32.and(sum, i32.const(own));
          f.do(i32.store(target.address, place, k === 0 ? kept : i32.add(kept, carry)));
          f.set(carry, i32.shrS(sum, limbBits));
        } else f.do(i32.store(target.address, place, sum));
      }
    }
  };
  for (let k = 0; k < limbs; k++) f.scope(() => step(k));
}

/** Carries leave the number as it is. */
function carriedBounds(modulus: Modulus, { limbs: sums, value }: Bounds): Bounds {
  const { limbs, limbBits } = modulus;
  const mask = limbMask(modulus);
  const carried = sums.map(({ low, high }) => interval(low >> BigInt(limbBits), high >> BigInt(limbBits)));
  const kept = sums.map((limb, k) =>
    k === limbs - 1 || (limb.low >= 0n && limb.high <= mask) ? limb : interval(0n, mask),
  );
  const bounds = kept.map((limb, k) => (k === 0 ? limb : plus(limb, carried[k - 1]!)));
  return requireStorable({ limbs: bounds, value }, 'pair');
}

/** One element of a pair as limbs of 64 bits. */
export function extractLane(
  { modulus }: PairField,
  f: FunctionBuilder,
  target: Register,
  source: Register,
  lane: Lane,
): void {
  target.bounds = source.bounds;
  for (let k = 0; k < modulus.limbs; k++)
    f.do(i64.store(target.address, 8 * k, i64.load32S(source.address, 8 * k + 4 * lane)));
}

/** The reverse: the other element of the target stays, and its bounds have to be known to hold for both. */
export function insertLane(
  { modulus }: PairField,
  f: FunctionBuilder,
  target: Register,
  source: Register,
  lane: Lane,
): void {
  requireStorable(source.bounds, 'pair');
  target.bounds = unionBounds(target.bounds, source.bounds);
  for (let k = 0; k < modulus.limbs; k++)
    f.do(i32.store(target.address, 8 * k + 4 * lane, i32.load(source.address, 8 * k)));
}

/** What is folded is added first, and carried with the rest. */
function foldedBounds(modulus: Modulus, { limbs: sums, value }: Bounds): Bounds {
  const last = modulus.limbs - 1;
  const top = sums[last]!;
  const kept = keptBits(modulus);
  const excess = interval(top.low >> BigInt(kept), top.high >> BigInt(kept));
  const limbs = [...sums.slice(0, -1), interval(0n, (1n << BigInt(kept)) - 1n)];
  for (const { limb, bits, sign } of foldedTerms(modulus)) {
    const by = interval(BigInt(sign) << BigInt(bits), BigInt(sign) << BigInt(bits));
    limbs[limb] = plus(limbs[limb]!, times(excess, by));
  }
  const carried = carriedBounds(modulus, requireStorable({ limbs, value }, 'pair'));
  return { limbs: carried.limbs, value: limbsValue(modulus, carried.limbs) };
}

/** Bits of the highest limb below the power of two just above the modulus. */
const keptBits = (modulus: Modulus): number => topBit(modulus) - (modulus.limbs - 1) * modulus.limbBits;

/** What that power of two is modulo the modulus, limb by limb; none of it in the highest. */
const foldedTerms = (modulus: Modulus) =>
  foldedPower(modulus).map(({ exponent, sign }) => ({
    limb: Math.floor(exponent / modulus.limbBits),
    bits: exponent % modulus.limbBits,
    sign,
  }));

const sumOf = (terms: readonly Term[]): Bounds => terms.map(multipleOf).reduce(sumBounds);

function multipleOf({ register: { bounds }, factor }: Term): Bounds {
  const by = interval(BigInt(factor), BigInt(factor));
  return { limbs: bounds.limbs.map((limb) => times(limb, by)), value: times(bounds.value, by) };
}

/** Whether both lanes are the same sum, each of its own lane's elements. */
const isSame = ([low, high]: Lanes): boolean =>
  low.length === high.length &&
  low.every(({ register, lane, factor }, i) => {
    const other = high[i]!;
    return lane === 0 && other.lane === 1 && other.register === register && other.factor === factor;
  });

interface Adding<V> {
  readonly add: (a: V, b: V) => V;
  readonly sub: (a: V, b: V) => V;
  readonly shl: (a: V, count: number) => V;
}

function added<V>(terms: readonly { readonly value: V; readonly factor: Factor }[], { add, sub, shl }: Adding<V>): V {
  const magnitude = (value: V, factor: number): V =>
    factor === 1 ? value : factor === 2 ? shl(value, 1) : add(value, shl(value, 1));
  const [first, ...others] = terms.map(({ value, factor }) => ({
    value: magnitude(value, Math.abs(factor)),
    isAdded: factor > 0,
  }));
  if (first?.isAdded !== true) throw new TypeError('Cannot begin a sum with a subtraction');
  return others.reduce((sum, { value, isAdded }) => (isAdded ? add(sum, value) : sub(sum, value)), first.value);
}

function memo<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Both elements of a vector of two limbs change places. */
const swappedLanes = (a: V128): V128 => v128.shuffle(a, a, [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]);

const LOW_AND_HIGH = [0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31];
const BOTH_LOWER = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7];
const BOTH_UPPER = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const UPPER_THEN_LOWER = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];
