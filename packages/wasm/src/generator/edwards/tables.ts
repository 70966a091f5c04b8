import { type I32, i32 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { ED25519_D } from '../curves/ed25519.js';
import { carryOnce, extractLane, gatherLanes, insertLane, plusLane } from '../field/lanes.js';
import type { Register } from '../field/pair-field.js';
import { CARRIED, type Context, NIELS, pairConstant, registersAt, scratchRegisters, settle } from './curve.js';
import { NIELS_LENGTH, POINT_LENGTH, type PointFunctions } from './points.js';

/**
 * Tables of odd multiples. A table of niels points has two in the lanes of an entry: point i of a run of n points is lane
 * i/(n/2) of entry i mod n/2.
 */
export interface TableFunctions {
  /** `(target, base, count)`: P, 3P, 5P and so on as cached points, of P across lanes at `base`. */
  readonly cachedMultiples: FunctionReference;
  /**
   * `(target, base, windows, count)`: for each window in turn the first `count` odd multiples of the base, which is multiplied
   * by twice `count` for the next; all together, {@link MAXIMUM_RUN} at most, one run of niels points. The base is left for
   * the window that comes next.
   */
  readonly nielsMultiples: FunctionReference;
}

/** How many points are made affine with one inversion. */
const MAXIMUM_RUN = 832;

export function tableFunctions(context: Context, points: PointFunctions): TableFunctions {
  const { module, pairs, field, scratch } = context;
  const [step, current, cachedBase] = [0, 0, 0].map(() => scratch.allocate(POINT_LENGTH)) as [number, number, number];

  const copyPoint = (f: FunctionBuilder, target: I32 | number, source: I32 | number): void => {
    const sources = registersAt(context, source, 2);
    for (const [i, register] of registersAt(context, target, 2).entries()) pairs.copy(f, register, sources[i]!);
  };

  /** Runs `body` for P, 3P and so on in `current`. */
  const odd = (f: FunctionBuilder, base: I32, count: I32, body: () => void): void => {
    copyPoint(f, current, base);
    f.run(points.double, i32.const(current));
    f.run(points.cache, i32.const(step), i32.const(current));
    copyPoint(f, current, base);
    const i = f.local('i32');
    f.forUp(i, i32.const(0), count, 1, () => {
      body();
      f.run(points.add, i32.const(current), i32.const(step));
    });
  };

  const cachedMultiples = module.function('cachedMultiples', ['i32', 'i32', 'i32'], [], (f, target, base, count) => {
    const to = f.let(target);
    odd(f, base, count, () => {
      f.run(points.cache, to, i32.const(current));
      f.set(to, i32.add(to, i32.const(POINT_LENGTH)));
    });
  });

  const run = module.allocate(MAXIMUM_RUN * POINT_LENGTH);
  const products = module.allocate((MAXIMUM_RUN / 2) * pairs.byteLength);
  const [z, product, inverse, x, y, sum] = scratchRegisters(context, 6);
  const [one, fourD] = [pairConstant(context, 1n), pairConstant(context, 4n * ED25519_D)];
  const [z0, z1, total] = [0, 0, 0].map(() => field.register(scratch.allocate(field.byteLength), CARRIED)) as [
    Register,
    Register,
    Register,
  ];

  /** 2Z of the points at `a` and `b`. */
  const twiceZ = (f: FunctionBuilder, a: I32, b: I32): void => {
    const [[, first], [, second]] = [registersAt(context, a, 2), registersAt(context, b, 2)];
    gatherLanes(pairs, f, z, [
      [plusLane(first, 1), plusLane(first, 1)],
      [plusLane(second, 1), plusLane(second, 1)],
    ]);
  };

  /** (target, half): makes niels points of the run, `half` entries. */
  const normalize = module.function('normalize', ['i32', 'i32'], [], (f, target, half) => {
    const [a, b, to, i] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const pointsLength = f.let(i32.mul(half, i32.const(POINT_LENGTH)));
    f.set(a, i32.const(run));
    f.set(b, i32.add(i32.const(run), pointsLength));
    f.set(to, i32.const(products));
    pairs.copy(f, product, one);
    settle([product]);
    f.forUp(i, i32.const(0), half, 1, () => {
      pairs.copy(f, pairs.register(to, CARRIED), product);
      twiceZ(f, a, b);
      pairs.mul(f, product, product, z);
      settle([product]);
      for (const [address, length] of [
        [a, POINT_LENGTH],
        [b, POINT_LENGTH],
        [to, pairs.byteLength],
      ] as const)
        f.set(address, i32.add(address, i32.const(length)));
    });
    // One inversion for both lanes: each times the product of the other.
    extractLane(pairs, f, z0, product, 0);
    extractLane(pairs, f, z1, product, 1);
    field.mul(f, total, z0, z1);
    field.invert(f, total, total, field.constant(1n));
    field.mul(f, z0, z0, total);
    field.mul(f, z1, z1, total);
    insertLane(pairs, f, inverse, z1, 0);
    insertLane(pairs, f, inverse, z0, 1);
    settle([inverse]);
    const out = f.let(i32.add(target, i32.mul(half, i32.const(NIELS_LENGTH))));
    f.forDown(i, half, i32.const(1), 1, () => {
      for (const [address, length] of [
        [a, POINT_LENGTH],
        [b, POINT_LENGTH],
        [to, pairs.byteLength],
        [out, NIELS_LENGTH],
      ] as const)
        f.set(address, i32.sub(address, i32.const(length)));
      twiceZ(f, a, b);
      pairs.mul(f, product, inverse, pairs.register(to, CARRIED));
      pairs.mul(f, inverse, inverse, z);
      settle([inverse]);
      const [[first], [second]] = [registersAt(context, a, 2), registersAt(context, b, 2)];
      gatherLanes(pairs, f, x, [[plusLane(first, 0)], [plusLane(second, 0)]]);
      gatherLanes(pairs, f, y, [[plusLane(first, 1)], [plusLane(second, 1)]]);
      pairs.mul(f, x, x, product);
      pairs.mul(f, y, y, product);
      const [yp, ym, dt] = registersAt(context, out, 3, NIELS);
      pairs.add(f, sum, y, x);
      carryOnce(pairs, f, yp, sum);
      pairs.sub(f, sum, y, x);
      carryOnce(pairs, f, ym, sum);
      pairs.mul(f, x, x, y);
      pairs.mul(f, dt, x, fourD);
      settle([yp, ym, dt], NIELS);
    });
  });

  const nielsMultiples = module.function(
    'nielsMultiples',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, target, base, windows, count) => {
      const window = f.local('i32');
      const to = f.let(i32.const(run));
      f.forUp(window, i32.const(0), windows, 1, () => {
        f.run(points.cache, i32.const(cachedBase), base);
        odd(f, base, count, () => {
          copyPoint(f, to, current);
          f.set(to, i32.add(to, i32.const(POINT_LENGTH)));
        });
        copyPoint(f, base, i32.sub(to, i32.const(POINT_LENGTH)));
        f.run(points.add, base, i32.const(cachedBase));
      });
      f.run(normalize, target, i32.shrU(i32.mul(windows, count), 1));
    },
  );
  return { cachedMultiples, nielsMultiples };
}
