import { type I32, i32, type Local } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { type Bounds, unionBounds } from '../field/bounds.js';
import { emitRound, findInvariant } from '../field/invariant.js';
import { combineLanes, gatherLanes, inBothLanes } from '../field/lanes.js';
import type { Register } from '../field/pair-field.js';
import { type Affine, type Curve, pairConstant } from './curve.js';
import { allocatePair, type PairTransfer, tableBounds } from './lanes.js';
import { SELECTED_AT_ONCE } from './select.js';

/** Scalars of one batch, at most. */
export const BATCH_SIZE = 64;

/** The base point times many secret scalars at once. */
export interface BatchMultiplication {
  /**
   * (count): `count` scalars, a multiple of {@link SELECTED_AT_ONCE} up to {@link BATCH_SIZE}. Returns 1 when every result is a
   * point of the curve; 0 after a fault, or after an addition that the formulas do not cover (they give no point then).
   */
  readonly run: FunctionReference;
  /** Results, a pair for two scalars, x and y apart, in Montgomery form. */
  readonly x: number;
  readonly y: number;
  readonly bounds: { readonly x: Bounds; readonly y: Bounds };
}

/** Octets of the memory that {@link batchMultiplication} works in. */
export const batchWorkspace = ({ pairs }: Curve, windows: number): number =>
  (2 * (windows + additionsAtOnce(windows)) * (BATCH_SIZE / 2) + 1) * pairs.byteLength;

/** Additions of the widest level of the tree, for two scalars. */
const additionsAtOnce = (windows: number): number => Math.floor(windows / 2);

/**
 * All windows of all scalars are looked up first, then added up pairwise, as a tree. The additions of one level are affine and
 * share one inversion (Montgomery's trick): 5 multiplications and a squaring each, instead of the 8 and 3 of Jacobian ones.
 */
export function batchMultiplication(
  curve: Curve,
  { table, windowLength, windows, select, transfer, workspace, digits }: BatchParts,
): BatchMultiplication {
  const { module, pairs, field, parameters } = curve;
  const bounds = tableBounds(curve);
  const rowLength = (BATCH_SIZE / 2) * pairs.byteLength;
  const [xs, ys] = [workspace, workspace + windows * rowLength];
  const differences = workspace + 2 * windows * rowLength;
  const products = differences + additionsAtOnce(windows) * rowLength;
  const at = (base: number, offset: I32, known = bounds.x): Register =>
    pairs.register(i32.add(i32.const(base), offset), known);

  const [inverse, share, dy, slope, square, run] = Array.from({ length: 6 }, () =>
    allocatePair(curve, bounds.x),
  ) as Six;
  const invert = pairInversion(curve, transfer);

  // Bounds of coordinates at any level of the tree, and of the products that run along a level.
  const x: Register = at(xs, i32.const(0));
  const y: Register = at(ys, i32.const(0), bounds.y);
  const difference = at(differences, i32.const(0));
  const before = at(products, i32.const(0));
  /** (x, y) += (ox, oy), with 1 / (ox - x) in `inverted`. */
  const emitAddition = (f: FunctionBuilder, sum: Affine, other: Affine, inverted: Register) => {
    pairs.sub(f, dy, other.y, sum.y);
    pairs.mul(f, slope, dy, inverted);
    pairs.sqr(f, square, slope);
    combineLanes(
      pairs,
      f,
      { target: run, lanes: inBothLanes([square], [sum.x, -1], [other.x, -1]), folded: true },
      { target: dy, lanes: inBothLanes([sum.x], [run, -1]) },
      { target: sum.x, lanes: inBothLanes([run]) },
    );
    pairs.mul(f, slope, slope, dy);
    combineLanes(pairs, f, { target: sum.y, lanes: inBothLanes([slope], [sum.y, -1]), folded: true });
  };
  // What may be inverted and multiplied on: a difference, or a product of several.
  findInvariant([x, y, before, inverse], (f) => {
    pairs.sub(f, difference, x, x);
    pairs.mul(f, run, before, difference);
    pairs.mul(f, share, inverse, before);
    pairs.mul(f, inverse, inverse, difference);
    const descended = inverse.bounds;
    before.bounds = unionBounds(run.bounds, difference.bounds);
    invert(f, inverse, before);
    inverse.bounds = unionBounds(inverse.bounds, descended);
    const either = { address: share.address, bounds: unionBounds(share.bounds, inverse.bounds) };
    emitAddition(f, { x, y }, { x: at(xs, i32.const(0), x.bounds), y: at(ys, i32.const(0), y.bounds) }, either);
  });
  const found = {
    x: x.bounds,
    y: y.bounds,
    difference: difference.bounds,
    product: before.bounds,
    inverse: inverse.bounds,
  };

  const either = unionBounds(share.bounds, found.inverse);
  const addAffine = module.function(
    `${field.modulus.name}.addAffine`,
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, x1, y1, x2, y2, inverted) => {
      const sum = { x: pairs.register(x1, found.x), y: pairs.register(y1, found.y) };
      const other = { x: pairs.register(x2, found.x), y: pairs.register(y2, found.y) };
      emitRound([sum.x, sum.y], () => emitAddition(f, sum, other, pairs.register(inverted, either)));
    },
  );
  const check = curveCheck(curve, transfer);
  const runBatch = module.function(`${field.modulus.name}.batch`, ['i32'], ['i32'], (f, count) => {
    const row = f.let(i32.mul(i32.shrU(count, 1), i32.const(pairs.byteLength)));
    lookUpAll(f, count, row);
    const rows = f.let(i32.const(windows));
    const [end, offset, j] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const step = pairs.byteLength;
    f.repeatWhile(() => {
      // The upper half of the rows is added to the lower one; a middle row waits.
      f.set(end, i32.mul(i32.shrU(rows, 1), row));
      f.set(rows, i32.shrU(i32.add(rows, i32.const(1)), 1));
      f.set(offset, i32.mul(rows, row));
      const subtract = () => {
        const [target, a, b] = [at(differences, j), at(xs, i32.add(j, offset), found.x), at(xs, j, found.x)];
        pairs.sub(f, materialized(f, target), materialized(f, a), materialized(f, b));
      };
      f.set(j, i32.const(0));
      subtract();
      // Each place of the products has that of all differences before it.
      pairs.copy(f, at(products, i32.const(step)), at(differences, i32.const(0), found.difference));
      f.forUp(j, i32.const(step), end, step, () => {
        subtract();
        const place = f.let(i32.add(i32.const(products), j));
        const next = pairs.register(i32.add(place, i32.const(step)), found.product);
        emitRound([next], () =>
          pairs.mul(f, next, pairs.register(place, found.product), at(differences, j, found.difference)),
        );
      });
      invert(f, inverse, at(products, end, found.product));
      inverse.bounds = found.inverse;
      const last = f.let(i32.const(0));
      f.forDown(j, i32.sub(end, i32.const(step)), i32.const(0), step, () => {
        const far = f.let(i32.add(j, offset));
        f.set(last, inverse.address);
        f.if(i32.ne(j, i32.const(0)), () => {
          pairs.mul(f, share, inverse, at(products, j, found.product));
          emitRound([inverse], () => pairs.mul(f, inverse, inverse, at(differences, j, found.difference)));
          f.set(last, share.address);
        });
        const place = (base: number, from: I32) => i32.add(i32.const(base), from);
        f.run(addAffine, place(xs, j), place(ys, j), place(xs, far), place(ys, far), last);
      });
      return i32.gtU(rows, i32.const(1));
    });
    f.result(f.call(check, i32.const(xs), i32.const(ys), row));
  });

  function lookUpAll(f: FunctionBuilder, count: Local<'i32'>, row: Local<'i32'>): void {
    const [window, j] = [f.local('i32'), f.local('i32')];
    f.forUp(window, i32.const(0), i32.const(windows), 1, () =>
      f.forUp(j, i32.const(0), count, SELECTED_AT_ONCE, () => {
        const place = f.let(i32.add(i32.mul(window, row), i32.mul(j, i32.const(pairs.byteLength / 2))));
        f.run(
          select,
          i32.add(i32.const(table), i32.mul(window, i32.const(windowLength))),
          i32.add(i32.add(i32.const(digits), i32.mul(window, i32.const(BATCH_SIZE))), j),
          i32.add(i32.const(xs), place),
          i32.add(i32.const(ys), place),
        );
      }),
    );
  }

  /** y² = x³ - 3x + b for all: the differences are gathered in one number, as the coefficients of a polynomial. */
  function curveCheck(c: Curve, { unpack }: PairTransfer): FunctionReference {
    const [sum, square, cube] = Array.from({ length: 3 }, () => allocatePair(c, bounds.x)) as [
      Register,
      Register,
      Register,
    ];
    const [three, b, tau] = [3n, parameters.b, parameters.x].map((value) =>
      pairs.register(pairConstant(c, value), bounds.x),
    ) as [Register, Register, Register];
    const [first, second] = [field.allocate(), field.allocate()];
    const gather = (f: FunctionBuilder, point: Affine) => {
      pairs.sqr(f, cube, point.x);
      pairs.sub(f, cube, cube, three);
      pairs.mul(f, cube, cube, point.x);
      pairs.sqr(f, square, point.y);
      gatherLanes(pairs, f, sum, inBothLanes([sum], [square], [cube, -1], [b, -1]));
      pairs.mul(f, sum, sum, tau);
    };
    return module.function(`${field.modulus.name}.areOnCurve`, ['i32', 'i32', 'i32'], ['i32'], (f, xAt, yAt, end) => {
      const j = f.local('i32');
      pairs.sub(f, sum, three, three);
      const point = () => ({
        x: pairs.register(f.let(i32.add(xAt, j)), found.x),
        y: pairs.register(f.let(i32.add(yAt, j)), found.y),
      });
      findInvariant([sum], (g) => gather(g, { x: pairs.register(xAt, found.x), y: pairs.register(yAt, found.y) }));
      f.forUp(j, i32.const(0), end, pairs.byteLength, () => emitRound([sum], () => gather(f, point())));
      unpack(f, first, second, sum);
      field.freeze(f, first, first);
      field.freeze(f, second, second);
      f.result(i32.and(field.isZero(f, first), field.isZero(f, second)));
    });
  }

  return { run: runBatch, x: xs, y: ys, bounds: { x: found.x, y: found.y } };
}

/** What a batch multiplication is made of. */
export interface BatchParts {
  readonly table: number;
  readonly windowLength: number;
  readonly windows: number;
  readonly select: FunctionReference;
  readonly transfer: PairTransfer;
  /** Address of {@link batchWorkspace} octets. */
  readonly workspace: number;
  /** Address of the digits: {@link BATCH_SIZE} octets for each window. */
  readonly digits: number;
}

type Six = [Register, Register, Register, Register, Register, Register];

/** The register with its address in a variable: it is used more than once. */
const materialized = (f: FunctionBuilder, { address, bounds }: Register): Register => ({
  address: f.let(address),
  bounds,
});

/** Inverts both lanes with one inversion. */
function pairInversion(
  { field }: Curve,
  { unpack, pack }: PairTransfer,
): (f: FunctionBuilder, target: Register, a: Register) => void {
  const [first, second, product, inverse] = Array.from({ length: 4 }, () => field.allocate()) as [
    Register,
    Register,
    Register,
    Register,
  ];
  return (f, target, a) => {
    unpack(f, first, second, a);
    field.mul(f, product, first, second);
    field.invertMontgomery(f, inverse, product);
    field.mul(f, product, inverse, second);
    field.mul(f, second, inverse, first);
    pack(f, target, product, second);
  };
}
