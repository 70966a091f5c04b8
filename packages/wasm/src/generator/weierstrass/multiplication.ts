import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { canonical } from '../field/bounds.js';
import { limbsOf } from '../field/modulus.js';
import type { Register } from '../field/pair-field.js';
import { ScalarField } from '../field/scalar-field.js';
import type { CompleteArithmetic } from './complete.js';
import { type Affine, allocateXyzz, type Curve, XYZZ } from './curve.js';
import type { LaneMultiplication, PairTransfer } from './lanes.js';
import { addition, affinity, deviation } from './points.js';
import type { Recode } from './recode.js';

/** The base point times one secret scalar. */
export interface BaseMultiplication {
  /**
   * (inverting): multiplies by {@link scalar}; 1 when {@link point} is the product, 0 when not even the slow way gave a point.
   * Unless the operand is zero, {@link inverse} is that of the scalar then.
   */
  readonly run: FunctionReference;
  /** Canonical, from 1 to the order less one. */
  readonly scalar: Register;
  /** Affine, canonical, in Montgomery form. */
  readonly point: Affine;
  /** In Montgomery form. It is made together with that of the point's ZZZ, which takes less time than one after the other. */
  readonly inverse: Register;
}

/** What a base multiplication is made of. */
export interface BaseMultiplicationParts {
  readonly lanes: LaneMultiplication;
  /** (digits, scalar) */
  readonly recode: Recode;
  readonly transfer: PairTransfer;
  readonly complete: CompleteArithmetic;
  readonly declassify: FunctionReference;
}

/**
 * The fast way adds up windows by formulas with exceptions. Neither an exception nor a fault of the machine leaves a point of
 * the curve, so one check at the end finds both, and the slow way, which has no exceptions, is gone.
 */
export function baseMultiplication(
  curve: Curve,
  { lanes, recode, transfer, complete, declassify }: BaseMultiplicationParts,
): BaseMultiplication {
  const { module, field, order, parameters } = curve;
  const { name } = field.modulus;
  const scalar = order.allocate();
  const octets = module.allocate(parameters.byteLength);
  const [first, second, sum] = [allocateXyzz(field), allocateXyzz(field), allocateXyzz(field)];
  const point: Affine = { x: field.allocate(), y: field.allocate() };
  const add = addition(curve);
  const toAffine = affinity(curve);
  const deviationOf = deviation(curve);
  const negate = negation(curve);

  const inverse = order.allocate();
  const fast = module.function(`${name}.multiplyFast`, ['i32'], ['i32'], (f, inverting) => {
    recode(f, i32.const(lanes.digits), scalar.address);
    f.run(lanes.run);
    for (const axis of XYZZ) transfer.unpack(f, first[axis], second[axis], lanes.sum[axis]);
    add(f, sum, first, second);
    toAffine(f, point, sum, (target, a) =>
      f.if(
        inverting,
        () =>
          ScalarField.invertBoth(
            f,
            { field, target, a, factor: field.inverseFactor },
            { field: order, target: inverse, a: scalar, factor: order.constant(order.montgomeryRadixSquared) },
          ),
        () => field.invertMontgomery(f, target, a),
      ),
    );
    // An even scalar was recoded as the order less it, so the opposite point came out.
    f.run(negate, point.y.address, scalar.address);
    f.result(field.isZero(f, deviationOf(f, point)));
  });

  const slow = module.function(`${name}.multiplySlow`, [], ['i32'], (f) => {
    field.copy(f, complete.point.x, field.montgomeryConstant(parameters.x));
    field.copy(f, complete.point.y, field.montgomeryConstant(parameters.y));
    f.run(curve.orderCodec.write, i32.const(octets), scalar.address);
    f.run(complete.multiply, i32.const(octets));
    const finite = f.let(f.call(complete.toAffine)) as I32; // as declared
    field.copy(f, point.x, complete.point.x);
    field.copy(f, point.y, complete.point.y);
    f.result(i32.and(finite, field.isZero(f, deviationOf(f, point))));
  });

  const run = module.function(`${name}.multiply`, ['i32'], ['i32'], (f, inverting) => {
    const good = f.local('i32');
    f.set(good, f.call(declassify, f.call(fast, inverting)) as I32); // as declared
    f.if(i32.eqz(good), () => f.set(good, f.call(declassify, f.call(slow)) as I32)); // as declared
    f.result(good);
  });
  return { run, scalar, point, inverse };
}

/** A function (y, scalar) that negates a canonical coordinate where the scalar, canonical too, is even. */
export function negation({ module, field }: Curve): FunctionReference {
  const opposite = field.allocate();
  const modulus = limbsOf(field.modulus.value, field.modulus);
  return module.function(`${field.modulus.name}.negateIfEven`, ['i32', 'i32'], [], (f, y, scalar) => {
    const zeroed = field.constant(0n);
    const known = canonical(field.modulus);
    field.sub(f, opposite, zeroed, field.register(y, known));
    field.freeze(f, opposite, opposite);
    const even = f.let(i64.sub(i64.and(i64.load(scalar, 0), i64.const(1)), i64.const(1)));
    for (let k = 0; k < modulus.length; k++) choose(f, y, opposite.address, 8 * k, even);
  });
}

const choose = (
  f: FunctionBuilder,
  kept: I32,
  offered: I32,
  offset: number,
  mask: Parameters<typeof i64.and>[0],
): void => {
  const before = f.let(i64.load(kept, offset));
  f.do(i64.store(kept, offset, i64.xor(before, i64.and(mask, i64.xor(before, i64.load(offered, offset))))));
};
