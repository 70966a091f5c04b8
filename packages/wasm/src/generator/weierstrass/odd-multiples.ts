import { i32 } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import { canonical } from '../field/bounds.js';
import { emitRound, requireWithin } from '../field/invariant.js';
import type { Curve, Jacobian } from './curve.js';
import type { InFormulaDoubling } from './doubling.js';
import {
  allocatePair,
  type JacobianBounds,
  type JacobianPair,
  type MixedAddition,
  type PairTransfer,
} from './lanes.js';
import { entryLength, type TableBuilder } from './tables.js';

/** What the multiples are made with. */
export interface OddMultiplesParts {
  readonly tables: TableBuilder;
  readonly transfer: PairTransfer;
  readonly add: MixedAddition;
  readonly double: InFormulaDoubling;
  /** Of everything that is added to. */
  readonly bounds: JacobianBounds;
  /** How many: 1, 3 and so on, times the point. */
  readonly count: number;
}

/**
 * A function (target) that fills a table of one window with multiples of the builder's point, with a single inversion. Twice the
 * point, (X, Y, Z), is the affine point (X, Y) of an isomorphic curve, on which mixed additions are the same (they do not
 * use a); there the point itself is (x Z², y Z³), and every Z has to be multiplied with this one at the end.
 */
export function oddMultiples(
  curve: Curve,
  { tables, transfer, add, double, bounds, count }: OddMultiplesParts,
): FunctionReference {
  const { module, field } = curve;
  const residue = canonical(field.modulus);
  const allocate = (): JacobianPair => ({
    x: allocatePair(curve, residue),
    y: allocatePair(curve, residue),
    z: allocatePair(curve, residue),
  });
  const [sum, twice] = [allocate(), allocate()];
  const scalars = (): Jacobian => ({ x: field.allocate(), y: field.allocate(), z: field.allocate() });
  const [start, doubled, other] = [scalars(), scalars(), scalars()];
  const axes = ['x', 'y', 'z'] as const;

  return module.function(`${field.modulus.name}.oddMultiples`, ['i32'], [], (f, target) => {
    const one = field.montgomeryConstant(1n);
    const { point } = tables;
    const pack = (pair: JacobianPair, from: Jacobian) => {
      for (const axis of axes) transfer.pack(f, pair[axis], from[axis], from[axis]);
    };
    const unpack = (to: Jacobian, pair: JacobianPair) => {
      for (const axis of axes) {
        transfer.unpack(f, to[axis], other[axis], pair[axis]);
        field.freeze(f, to[axis], to[axis]);
      }
    };
    pack(sum, { ...point, z: one });
    double.enter(f, sum);
    f.run(double.run);
    double.leave(f, sum);
    unpack(doubled, sum);
    pack(twice, doubled);
    field.sqr(f, start.z, doubled.z);
    field.mul(f, start.x, point.x, start.z);
    field.mul(f, start.z, start.z, doubled.z);
    field.mul(f, start.y, point.y, start.z);
    for (const axis of ['x', 'y'] as const) field.freeze(f, start[axis], start[axis]);
    pack(sum, { x: start.x, y: start.y, z: one });
    for (const axis of axes) {
      requireWithin(sum[axis].bounds, bounds[axis]);
      sum[axis].bounds = bounds[axis];
    }
    const index = f.local('i32');
    const next = () => {
      const place = tables.workspace(index);
      unpack(place, sum);
      field.mul(f, place.z, place.z, doubled.z);
      field.freeze(f, place.z, place.z);
      add(f, sum, twice);
    };
    f.forUp(index, i32.const(0), i32.const(count), 1, () => emitRound([sum.x, sum.y, sum.z], next));
    f.run(tables.normalize, i32.const(count));
    f.forUp(index, i32.const(0), i32.const(count), 1, () => {
      const { x, y } = tables.workspace(index);
      const entry = i32.add(target, i32.mul(index, i32.const(entryLength(curve))));
      f.run(tables.writeEntry, entry, x.address, y.address);
    });
  });
}
