import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { ED25519_D, ed25519Field } from '../curves/ed25519.js';
import { carryOnce, gatherLanes, minusLane, plusLane } from '../field/lanes.js';
import { inverseOf } from '../field/modulus.js';
import type { Register } from '../field/pair-field.js';
import { at, CACHED, type Context, NIELS, pairConstant, registersAt, scratchRegisters, settle } from './curve.js';

/**
 * Points of the twisted Edwards curve in extended coordinates X : Y : Z : T with T = XY/Z (Hisil, Wong, Carter, Dawson,
 * "Twisted Edwards Curves Revisited", 2008). The formulas are complete: no input is an exception.
 *
 * - A point across lanes is (X|Y), (T|Z): its independent products go in pairs.
 * - A cached point, to be added often, is (Y-X|Y+X), (2dT|2Z).
 * - Two points in lanes are four registers X, Y, Z, T.
 * - Niels points in lanes are three registers (y+x)/2, (y-x)/2, dxy of affine points.
 */
export interface PointFunctions {
  /** `(p)`: doubles a point across lanes. */
  readonly double: FunctionReference;
  /** `(p, q)`: adds a cached point to a point across lanes. */
  readonly add: FunctionReference;
  /** `(p, q)`: takes it off. */
  readonly subtract: FunctionReference;
  /** `(q, p)`: makes a cached point of a point across lanes. */
  readonly cache: FunctionReference;
  /** `(p, n)`: adds niels points to two points in lanes. */
  readonly addNiels: FunctionReference;
  /** `(p, n)`: two points in lanes from niels points. */
  readonly fromNiels: FunctionReference;
  /** `(q, p)`: the sum, across lanes, of two points in lanes. */
  readonly sumOfLanes: FunctionReference;
}

/** Octets of a point across lanes, and of a cached one. */
export const POINT_LENGTH = 160;
/** Octets of two points in lanes. */
export const LANES_LENGTH = 320;
/** Octets of two niels points in lanes. */
export const NIELS_LENGTH = 240;

export function pointFunctions(context: Context): PointFunctions {
  const { module, pairs } = context;
  const [u, ab, sz, eg, fh, hf] = scratchRegisters(context, 6);
  const twiceD = pairConstant(context, 2n * ED25519_D, 2n);

  /** Biased columns just hold what products of two sums are; the build without SIMD has signed ones, half as large. */
  const carryForScalars = (f: FunctionBuilder, register: Register): void => {
    if (!pairs.simd) carryOnce(pairs, f, register, register);
  };

  /** (X|Y) and (T|Z) from (E|G) and (F|H). */
  const finish = (f: FunctionBuilder, xy: Register, tz: Register): void => {
    gatherLanes(pairs, f, hf, [[plusLane(fh, 1)], [plusLane(fh, 0)]]);
    pairs.mul(f, xy, eg, fh);
    pairs.mul(f, tz, eg, hf);
    settle([xy, tz]);
  };

  const double = module.function('double', ['i32'], [], (f, p) => {
    const [xy, tz] = registersAt(context, p, 2);
    gatherLanes(pairs, f, u, [[plusLane(xy, 0), plusLane(xy, 1)], [plusLane(tz, 1)]]);
    carryOnce(pairs, f, u, u);
    pairs.sqr(f, ab, xy);
    pairs.sqr(f, sz, u);
    // E = A+B-(X+Y)², G = A-B, F = 2Z²+G, H = A+B (RFC 8032 §5.1.4).
    const sum = [plusLane(ab, 0), plusLane(ab, 1)];
    const difference = [plusLane(ab, 0), minusLane(ab, 1)];
    gatherLanes(pairs, f, eg, [[...sum, minusLane(sz, 0)], difference]);
    gatherLanes(pairs, f, fh, [[...difference, plusLane(sz, 1), plusLane(sz, 1)], sum]);
    carryOnce(pairs, f, fh, fh);
    finish(f, xy, tz);
  });

  const addition = (name: string, sign: 1 | -1): FunctionReference =>
    module.function(name, ['i32', 'i32'], [], (f, p, q) => {
      const [xy, tz] = registersAt(context, p, 2);
      const [ymyp, dtz] = registersAt(context, q, 2, CACHED);
      const difference = [plusLane(xy, 1), minusLane(xy, 0)];
      const sum = [plusLane(xy, 1), plusLane(xy, 0)];
      // The negative of a point has Y-X and Y+X exchanged and the other T: A and B stand in the other lanes.
      gatherLanes(pairs, f, u, sign === 1 ? [difference, sum] : [sum, difference]);
      pairs.mul(f, ab, u, ymyp);
      pairs.mul(f, sz, tz, dtz);
      const [a, b] = sign === 1 ? ([0, 1] as const) : ([1, 0] as const);
      const less = [plusLane(sz, 1), minusLane(sz, 0)];
      const more = [plusLane(sz, 1), plusLane(sz, 0)];
      gatherLanes(pairs, f, eg, [[plusLane(ab, b), minusLane(ab, a)], sign === 1 ? more : less]);
      gatherLanes(pairs, f, fh, [sign === 1 ? less : more, [plusLane(ab, b), plusLane(ab, a)]]);
      carryForScalars(f, fh);
      finish(f, xy, tz);
    });

  const cache = module.function('cache', ['i32', 'i32'], [], (f, q, p) => {
    const [xy, tz] = registersAt(context, p, 2);
    const [ymyp, dtz] = registersAt(context, q, 2);
    pairs.mul(f, dtz, tz, twiceD);
    gatherLanes(pairs, f, u, [
      [plusLane(xy, 1), minusLane(xy, 0)],
      [plusLane(xy, 1), plusLane(xy, 0)],
    ]);
    carryOnce(pairs, f, ymyp, u);
    settle([ymyp, dtz], CACHED);
  });
  const add = addition('add', 1);

  const [a, b, c, e, ff, g, h] = scratchRegisters(context, 7);
  const addNiels = module.function('addNiels', ['i32', 'i32'], [], (f, p, n) => {
    const [x, y, z, t] = registersAt(context, p, 4);
    const [yp, ym, dt] = registersAt(context, n, 3, NIELS);
    pairs.sub(f, a, y, x);
    pairs.add(f, b, y, x);
    pairs.mul(f, a, a, ym);
    pairs.mul(f, b, b, yp);
    pairs.mul(f, c, t, dt);
    pairs.sub(f, e, b, a);
    pairs.sub(f, ff, z, c);
    pairs.add(f, g, z, c);
    pairs.add(f, h, b, a);
    carryForScalars(f, h);
    pairs.mul(f, x, e, ff);
    pairs.mul(f, y, g, h);
    pairs.mul(f, z, ff, g);
    pairs.mul(f, t, e, h);
    settle([x, y, z, t]);
  });

  const one = pairConstant(context, 1n);
  const inverseOfD = pairConstant(context, inverseOf(ED25519_D, ed25519Field.value));
  const fromNiels = module.function('fromNiels', ['i32', 'i32'], [], (f, p, n) => {
    const [x, y, z, t] = registersAt(context, p, 4);
    const [yp, ym, dt] = registersAt(context, n, 3, NIELS);
    pairs.sub(f, a, yp, ym);
    carryOnce(pairs, f, x, a);
    pairs.add(f, a, yp, ym);
    carryOnce(pairs, f, y, a);
    pairs.copy(f, z, one);
    pairs.mul(f, t, dt, inverseOfD);
    settle([x, y, z, t]);
  });

  const [qxy, qtz] = scratchRegisters(context, 2);
  const cached = at(context.scratch.allocate(POINT_LENGTH), 0);
  const sumOfLanes = module.function('sumOfLanes', ['i32', 'i32'], [], (f, q, p) => {
    const [x, y, z, t] = registersAt(context, p, 4);
    const [xy, tz] = registersAt(context, q, 2);
    for (const [lane, first, second] of [
      [0, xy, tz],
      [1, qxy, qtz],
    ] as const) {
      gatherLanes(pairs, f, first, [[plusLane(x, lane)], [plusLane(y, lane)]]);
      gatherLanes(pairs, f, second, [[plusLane(t, lane)], [plusLane(z, lane)]]);
    }
    f.run(cache, cached, qxy.address);
    f.run(add, q, cached);
  });

  return { double, add, subtract: addition('subtract', -1), cache, addNiels, fromNiels, sumOfLanes };
}
