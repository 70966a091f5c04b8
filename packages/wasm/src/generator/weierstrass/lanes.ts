import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { type Bounds, canonical, negatedBounds, normalized, unionBounds } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import { emitRound, findInvariant } from '../field/invariant.js';
import type { PairField, Register } from '../field/pair-field.js';
import type { Affine, Curve, Jacobian } from './curve.js';

/** Jacobian coordinates of two points, side by side. */
export type JacobianPair = Jacobian;

/** Between pairs and the elements in their lanes. */
export interface PairTransfer {
  /** (first, second, pair) */
  readonly unpack: (f: FunctionBuilder, first: Register, second: Register, pair: Register) => void;
  /** (pair, first, second) */
  readonly pack: (f: FunctionBuilder, pair: Register, first: Register, second: Register) => void;
}

export function pairTransfer({ module, pairs }: Curve): PairTransfer {
  const { limbs, name } = pairs.modulus;
  const unpack = module.function(`${name}.unpack`, ['i32', 'i32', 'i32'], [], (f, first, second, pair) => {
    for (let k = 0; k < limbs; k++)
      f.do(i64.store(first, 8 * k, i64.load32S(pair, 8 * k)), i64.store(second, 8 * k, i64.load32S(pair, 8 * k + 4)));
  });
  const pack = module.function(`${name}.pack`, ['i32', 'i32', 'i32'], [], (f, pair, first, second) => {
    for (let k = 0; k < limbs; k++)
      f.do(i64.store32(pair, 8 * k, i64.load(first, 8 * k)), i64.store32(pair, 8 * k + 4, i64.load(second, 8 * k)));
  });
  return {
    unpack: (f, first, second, pair) => {
      first.bounds = pair.bounds;
      second.bounds = pair.bounds;
      f.run(unpack, first.address, second.address, pair.address);
    },
    pack: (f, pair, first, second) => {
      pair.bounds = unionBounds(first.bounds, second.bounds);
      f.run(pack, pair.address, first.address, second.address);
    },
  };
}

/** Bounds of coordinates out of a table: with SIMD, y may have been negated limb by limb. */
export function tableBounds({ field, simd }: Curve): { readonly x: Bounds; readonly y: Bounds } {
  const x = canonical(field.modulus);
  // The modulus itself is the opposite of zero.
  const opposite = normalized(field.modulus, interval(0n, field.modulus.value));
  return { x, y: simd ? unionBounds(x, negatedBounds(x)) : opposite };
}

export const allocatePair = ({ module, pairs }: Curve, bounds: Bounds): Register =>
  pairs.register(module.allocate(pairs.byteLength), bounds);

/**
 * Adds affine points to Jacobian ones, lane by lane: "madd-2004-hmv" of the Explicit-Formulas Database. Where the two are
 * equal or opposite Z becomes zero and stays so.
 */
export function mixedAddition(curve: Curve): (f: FunctionBuilder, sum: JacobianPair, addend: Affine) => void {
  const { pairs, module } = curve;
  const table = tableBounds(curve);
  const t = Array.from({ length: 8 }, () => allocatePair(curve, table.x));
  const emit = (f: FunctionBuilder, sum: JacobianPair, addend: Affine) => addMixed(pairs, t, f, sum, addend);

  // One function for all uses, proven for the bounds of a sum that goes on and on.
  const sum: JacobianPair = {
    x: allocatePair(curve, table.x),
    y: allocatePair(curve, table.y),
    z: allocatePair(curve, table.x),
  };
  const addend = { x: allocatePair(curve, table.x), y: allocatePair(curve, table.y) };
  findInvariant([sum.x, sum.y, sum.z], (f) => emit(f, sum, addend));
  const bounds = { x: sum.x.bounds, y: sum.y.bounds, z: sum.z.bounds };
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const add = module.function(`${pairs.modulus.name}.madd`, parameters, [], (f, x, y, z, ax, ay) => {
    const at = (address: I32, known: Bounds) => pairs.register(address, known);
    const inner = { x: at(x, bounds.x), y: at(y, bounds.y), z: at(z, bounds.z) };
    emitRound([inner.x, inner.y, inner.z], () => emit(f, inner, { x: at(ax, table.x), y: at(ay, table.y) }));
  });
  return (f, { x, y, z }, { x: ax, y: ay }) => {
    f.run(add, x.address, y.address, z.address, ax.address, ay.address);
    x.bounds = bounds.x;
    y.bounds = bounds.y;
    z.bounds = bounds.z;
  };
}

function addMixed(
  pairs: PairField,
  t: readonly Register[],
  f: FunctionBuilder,
  { x, y, z }: Jacobian,
  addend: Affine,
): void {
  const [zz, u, s, h, r, hh, hhh, v] = t as readonly [
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
  ];
  pairs.sqr(f, zz, z);
  pairs.mul(f, u, addend.x, zz);
  pairs.mul(f, s, z, zz);
  pairs.mul(f, s, addend.y, s);
  pairs.sub(f, h, u, x);
  pairs.sub(f, r, s, y);
  pairs.sqr(f, hh, h);
  pairs.mul(f, hhh, hh, h);
  pairs.mul(f, v, x, hh);
  pairs.mul(f, z, z, h);
  pairs.add(f, hh, v, v);
  pairs.sqrSub2(f, x, r, hhh, hh);
  pairs.mul(f, hhh, y, hhh);
  pairs.sub(f, v, v, x);
  pairs.mulSub(f, y, r, v, hhh);
}

/** Where the table for the two lanes of single multiplications is: see {@link laneSelection}. */
export interface LaneMultiplication {
  /** (): multiplies the base point; digits in, {@link point} out. */
  readonly run: FunctionReference;
  /** Digits of lane 0, then of lane 1; one octet each. */
  readonly digits: number;
  /** The two sums, to be added. */
  readonly sum: JacobianPair;
}

/** The base point times a secret scalar: each lane adds up the windows of one half. */
export function laneMultiplication(
  curve: Curve,
  table: number,
  windowLength: number,
  windows: number,
  select: FunctionReference,
  add: ReturnType<typeof mixedAddition>,
): LaneMultiplication {
  const { module, pairs, field } = curve;
  const bounds = tableBounds(curve);
  const digits = module.allocate(2 * windows);
  const sum: JacobianPair = {
    x: allocatePair(curve, bounds.x),
    y: allocatePair(curve, bounds.y),
    z: allocatePair(curve, bounds.x),
  };
  const addend: Affine = { x: allocatePair(curve, bounds.x), y: allocatePair(curve, bounds.y) };
  const one = module.allocate(pairs.byteLength);
  const run = module.function(`${field.modulus.name}.lanes`, [], [], (f) => {
    const window = f.local('i32');
    const lookUp = (target: Affine) => {
      const digit = (lane: number) => i32.load8U(i32.add(window, i32.const(digits)), lane * windows);
      f.run(
        select,
        i32.add(i32.const(table), i32.mul(window, i32.const(windowLength))),
        digit(0),
        digit(1),
        target.x.address,
        target.y.address,
      );
      target.x.bounds = bounds.x;
      target.y.bounds = bounds.y;
    };
    const unit = field.montgomeryConstant(1n);
    for (let k = 0; k < field.modulus.limbs; k++)
      for (const lane of [0, 4]) f.do(i64.store32(i32.const(one), 8 * k + lane, i64.load(unit.address, 8 * k)));
    f.set(window, i32.const(0));
    lookUp(sum);
    pairs.copy(f, sum.z, pairs.register(one, canonical(field.modulus)));
    f.forUp(window, i32.const(1), i32.const(windows), 1, () => {
      lookUp(addend);
      add(f, sum, addend);
    });
  });
  return { run, digits, sum };
}
