import { type I32, type I64, i32, i64, type Local, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';
import { limbMask, limbsOf, type Modulus } from '../field/modulus.js';
import { type Curve, entryCount, plus } from './curve.js';
import { entryIndex, isNegative } from './recode.js';
import { entryLength } from './tables.js';

/** Points that one pass of a look-up gives. */
export const SELECTED_AT_ONCE = 16;

/**
 * A function (table, digits, x, y) that looks sixteen digits, one octet each, up in the table of one window and writes eight
 * pairs of coordinates, y negated where the digit is negative. Every octet of the table is read, whatever the digits.
 *
 * With SIMD the table is transposed into planes: octet q of all entries, then octet q + 1. One swizzle then looks sixteen
 * digits up in sixteen entries. Without it the entries stand one after the other and are all masked.
 */
export function batchSelection(curve: Curve, width: number): FunctionReference {
  const { module, simd, field } = curve;
  const name = `${field.modulus.name}.select16`;
  return simd
    ? module.function(name, ['i32', 'i32', 'i32', 'i32'], [], (f, table, digits, x, y) =>
        selectByPlanes(f, curve, width, table, digits, [x, y]),
      )
    : module.function(name, ['i32', 'i32', 'i32', 'i32'], [], (f, table, digits, x, y) =>
        selectByScanning(f, curve, width, table, digits, [x, y]),
      );
}

type Targets = readonly [I32, I32];

function selectByPlanes(
  f: FunctionBuilder,
  { pairs }: Curve,
  width: number,
  table: I32,
  digits: I32,
  targets: Targets,
): void {
  const entries = entryCount(width);
  const { limbs } = pairs.modulus;
  const octets = (value: number) => v128.const(new Uint8Array(16).fill(value));
  const v = f.let(v128.load(digits));
  const positive = f.let(v128.i8x16ShrS(v128.i8x16Shl(v, 8 - width), 7));
  const low = octets(entries - 1);
  const index = f.let(v128.xor(v128.and(v, low), v128.andnot(low, positive)));
  // One swizzle looks at sixteen entries; an index outside them gives zero.
  const indexes = Array.from({ length: entries / 16 }, (_, part) =>
    part === 0 ? index : f.let(v128.i8x16Sub(index, octets(16 * part))),
  );
  const signs = spread(f, f.let(v128.not(positive)));
  const address = f.let(table);
  for (const [axis, target] of targets.entries()) {
    const [limb, place] = [f.local('i32'), f.let(target)];
    f.forUp(limb, i32.const(0), i32.const(limbs), 1, () => {
      const plane = (octet: number): V128 => {
        const parts = indexes.map((each, part) =>
          v128.i8x16Swizzle(v128.load(address, octet * entries + 16 * part), each),
        );
        return f.let(parts.reduce((a, b) => v128.or(a, b)));
      };
      const words = interleave(f, [plane(0), plane(1), plane(2), plane(3)]);
      for (const [four, word] of words.entries()) {
        const signed = axis === 1 ? f.let(v128.i32x4Sub(v128.xor(word, signs[four]!), signs[four]!)) : word;
        for (const half of [0, 1]) f.do(v128.store64Lane(place, (2 * four + half) * pairs.byteLength, signed, half));
      }
      f.set(address, plus(address, 4 * entries));
      f.set(place, plus(place, 8));
    });
  }
}

const zip8 = (from: number) => Array.from({ length: 8 }, (_, i) => [from + i, from + i + 16]).flat();
const zip16 = (from: number) =>
  Array.from({ length: 4 }, (_, i) => [from + 2 * i, from + 2 * i + 1, from + 2 * i + 16, from + 2 * i + 17]).flat();

/** Sixteen i32 from four vectors of their octets, lowest first; four in each vector. */
function interleave(f: FunctionBuilder, [a, b, c, d]: readonly [V128, V128, V128, V128]): readonly Local<'v128'>[] {
  return [0, 8].flatMap((from) => {
    const low = f.let(v128.shuffle(a, b, zip8(from)));
    const high = f.let(v128.shuffle(c, d, zip8(from)));
    return [0, 8].map((half) => f.let(v128.shuffle(low, high, zip16(half))));
  });
}

/** Octets that are all zeros or all ones as i32 of the same. */
const spread = (f: FunctionBuilder, octets: V128): readonly Local<'v128'>[] =>
  interleave(f, [octets, octets, octets, octets]);

function selectByScanning(
  f: FunctionBuilder,
  curve: Curve,
  width: number,
  table: I32,
  digits: I32,
  targets: Targets,
): void {
  const { pairs } = curve;
  const { limbs } = pairs.modulus;
  const words = entryLength(curve) / 8;
  const point = f.local('i32');
  f.forUp(point, i32.const(0), i32.const(SELECTED_AT_ONCE), 1, () => {
    const v = f.let(i32.load8U(i32.add(digits, point)));
    const negative = f.let(isNegative(v, width));
    const index = f.let(entryIndex(v, negative, width));
    const sums = Array.from({ length: words }, () => f.let(i64.const(0)));
    const entry = f.local('i32');
    const address = f.let(table);
    f.forUp(entry, i32.const(0), i32.const(entryCount(width)), 1, () => {
      const hit = f.let(allOnesIfEqual(entry, index));
      for (const [k, sum] of sums.entries()) f.set(sum, i64.or(sum, i64.and(hit, i64.load(address, 8 * k))));
      f.set(address, plus(address, 8 * words));
    });
    const sign = f.let(i64.extendS(negative));
    const place = f.let(
      i32.add(i32.mul(i32.shrU(point, 1), i32.const(pairs.byteLength)), i32.shl(i32.and(point, i32.const(1)), 2)),
    );
    const half = (limb: number) =>
      i64.and(limb % 2 === 0 ? sums[limb >> 1]! : i64.shrU(sums[limb >> 1]!, 32), i64.const(0xffff_ffffn));
    for (let k = 0; k < limbs; k++) f.do(i64.store32(i32.add(targets[0], place), 8 * k, half(k)));
    const y = Array.from({ length: limbs }, (_, k) => half(limbs + k));
    for (const [k, limb] of negatedWhere(f, pairs.modulus, sign, y).entries())
      f.do(i64.store32(i32.add(targets[1], place), 8 * k, limb));
  });
}

/**
 * The modulus less a residue where the sign is all ones. Vectors leave limbs negative instead, for which i64 columns without
 * a bias have no room.
 */
export function negatedWhere(f: FunctionBuilder, modulus: Modulus, sign: I64, limbs: readonly I64[]): readonly I64[] {
  const modulusLimbs = limbsOf(modulus.value, modulus);
  let carry: I64 | undefined;
  return limbs.map((limb, k) => {
    const signed = i64.add(i64.sub(i64.xor(limb, sign), sign), i64.and(sign, i64.const(modulusLimbs[k]!)));
    const sum = f.let(carry === undefined ? signed : i64.add(signed, carry));
    if (k === limbs.length - 1) return sum;
    carry = i64.shrS(sum, modulus.limbBits);
    return i64.and(sum, i64.const(limbMask(modulus)));
  });
}

/** As an i64 mask, without a branch. */
const allOnesIfEqual = (a: I32, b: I32): I64 =>
  // The difference is below 2^31 and not negative where it is zero alone less one is.
  i64.shrS(i64.sub(i64.extendU(i32.xor(a, b)), i64.const(1)), 63);

/**
 * A function (table, digit, other digit, x, y) that looks one digit up for each lane and writes one pair of coordinates. The
 * table of a window holds, entry by entry, the limbs of lane 0 and lane 1 side by side: those of x, then those of y.
 */
export function laneSelection(curve: Curve, width: number): FunctionReference {
  const { module, simd, pairs } = curve;
  const { limbs, name } = pairs.modulus;
  const length = laneEntryLength(curve);
  /** What is selected, as it stands in the table; a vector more, for reading past it. */
  const selected = module.allocate(length + 16);
  return module.function(`${name}.selectLanes`, ['i32', 'i32', 'i32', 'i32', 'i32'], [], (f, table, d0, d1, x, y) => {
    const negatives = [d0, d1].map((digit) => f.let(isNegative(digit, width)));
    const indexes = [d0, d1].map((digit, lane) => f.let(entryIndex(digit, negatives[lane]!, width)));
    const address = f.let(table);
    const entry = f.local('i32');
    if (simd) {
      const lanes = ([a, b]: readonly I32[]) => v128.i64x2Splat(f.let(sideBySide(a!, b!)));
      const index = f.let(lanes(indexes));
      const sign = f.let(lanes(negatives));
      const counter = f.let(v128.i32x4Const(0, 0, 0, 0));
      const sums = Array.from({ length: length / 16 }, () => f.let(v128.i32x4Const(0, 0, 0, 0)));
      f.forUp(entry, i32.const(0), i32.const(entryCount(width)), 1, () => {
        const hit = f.let(v128.i32x4Eq(counter, index));
        f.set(counter, v128.i32x4Add(counter, v128.i32x4Const(1, 1, 1, 1)));
        for (const [k, sum] of sums.entries()) f.set(sum, v128.or(sum, v128.and(hit, v128.load(address, 16 * k))));
        f.set(address, plus(address, length));
      });
      for (const [k, sum] of sums.entries()) f.do(v128.store(i32.const(selected), 16 * k, sum));
      for (let offset = 0; offset < pairs.byteLength; offset += 16) {
        f.do(v128.store(x, offset, v128.load(i32.const(selected), offset)));
        const limb = f.let(v128.load(i32.const(selected), 8 * limbs + offset));
        f.do(v128.store(y, offset, v128.i32x4Sub(v128.xor(limb, sign), sign)));
      }
      return;
    }
    const sums = Array.from({ length: 2 * limbs }, () => f.let(i64.const(0)));
    f.forUp(entry, i32.const(0), i32.const(entryCount(width)), 1, () => {
      const [hit0, hit1] = indexes.map((index) => i32.wrap(allOnesIfEqual(entry, index)));
      const hit = f.let(sideBySide(hit0!, hit1!));
      for (const [k, sum] of sums.entries()) f.set(sum, i64.or(sum, i64.and(hit, i64.load(address, 8 * k))));
      f.set(address, plus(address, length));
    });
    for (let k = 0; k < limbs; k++) f.do(i64.store(x, 8 * k, sums[k]!));
    for (const lane of [0, 1]) {
      const limb = (k: number) =>
        lane === 0 ? i64.and(sums[limbs + k]!, i64.const(0xffff_ffffn)) : i64.shrU(sums[limbs + k]!, 32);
      const coordinate = Array.from({ length: limbs }, (_, k) => limb(k));
      const sign = f.let(i64.extendS(negatives[lane]!));
      for (const [k, value] of negatedWhere(f, pairs.modulus, sign, coordinate).entries())
        f.do(i64.store32(y, 8 * k + 4 * lane, value));
    }
  });
}

/** Octets of an entry of a table for two lanes. */
const laneEntryLength = (curve: Curve): number => 2 * entryLength(curve);

const sideBySide = (a: I32, b: I32): I64 => i64.or(i64.extendU(a), i64.shl(i64.extendU(b), 32));
