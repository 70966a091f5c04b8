import { type I32, i32, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';
import { at, type Context, forEachAddress } from './curve.js';
import { NIELS_LENGTH } from './points.js';

/** Octets of the three elements of two niels points, limbs side by side. */
const ELEMENT = 80;

/**
 * A digit v of `width` bits stands for 2v + 1 - 2^width: the top bit tells the sign, the others the entry of the table, all
 * inverted in the negative.
 */
function decodeDigit(f: FunctionBuilder, digit: I32, width: number): { readonly entry: I32; readonly negative: I32 } {
  const value = f.let(digit);
  const negative = f.let(i32.sub(i32.and(i32.shrU(value, width - 1), i32.const(1)), i32.const(1)));
  const entry = f.let(i32.and(i32.xor(value, negative), i32.const(2 ** (width - 1) - 1)));
  return { entry, negative };
}

/**
 * A function `(n, table, digits)`: two niels points in lanes, multiples that the digits at `digits` and `digits + distance`
 * stand for, from entries that have both windows in their lanes. Reads the whole table, whatever the digits.
 */
export function scanningLookup(
  { module, pairs: { simd } }: Context,
  width: number,
  distance: number,
): FunctionReference {
  const entries = 2 ** (width - 1);
  return module.function('lookup', ['i32', 'i32', 'i32'], [], (f, n, table, digits) => {
    const lanes = [0, distance].map((offset) => decodeDigit(f, i32.load8U(digits, offset), width));
    if (simd) scanWithVectors(f, n, table, entries, lanes);
    else scan(f, n, table, entries, lanes);
  });
}

type Lanes = readonly { readonly entry: I32; readonly negative: I32 }[];

function scanWithVectors(f: FunctionBuilder, n: I32, table: I32, entries: number, [first, second]: Lanes): void {
  const inLanes = (a: I32, b: I32): V128 => {
    const pair = v128.i32x4Replace(v128.i32x4Replace(v128.i32x4Splat(a), 1, b), 3, b);
    return f.let(pair);
  };
  const wanted = inLanes(first!.entry, second!.entry);
  const negative = inLanes(first!.negative, second!.negative);
  const one = f.let(v128.i32x4Const(1, 1, 1, 1));
  const counter = f.local('v128');
  // One element after the other: its sums stay in registers.
  const elements = [0, 1, 2].map((element) => {
    const sums = Array.from({ length: ELEMENT / 16 }, () => f.let(v128.i32x4Const(0, 0, 0, 0)));
    f.set(counter, wanted);
    forEachAddress(f, at(table, element * ELEMENT), entries, NIELS_LENGTH, (address) => {
      const mask = f.let(v128.i32x4Eq(counter, v128.i32x4Const(0, 0, 0, 0)));
      f.set(counter, v128.i32x4Sub(counter, one));
      for (const [i, sum] of sums.entries()) f.set(sum, v128.or(sum, v128.and(v128.load(address, 16 * i), mask)));
    });
    return sums;
  });
  for (let i = 0; i < ELEMENT / 16; i++) {
    const [yp, ym, dt] = elements.map((sums) => sums[i]!);
    f.do(
      v128.store(n, 16 * i, v128.bitselect(ym!, yp!, negative)),
      v128.store(n, ELEMENT + 16 * i, v128.bitselect(yp!, ym!, negative)),
      v128.store(n, 2 * ELEMENT + 16 * i, v128.i32x4Sub(v128.xor(dt!, negative), negative)),
    );
  }
}

function scan(f: FunctionBuilder, n: I32, table: I32, entries: number, lanes: Lanes): void {
  for (let offset = 0; offset < NIELS_LENGTH; offset += 4) f.do(i32.store(n, offset, i32.const(0)));
  const counters = lanes.map(({ entry }) => f.let(entry));
  forEachAddress(f, table, entries, NIELS_LENGTH, (address) => {
    for (const [lane, counter] of counters.entries()) {
      const mask = f.let(i32.sub(i32.const(0), i32.eqz(counter)));
      f.set(counter, i32.sub(counter, i32.const(1)));
      for (let offset = 4 * lane; offset < NIELS_LENGTH; offset += 8)
        f.do(i32.store(n, offset, i32.or(i32.load(n, offset), i32.and(i32.load(address, offset), mask))));
    }
  });
  for (const [lane, { negative }] of lanes.entries())
    for (let offset = 4 * lane; offset < ELEMENT; offset += 8) {
      const [yp, ym] = [f.let(i32.load(n, offset)), f.let(i32.load(n, ELEMENT + offset))];
      const swap = f.let(i32.and(i32.xor(yp, ym), negative));
      const dt = i32.load(n, 2 * ELEMENT + offset);
      f.do(
        i32.store(n, offset, i32.xor(yp, swap)),
        i32.store(n, ELEMENT + offset, i32.xor(ym, swap)),
        i32.store(n, 2 * ELEMENT + offset, i32.sub(i32.xor(dt, negative), negative)),
      );
    }
}

/** Octets of the planes of one window of 64 entries: of each limb, element and octet of an i32, one for every entry. */
export const PLANES_LENGTH: number = 9 * 3 * 4 * 64;

/** A function `(planes, table)`: cuts a run of 64 niels points into planes. */
export function planesWriter({ module }: Context): FunctionReference {
  return module.function('writePlanes', ['i32', 'i32'], [], (f, planes, table) => {
    const to = f.let(planes);
    forEachAddress(f, table, 32, NIELS_LENGTH, (entry) => {
      for (const lane of [0, 1])
        for (let limb = 0; limb < 9; limb++)
          for (let element = 0; element < 3; element++) {
            const value = f.let(i32.load(entry, element * ELEMENT + 8 * limb + 4 * lane));
            for (let octet = 0; octet < 4; octet++)
              f.do(i32.store8(to, ((limb * 3 + element) * 4 + octet) * 64 + 32 * lane, i32.shrU(value, 8 * octet)));
          }
      f.set(to, i32.add(to, i32.const(1)));
    });
  });
}

/**
 * A function `(n, planes, digits)`: sixteen niels points, two each in the lanes of eight in a row, that sixteen digits of 7
 * bits stand for. An octet of all sixteen comes out of a plane at once, with its instructions the same whatever the digits.
 */
export function swizzlingLookup({ module }: Context): FunctionReference {
  return module.function('lookup16', ['i32', 'i32', 'i32'], [], (f, n, planes, digits) => {
    const octets = (value: number) => v128.i8x16Splat(i32.const(value));
    const value = f.let(v128.load(digits));
    const negative = f.let(v128.not(v128.i8x16ShrS(v128.i8x16Shl(value, 1), 7)));
    const entry = f.let(v128.and(v128.xor(value, negative), octets(63)));
    const indexes = [0, 16, 32, 48].map((from) => f.let(v128.i8x16Sub(entry, octets(from)))); // out of range gives zero
    const negatives = interleaved(f, [negative, negative, negative, negative]);
    const to = f.let(n);
    forEachAddress(f, planes, 9, PLANES_LENGTH / 9, (limb) => {
      const [yp, ym, dt] = [0, 1, 2].map((element) =>
        interleaved(
          f,
          [0, 1, 2, 3].map((octet) => {
            const plane = (element * 4 + octet) * 64;
            const parts = indexes.map((index, i) => v128.i8x16Swizzle(v128.load(limb, plane + 16 * i), index));
            return f.let(parts.reduce((a, b) => v128.or(a, b)));
          }),
        ),
      ) as [readonly V128[], readonly V128[], readonly V128[]];
      for (let quad = 0; quad < 4; quad++) {
        const sign = negatives[quad]!;
        const signed = [
          f.let(v128.bitselect(ym[quad]!, yp[quad]!, sign)),
          f.let(v128.bitselect(yp[quad]!, ym[quad]!, sign)),
          f.let(v128.i32x4Sub(v128.xor(dt[quad]!, sign), sign)),
        ];
        for (const [element, limbs] of signed.entries())
          for (const lane of [0, 1])
            f.do(v128.store64Lane(to, (2 * quad + lane) * NIELS_LENGTH + element * ELEMENT, limbs, lane));
      }
      f.set(to, i32.add(to, i32.const(8)));
    });
  });
}

/** Sixteen i32, four in a vector, from their octets, lowest first. */
function interleaved(f: FunctionBuilder, [a, b, c, d]: readonly V128[]): readonly V128[] {
  const zip = (x: V128, y: V128, size: 1 | 2, half: 0 | 1): V128 => {
    const lanes = Array.from({ length: 16 }, (_, i) => {
      const item = Math.floor(i / (2 * size)) + (half * 8) / size;
      return item * size + (i % size) + (Math.floor(i / size) % 2) * 16;
    });
    return f.let(v128.shuffle(x, y, lanes));
  };
  return [0, 1].flatMap((half) => {
    const low = zip(a!, b!, 1, half as 0 | 1);
    const high = zip(c!, d!, 1, half as 0 | 1);
    return [zip(low, high, 2, 0), zip(low, high, 2, 1)];
  });
}
