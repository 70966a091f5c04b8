import { type I32, i32, i64, type V128 } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';
import { type Bounds, limbsValue, negatedBounds, requireStorable, sumBounds, unionBounds } from './bounds.js';
import { interval, plus } from './interval.js';
import { limbMask } from './modulus.js';
import type { PairField, Register } from './pair-field.js';

export type Lane = 0 | 1;

/** An element of a pair, added or taken off. */
export interface Term {
  readonly register: Register;
  readonly lane: Lane;
  readonly sign: 1 | -1;
}

export const plusLane = (register: Register, lane: Lane): Term => ({ register, lane, sign: 1 });
export const minusLane = (register: Register, lane: Lane): Term => ({ register, lane, sign: -1 });

/** A pair whose elements are sums of elements of pairs, limb by limb, without carries. A sum begins with an addition. */
export function gatherLanes(
  { simd, byteLength }: PairField,
  f: FunctionBuilder,
  target: Register,
  lanes: readonly [readonly Term[], readonly Term[]],
): void {
  target.bounds = requireStorable(unionBounds(sumOf(lanes[0]), sumOf(lanes[1])), 'pair');
  if (!simd) {
    for (let offset = 0; offset < byteLength; offset += 8) {
      const sums = lanes.map((terms) =>
        f.let(
          added(
            terms.map(({ register, lane, sign }) => ({ value: i32.load(register.address, offset + 4 * lane), sign })),
            i32,
          ),
        ),
      );
      for (const [lane, sum] of sums.entries()) f.do(i32.store(target.address, offset + 4 * lane, sum));
    }
    return;
  }
  for (let offset = 0; offset < byteLength; offset += 16) {
    const loaded = new Map<Register, V128>();
    const swapped = new Map<Register, V128>();
    const load = (register: Register) => memo(loaded, register, () => f.let(v128.load(register.address, offset)));
    const swap = (register: Register) => memo(swapped, register, () => f.let(swappedLanes(load(register))));
    const [low, high] = lanes.map((terms, own) =>
      f.let(
        added(
          terms.map(({ register, lane, sign }) => ({ value: lane === own ? load(register) : swap(register), sign })),
          { add: v128.i32x4Add, sub: v128.i32x4Sub },
        ),
      ),
    );
    f.do(v128.store(target.address, offset, v128.shuffle(low!, high!, LOW_AND_HIGH)));
  }
}

/** Carries every limb but the last into the next, once, all at the same time: limbs become hardly longer than limbBits. */
export function carryOnce(
  { simd, byteLength, modulus }: PairField,
  f: FunctionBuilder,
  target: Register,
  a: Register,
): void {
  const { limbs, limbBits } = modulus;
  const mask = limbMask(modulus);
  const carried = a.bounds.limbs.map(({ low, high }) => interval(low >> BigInt(limbBits), high >> BigInt(limbBits)));
  const kept = a.bounds.limbs.map((limb, k) =>
    k === limbs - 1 || (limb.low >= 0n && limb.high <= mask) ? limb : interval(0n, mask),
  );
  const bounds = kept.map((limb, k) => (k === 0 ? limb : plus(limb, carried[k - 1]!)));
  target.bounds = requireStorable({ limbs: bounds, value: limbsValue(modulus, bounds) }, 'pair');
  if (!simd) {
    for (const lane of [0, 4]) {
      let carry: I32 | undefined;
      for (let k = 0; k < limbs; k++) {
        const limb = f.let(i32.load(a.address, 8 * k + lane));
        const own = k === limbs - 1 ? limb : i32.and(limb, i32.const(Number(mask)));
        f.do(i32.store(target.address, 8 * k + lane, carry === undefined ? own : i32.add(own, carry)));
        carry = f.let(i32.shrS(limb, limbBits));
      }
    }
    return;
  }
  // Two limbs of both elements in each vector; behind the last there may be padding, into which carries go as well.
  const vectors = byteLength / 16;
  let before: V128 | undefined;
  for (let i = 0; i < vectors; i++) {
    const vector = f.let(v128.load(a.address, 16 * i));
    const carry = f.let(v128.i32x4ShrS(vector, limbBits));
    const last = 2 * i === limbs - 1;
    const masks = [2 * i, 2 * i + 1].map((k) => (k >= limbs - 1 ? -1 : Number(mask)));
    const own = last ? vector : v128.and(vector, v128.i32x4Const(masks[0]!, masks[0]!, masks[1]!, masks[1]!));
    const moved = v128.shuffle(before ?? v128.i32x4Const(0, 0, 0, 0), carry, UPPER_THEN_LOWER);
    f.do(v128.store(target.address, 16 * i, v128.i32x4Add(own, moved)));
    before = carry;
  }
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

const sumOf = (terms: readonly Term[]): Bounds =>
  terms.map(({ register: { bounds }, sign }) => (sign === 1 ? bounds : negatedBounds(bounds))).reduce(sumBounds);

function added<V>(
  [first, ...others]: readonly { readonly value: V; readonly sign: 1 | -1 }[],
  { add, sub }: { readonly add: (a: V, b: V) => V; readonly sub: (a: V, b: V) => V },
): V {
  if (first?.sign !== 1) throw new TypeError('Cannot begin a sum with a subtraction');
  return others.reduce((sum, { value, sign }) => (sign === 1 ? add(sum, value) : sub(sum, value)), first.value);
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
const UPPER_THEN_LOWER = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];
