import { i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { type Bounds, canonical, negatedBounds, normalized, unionBounds } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import { emitRound, findInvariant, requireWithin } from '../field/invariant.js';
import { combineLanes, inBothLanes } from '../field/lanes.js';
import type { PairField, Register } from '../field/pair-field.js';
import { type Affine, type Curve, type Jacobian, XYZZ, type Xyzz } from './curve.js';

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

/** Bounds of Jacobian coordinates that stay the same however often points are added and doubled. */
export interface JacobianBounds {
  readonly x: Bounds;
  readonly y: Bounds;
  readonly z: Bounds;
}

/** @param emitDoubling - See {@link doublingEmitter}; doubles (Y, Z), (X, anything). */
export function jacobianBounds(
  curve: Curve,
  emitDoubling: (f: FunctionBuilder, yz: Register, x: Register) => void,
): JacobianBounds {
  const table = tableBounds(curve);
  const allocate = () => allocatePair(curve, table.x);
  const [x, y, z, yz, xx] = [allocate(), allocate(), allocate(), allocate(), allocate()];
  y.bounds = table.y;
  z.bounds = table.y;
  const scratch = additionScratch(curve);
  const addend: Affine = { x: allocate(), y: { ...allocate(), bounds: table.y } };
  findInvariant([x, y, z], (f) => {
    yz.bounds = unionBounds(z.bounds, y.bounds);
    xx.bounds = x.bounds;
    addMixed(curve.pairs, scratch, f, { x, y, z }, addend);
    emitDoubling(f, yz, xx);
    x.bounds = unionBounds(x.bounds, xx.bounds);
    y.bounds = unionBounds(unionBounds(y.bounds, z.bounds), yz.bounds);
    z.bounds = y.bounds; // a doubling keeps them in one pair
  });
  return { x: x.bounds, y: y.bounds, z: z.bounds };
}

const additionScratch = (curve: Curve): readonly Register[] =>
  Array.from({ length: 8 }, () => allocatePair(curve, tableBounds(curve).x));

/** Adds affine points, out of a table, to Jacobian ones, lane by lane. */
export type MixedAddition = (f: FunctionBuilder, sum: JacobianPair, addend: Affine) => void;

/**
 * "madd-2004-hmv" of the Explicit-Formulas Database. Where the two points are equal or opposite Z becomes zero and stays so.
 * @param bounds - Those of {@link jacobianBounds}.
 */
export function mixedAddition(curve: Curve, bounds: JacobianBounds): MixedAddition {
  const { pairs, module } = curve;
  const table = tableBounds(curve);
  const scratch = additionScratch(curve);
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const add = module.function(`${pairs.modulus.name}.madd`, parameters, [], (f, x, y, z, ax, ay) => {
    const sum = {
      x: pairs.register(x, bounds.x),
      y: pairs.register(y, bounds.y),
      z: pairs.register(z, bounds.z),
    };
    const addend = { x: pairs.register(ax, table.x), y: pairs.register(ay, table.y) };
    emitRound([sum.x, sum.y, sum.z], () => addMixed(pairs, scratch, f, sum, addend));
  });
  return (f, sum, addend) => {
    for (const axis of ['x', 'y', 'z'] as const) {
      requireWithin(sum[axis].bounds, bounds[axis]);
      sum[axis].bounds = bounds[axis];
    }
    requireWithin(addend.x.bounds, table.x);
    requireWithin(addend.y.bounds, table.y);
    f.run(add, sum.x.address, sum.y.address, sum.z.address, addend.x.address, addend.y.address);
  };
}

function addMixed(
  pairs: PairField,
  t: readonly Register[],
  f: FunctionBuilder,
  { x, y, z }: Jacobian,
  addend: Affine,
): void {
  const [zz, u, s, h, r, hh, hhh, v] = t as Eight;
  pairs.sqr(f, zz, z);
  pairs.mul(f, u, addend.x, zz);
  pairs.mul(f, s, z, zz);
  pairs.mul(f, s, addend.y, s);
  combineLanes(
    pairs,
    f,
    { target: h, lanes: inBothLanes([u], [x, -1]) },
    { target: r, lanes: inBothLanes([s], [y, -1]) },
  );
  pairs.sqr(f, hh, h);
  pairs.mul(f, hhh, hh, h);
  pairs.mul(f, v, x, hh);
  pairs.mul(f, z, z, h);
  finishSum(pairs, f, { x, y }, [s, r, hhh, v]);
}

type Eight = [Register, Register, Register, Register, Register, Register, Register, Register];

/** XYZZ coordinates of two points, side by side. */
export type XyzzPair = Xyzz;

/** Bounds of XYZZ coordinates that stay the same however many points are added. */
export type XyzzBounds = Readonly<Record<keyof Xyzz, Bounds>>;

/** Adds affine points, out of tables, to points that are never doubled, lane by lane. */
export interface XyzzAddition {
  readonly add: (f: FunctionBuilder, sum: XyzzPair, addend: Affine) => void;
  readonly bounds: XyzzBounds;
}

/**
 * "madd-2008-s" of the Explicit-Formulas Database: a squaring less than in Jacobian coordinates. Where the two points are equal
 * or opposite ZZ and ZZZ become zero and stay so.
 */
export function xyzzAddition(curve: Curve): XyzzAddition {
  const { pairs, module } = curve;
  const table = tableBounds(curve);
  const scratch = additionScratch(curve);
  const nowhere = (bounds: Bounds) => pairs.register(0, bounds);
  const widest: Xyzz = { x: nowhere(table.x), y: nowhere(table.y), zz: nowhere(table.x), zzz: nowhere(table.x) };
  findInvariant(
    XYZZ.map((axis) => widest[axis]),
    (f) => addToXyzz(pairs, scratch, f, widest, { x: nowhere(table.x), y: nowhere(table.y) }),
  );
  const bounds: XyzzBounds = {
    ...{ x: widest.x.bounds, y: widest.y.bounds, zz: widest.zz.bounds, zzz: widest.zzz.bounds },
  };
  const parameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
  const add = module.function(`${pairs.modulus.name}.add`, parameters, [], (f, x, y, zz, zzz, ax, ay) => {
    const sum: Xyzz = {
      x: pairs.register(x, bounds.x),
      y: pairs.register(y, bounds.y),
      zz: pairs.register(zz, bounds.zz),
      zzz: pairs.register(zzz, bounds.zzz),
    };
    const addend = { x: pairs.register(ax, table.x), y: pairs.register(ay, table.y) };
    emitRound(
      XYZZ.map((axis) => sum[axis]),
      () => addToXyzz(pairs, scratch, f, sum, addend),
    );
  });
  return {
    bounds,
    add: (f, sum, addend) => {
      for (const axis of XYZZ) {
        requireWithin(sum[axis].bounds, bounds[axis]);
        sum[axis].bounds = bounds[axis];
      }
      requireWithin(addend.x.bounds, table.x);
      requireWithin(addend.y.bounds, table.y);
      f.run(add, ...XYZZ.map((axis) => sum[axis].address), addend.x.address, addend.y.address);
    },
  };
}

function addToXyzz(
  pairs: PairField,
  t: readonly Register[],
  f: FunctionBuilder,
  { x, y, zz, zzz }: Xyzz,
  addend: Affine,
): void {
  const [u, s, p, r, pp, ppp, q] = t as Eight;
  pairs.mul(f, u, addend.x, zz);
  pairs.mul(f, s, addend.y, zzz);
  combineLanes(
    pairs,
    f,
    { target: p, lanes: inBothLanes([u], [x, -1]) },
    { target: r, lanes: inBothLanes([s], [y, -1]) },
  );
  pairs.sqr(f, pp, p);
  pairs.mul(f, ppp, pp, p);
  pairs.mul(f, q, x, pp);
  pairs.mul(f, zz, zz, pp);
  pairs.mul(f, zzz, zzz, ppp);
  finishSum(pairs, f, { x, y }, [s, r, ppp, q]);
}

/**
 * What both coordinates end with: x becomes r² - cube - 2 · shared, and y becomes r · (shared - x) - y · cube, in which `shared` is x times
 * the square of the difference of the abscissas, and `cube` its cube.
 */
function finishSum(
  pairs: PairField,
  f: FunctionBuilder,
  { x, y }: Affine,
  [spare, r, cube, shared]: readonly [Register, Register, Register, Register],
): void {
  pairs.sqr(f, spare, r);
  combineLanes(
    pairs,
    f,
    { target: x, lanes: inBothLanes([spare], [cube, -1], [shared, -2]), folded: true },
    { target: shared, lanes: inBothLanes([shared], [x, -1]) },
  );
  pairs.mul(f, cube, y, cube);
  pairs.mul(f, shared, r, shared);
  combineLanes(pairs, f, { target: y, lanes: inBothLanes([shared], [cube, -1]), carried: true });
}

export const allocateXyzzPair = (curve: Curve): XyzzPair => {
  const { x, y } = tableBounds(curve);
  return {
    ...{ x: allocatePair(curve, x), y: allocatePair(curve, y) },
    ...{ zz: allocatePair(curve, x), zzz: allocatePair(curve, x) },
  };
};

/** Sets both elements of a pair to one. */
export function setOne({ field, pairs }: Curve, f: FunctionBuilder, target: Register): void {
  const one = field.montgomeryConstant(1n);
  for (let k = 0; k < pairs.modulus.limbs; k++)
    for (const lane of [0, 4]) f.do(i64.store32(target.address, 8 * k + lane, i64.load(one.address, 8 * k)));
  target.bounds = canonical(field.modulus);
}

/** Where the table for the two lanes of single multiplications is: see {@link laneSelection}. */
export interface LaneMultiplication {
  /** (): multiplies the base point; digits in, {@link point} out. */
  readonly run: FunctionReference;
  /** Digits of lane 0, then of lane 1; one octet each. */
  readonly digits: number;
  /** The two sums, to be added. */
  readonly sum: XyzzPair;
}

/** The base point times a secret scalar: each lane adds up the windows of one half. */
export function laneMultiplication(
  curve: Curve,
  table: number,
  windowLength: number,
  windows: number,
  select: FunctionReference,
  { add }: XyzzAddition,
): LaneMultiplication {
  const { module, field } = curve;
  const bounds = tableBounds(curve);
  const digits = module.allocate(2 * windows);
  const sum = allocateXyzzPair(curve);
  const addend: Affine = { x: allocatePair(curve, bounds.x), y: allocatePair(curve, bounds.y) };
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
    f.set(window, i32.const(0));
    lookUp(sum);
    setOne(curve, f, sum.zz);
    setOne(curve, f, sum.zzz);
    f.forUp(window, i32.const(1), i32.const(windows), 1, () => {
      lookUp(addend);
      add(f, sum, addend);
    });
  });
  return { run, digits, sum };
}
