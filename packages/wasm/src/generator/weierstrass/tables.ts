import { type I32, i32, i64, type Local } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { canonical } from '../field/bounds.js';
import type { Register } from '../field/pair-field.js';
import { type Affine, type Curve, type Jacobian, plus } from './curve.js';
import { doubling } from './points.js';

/**
 * A table of multiples of a point B: entry j of window i is (2j + 1) · 2^(width · i) · B, affine, in Montgomery form and
 * canonical: the limbs of x as i32, then those of y. Entries of a window follow each other.
 */
export interface TableBuilder {
  /** (target, width, windows): fills a table with multiples of the point in `point`. At least two windows' bits. */
  readonly build: FunctionReference;
  /** The point B: affine, canonical, in Montgomery form. Not infinity. */
  readonly point: Affine;
  /** Points that stand in the workspace, by their number, as many as there are powers: canonical. */
  readonly workspace: (index: I32) => Jacobian;
  /** (count): makes the first points of the workspace affine, with one inversion; none may be infinity. */
  readonly normalize: FunctionReference;
  /** (entry, x, y) */
  readonly writeEntry: FunctionReference;
}

/** Octets of a table entry. */
export const entryLength = ({ parameters }: Curve): number => 8 * parameters.field.limbs;

/** What a table builder needs to work in: two affine coordinates and one product for each power of two, or each sum. */
export function tableWorkspace(curve: Curve, powers: number, sums: number): number {
  const { byteLength } = curve.field;
  return byteLength * Math.max(4 * powers, 2 * powers + sums);
}

/**
 * Adds the builder to a module.
 * @param workspace - Memory of {@link tableWorkspace}.
 */
export function tableBuilder(curve: Curve, workspace: number, powers: number): TableBuilder {
  const { module, field } = curve;
  const { byteLength } = field;
  const { limbs } = field.modulus;
  const bounds = canonical(field.modulus);
  const point: Affine = { x: field.allocate(), y: field.allocate() };
  const chain = { x: field.allocate(), y: field.allocate(), z: field.allocate() };
  const double = doubling(curve);
  // Powers of two times B: first x, y and z, then only x and y; what z leaves is used for products.
  const [xs, ys, rest] = [workspace, workspace + byteLength * powers, workspace + 2 * byteLength * powers];
  const [zs, products] = [rest, rest + byteLength * powers];
  const element = (base: number, index: I32) =>
    field.register(i32.add(i32.const(base), i32.mul(index, i32.const(byteLength))), bounds);

  const [product, inverse, t, u] = [field.allocate(), field.allocate(), field.allocate(), field.allocate()];

  const stored = (index: I32): Jacobian => ({
    x: element(xs, index),
    y: element(ys, index),
    z: element(zs, index),
  });
  const normalize = module.function(`${field.modulus.name}.normalize`, ['i32'], [], (f, count) => {
    const index = f.local('i32');
    field.copy(f, product, field.montgomeryConstant(1n));
    f.forUp(index, i32.const(0), count, 1, () => {
      field.copy(f, element(products, index), product);
      field.mul(f, product, product, stored(index).z);
      field.freeze(f, product, product);
    });
    field.invertMontgomery(f, inverse, product);
    field.freeze(f, inverse, inverse);
    f.forDown(index, i32.sub(count, i32.const(1)), i32.const(0), 1, () => {
      const { x, y, z } = stored(index);
      field.mul(f, t, inverse, element(products, index)); // 1 / z
      field.mul(f, inverse, inverse, z);
      field.freeze(f, inverse, inverse);
      field.sqr(f, u, t);
      field.mul(f, t, t, u);
      field.mul(f, x, x, u);
      field.freeze(f, x, x);
      field.mul(f, y, y, t);
      field.freeze(f, y, y);
    });
  });

  /** 2^index · B for all indexes below `count`, affine. */
  const buildPowers = module.function(`${field.modulus.name}.powers`, ['i32'], [], (f, count) => {
    const index = f.local('i32');
    field.copy(f, chain.x, point.x);
    field.copy(f, chain.y, point.y);
    field.copy(f, chain.z, field.montgomeryConstant(1n));
    f.forUp(index, i32.const(0), count, 1, () => {
      const power = stored(index);
      for (const axis of ['x', 'y', 'z'] as const) field.copy(f, power[axis], chain[axis]);
      double(f, chain);
    });
    f.run(normalize, count);
  });

  /** Copies limbs between an entry and a register. */
  const read = (f: FunctionBuilder, target: Register, entry: I32, offset: number): Register => {
    for (let k = 0; k < limbs; k++) f.do(i64.store(target.address, 8 * k, i64.load32S(entry, offset + 4 * k)));
    target.bounds = bounds;
    return target;
  };
  const write = (f: FunctionBuilder, entry: I32, offset: number, source: Register) => {
    for (let k = 0; k < limbs; k++) f.do(i64.store32(entry, offset + 4 * k, i64.load(source.address, 8 * k)));
  };
  const readEntry = module.function(`${field.modulus.name}.readEntry`, ['i32', 'i32'], [], (f, target, entry) => {
    read(f, field.register(target, bounds), entry, 0);
    read(f, field.register(plus(target, byteLength), bounds), entry, 4 * limbs);
  });
  const writeEntry = module.function(
    `${field.modulus.name}.writeEntry`,
    ['i32', 'i32', 'i32'],
    [],
    (f, entry, x, y) => {
      write(f, entry, 0, field.register(x, bounds));
      write(f, entry, 4 * limbs, field.register(y, bounds));
    },
  );
  const old = module.allocate(2 * byteLength, 8);
  const [oldX, oldY] = [field.register(old, bounds), field.register(old + byteLength, bounds)];
  const [slope, x3] = [field.allocate(), field.allocate()];

  const build = module.function(
    `${field.modulus.name}.table`,
    ['i32', 'i32', 'i32'],
    [],
    (f, target, width, windows) => {
      const entries = f.let(i32.const(1));
      const [index, window, sums, level] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
      const [from, to, power, windowLength] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
      f.run(buildPowers, i32.mul(width, windows));
      // 2^(width-1) entries.
      f.set(windowLength, i32.const(entryLength(curve)));
      f.forUp(level, i32.const(1), width, 1, () => f.set(windowLength, i32.add(windowLength, windowLength)));
      f.forUp(window, i32.const(0), windows, 1, () => {
        f.set(power, i32.mul(window, width));
        f.run(
          writeEntry,
          i32.add(target, i32.mul(window, windowLength)),
          element(xs, power).address,
          element(ys, power).address,
        );
      });
      /** For entries 0 to `entries` of all windows: `body(entry, power of two that is added to it, running number)`. */
      const eachSum = (reverse: boolean, body: (entry: Local<'i32'>, power: Local<'i32'>) => void) => {
        const total = i32.mul(windows, entries);
        const step = () => {
          f.set(power, i32.add(i32.mul(window, width), level));
          f.set(
            from,
            i32.add(i32.add(target, i32.mul(window, windowLength)), i32.mul(index, i32.const(entryLength(curve)))),
          );
          body(from, power);
        };
        if (!reverse) {
          f.set(sums, i32.const(0));
          f.forUp(window, i32.const(0), windows, 1, () =>
            f.forUp(index, i32.const(0), entries, 1, () => {
              step();
              f.set(sums, i32.add(sums, i32.const(1)));
            }),
          );
        } else {
          f.set(sums, total);
          f.forDown(window, i32.sub(windows, i32.const(1)), i32.const(0), 1, () =>
            f.forDown(index, i32.sub(entries, i32.const(1)), i32.const(0), 1, () => {
              f.set(sums, i32.sub(sums, i32.const(1)));
              step();
            }),
          );
        }
      };
      // Level by level: the odd multiples so far, plus a power of two, are as many again.
      f.forUp(level, i32.const(1), width, 1, () => {
        field.copy(f, product, field.montgomeryConstant(1n));
        eachSum(false, (entry, exponent) => {
          read(f, oldX, entry, 0);
          field.copy(f, element(rest, sums), product);
          field.sub(f, t, element(xs, exponent), oldX);
          field.mul(f, product, product, t);
          field.freeze(f, product, product);
        });
        field.invertMontgomery(f, inverse, product);
        field.freeze(f, inverse, inverse);
        eachSum(true, (entry, exponent) => {
          const [x, y] = [element(xs, exponent), element(ys, exponent)];
          f.run(readEntry, i32.const(old), entry);
          field.mul(f, u, inverse, element(rest, sums));
          field.sub(f, t, x, oldX);
          field.mul(f, inverse, inverse, t);
          field.freeze(f, inverse, inverse);
          field.sub(f, slope, y, oldY);
          field.mul(f, slope, slope, u);
          field.sqr(f, x3, slope);
          field.sub(f, x3, x3, oldX);
          field.sub(f, x3, x3, x);
          field.freeze(f, x3, x3);
          field.sub(f, t, oldX, x3);
          field.mul(f, t, t, slope);
          field.sub(f, t, t, oldY);
          field.freeze(f, t, t);
          f.set(to, i32.add(entry, i32.mul(entries, i32.const(entryLength(curve)))));
          f.run(writeEntry, to, x3.address, t.address);
        });
        f.set(entries, i32.add(entries, entries));
      });
    },
  );
  return { build, point, workspace: stored, normalize, writeEntry };
}
