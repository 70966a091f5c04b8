import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { unionBounds } from '../field/bounds.js';
import { emitRound } from '../field/invariant.js';
import type { LaneExpression, PairField, Register } from '../field/pair-field.js';
import type { Curve } from './curve.js';
import { allocatePair, type JacobianBounds, type JacobianPair, tableBounds } from './lanes.js';

/** Doubles the point in the first lane of a pair, with both lanes at work: independent products are computed side by side. */
export interface InFormulaDoubling {
  /** Takes the first lane's coordinates out of a pair of points. */
  readonly enter: (f: FunctionBuilder, point: JacobianPair) => void;
  /** (): doubles. */
  readonly run: FunctionReference;
  /** Puts them back; the second lane stays as it is. */
  readonly leave: (f: FunctionBuilder, point: JacobianPair) => void;
}

const own =
  (a: Register): LaneExpression =>
  (lane) =>
    lane.own(a);
const other =
  (a: Register): LaneExpression =>
  (lane) =>
    lane.other(a);
const zero: LaneExpression = (lane) => lane.zero;

/** @param bounds - Those of {@link jacobianBounds}. */
export function inFormulaDoubling(curve: Curve, bounds: JacobianBounds): InFormulaDoubling {
  const { module, pairs } = curve;
  const zy = allocatePair(curve, unionBounds(bounds.z, bounds.y));
  const xx = allocatePair(curve, bounds.x);
  const emit = doublingEmitter(curve);
  const run = module.function(`${pairs.modulus.name}.double`, [], [], (f) =>
    emitRound([zy, xx], () => emit(f, zy, xx)),
  );
  return {
    run,
    enter: (f, { x, y, z }) => {
      pairs.lanewise(f, zy, [own(z), other(y)]);
      pairs.lanewise(f, xx, [own(x), other(x)]);
    },
    leave: (f, { x, y, z }) => {
      pairs.lanewise(f, x, [own(xx), own(x)]);
      pairs.lanewise(f, y, [other(zy), own(y)]);
      pairs.lanewise(f, z, [own(zy), own(z)]);
    },
  };
}

/** "dbl-2001-b" of the Explicit-Formulas Database in four rounds of two products. The state is (Z, Y) and (X, X). */
export function doublingEmitter(curve: Curve): (f: FunctionBuilder, zy: Register, xx: Register) => void {
  const scratch = Array.from({ length: 8 }, () => allocatePair(curve, tableBounds(curve).x));
  return (f, zy, xx) => emitDoubling(curve.pairs, f, zy, xx, scratch);
}

function emitDoubling(
  pairs: PairField,
  f: FunctionBuilder,
  zy: Register,
  xx: Register,
  scratch: readonly Register[],
): void {
  const [squares, left, right, products, factors, subtrahend, result, difference] = scratch as readonly [
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
    Register,
  ];
  const write = (
    target: Register,
    first: LaneExpression,
    second: LaneExpression,
    ...bounds: readonly Register['bounds'][]
  ) => {
    pairs.lanewise(f, target, [first, second]);
    target.bounds = pairs.hullOf(bounds);
  };
  // (delta, gamma) = (Z², Y²)
  pairs.sqr(f, squares, zy);
  // (beta, alpha) = (X gamma, 3 (X - delta) (X + delta))
  const sumBounds = pairs.sumOf(xx, squares);
  const differenceBounds = pairs.differenceOf(xx, squares);
  write(left, other(squares), (l) => l.sub(l.own(xx), l.other(squares)), squares.bounds, differenceBounds);
  write(right, own(xx), (l) => l.add(l.own(xx), l.other(squares)), xx.bounds, sumBounds);
  pairs.mulTripleSecond(f, products, left, right);
  // (X', gamma²) = (alpha² - 8 beta, gamma²)
  write(factors, other(products), own(squares), products.bounds, squares.bounds);
  write(subtrahend, own(products), zero, products.bounds);
  pairs.sqrSub8(f, result, factors, subtrahend);
  // (Y', Z') = (alpha (4 beta - X') - 8 gamma², 2 Y Z)
  pairs.fourTimesMinus(f, difference, products, result);
  write(left, own(difference), other(zy), difference.bounds, zy.bounds);
  write(right, own(factors), (l) => l.add(l.own(zy), l.own(zy)), factors.bounds, pairs.sumOf(zy, zy));
  write(subtrahend, other(result), zero, result.bounds);
  pairs.mulSub8(f, products, left, right, subtrahend);
  write(zy, other(products), other(products), products.bounds);
  write(xx, own(result), other(result), result.bounds);
}
