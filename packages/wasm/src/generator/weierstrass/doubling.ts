import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { unionBounds } from '../field/bounds.js';
import { emitRound, requireWithin } from '../field/invariant.js';
import { combineLanes, inBothLanes, minusLane, plusLane } from '../field/lanes.js';
import type { PairField, Register } from '../field/pair-field.js';
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

/** @param bounds - Those of {@link jacobianBounds}. */
export function inFormulaDoubling(curve: Curve, bounds: JacobianBounds): InFormulaDoubling {
  const { module, pairs } = curve;
  const yz = allocatePair(curve, unionBounds(bounds.z, bounds.y));
  const x = allocatePair(curve, bounds.x);
  const emit = doublingEmitter(curve);
  const run = module.function(`${pairs.modulus.name}.double`, [], [], (f) => emitRound([yz, x], () => emit(f, yz, x)));
  const axes = ['x', 'y', 'z'] as const;
  /** A function for a pair of points anywhere within the bounds, and code that calls it. */
  const forPoints = (name: string, emit: (f: FunctionBuilder, point: JacobianPair) => void) => {
    const defined = module.function(`${pairs.modulus.name}.${name}`, ['i32', 'i32', 'i32'], [], (f, ...addresses) => {
      const [x, y, z] = axes.map((axis, i) => pairs.register(addresses[i]!, bounds[axis])) as [
        Register,
        Register,
        Register,
      ];
      emitRound([x, y, z], () => emit(f, { x, y, z }));
    });
    return (f: FunctionBuilder, point: JacobianPair) => {
      for (const axis of axes) {
        requireWithin(point[axis].bounds, bounds[axis]);
        point[axis].bounds = bounds[axis];
      }
      f.run(defined, point.x.address, point.y.address, point.z.address);
    };
  };
  return {
    run,
    enter: forPoints('enter', (f, point) =>
      emitRound([yz, x], () =>
        combineLanes(
          pairs,
          f,
          { target: yz, lanes: [[plusLane(point.y, 0)], [plusLane(point.z, 0)]] },
          { target: x, lanes: [[plusLane(point.x, 0)], [plusLane(point.x, 1)]] },
        ),
      ),
    ),
    leave: forPoints('leave', (f, point) =>
      combineLanes(
        pairs,
        f,
        { target: point.x, lanes: [[plusLane(x, 0)], [plusLane(point.x, 1)]] },
        { target: point.y, lanes: [[plusLane(yz, 0)], [plusLane(point.y, 1)]] },
        { target: point.z, lanes: [[plusLane(yz, 1)], [plusLane(point.z, 1)]] },
      ),
    ),
  };
}

/** "dbl-2001-b" of the Explicit-Formulas Database in four rounds of two products. The state is (Y, Z) and (X, anything). */
export function doublingEmitter(curve: Curve): (f: FunctionBuilder, yz: Register, x: Register) => void {
  const scratch = Array.from({ length: 6 }, () => allocatePair(curve, tableBounds(curve).x)) as Six;
  return (f, yz, x) => emitDoubling(curve.pairs, f, yz, x, scratch);
}

type Six = [Register, Register, Register, Register, Register, Register];

function emitDoubling(
  pairs: PairField,
  f: FunctionBuilder,
  yz: Register,
  x: Register,
  [squares, left, right, products, factors, result]: Six,
): void {
  // (gamma, delta) = (Y², Z²)
  pairs.sqr(f, squares, yz);
  // (4 beta, alpha) = (2 gamma 2 X, 3 (X - delta) (X + delta))
  combineLanes(
    pairs,
    f,
    { target: left, lanes: [[plusLane(squares, 0, 2)], [plusLane(x, 0, 3), plusLane(squares, 1, -3)]], carried: true },
    { target: right, lanes: [[plusLane(x, 0, 2)], [plusLane(x, 0), plusLane(squares, 1)]] },
  );
  pairs.mul(f, products, left, right);
  // (X', 4 gamma²) = (alpha² - 8 beta, (2 gamma)²)
  combineLanes(pairs, f, {
    target: factors,
    lanes: [[plusLane(products, 1)], [plusLane(squares, 0, 2)]],
    carried: true,
  });
  pairs.sqr(f, result, factors);
  // (Y', Z') = (alpha (4 beta - X') - 8 gamma², 2 Y Z)
  combineLanes(
    pairs,
    f,
    { target: x, lanes: inBothLanes([result], [products, -2]), folded: true },
    { target: left, lanes: [[plusLane(products, 0), minusLane(x, 0)], [plusLane(yz, 1)]] },
    { target: right, lanes: [[plusLane(products, 1)], [plusLane(yz, 0, 2)]] },
  );
  pairs.mul(f, products, left, right);
  combineLanes(pairs, f, {
    target: yz,
    lanes: [[plusLane(products, 0), plusLane(result, 1, -2)], [plusLane(products, 1)]],
    carried: true,
  });
}
