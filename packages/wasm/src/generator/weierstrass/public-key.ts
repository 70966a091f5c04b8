import { i32 } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import { canonical, normalized } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import type { Affine, Curve } from './curve.js';
import { deviation } from './points.js';

/** Public keys: coordinates in octets to a point of the curve. */
export interface PublicKeys {
  /** (): reads x and y; 1 when both are below the modulus and {@link point} is on the curve, which excludes infinity. */
  readonly load: FunctionReference;
  /** Affine, canonical, in Montgomery form. */
  readonly point: Affine;
}

/**
 * Adds `loadPublicKey` (): as {@link PublicKeys.load}, and `decompress` (odd): finds y to the x that stands there (SEC 1
 * §2.3.4), odd or even, and writes it behind x; 0 when there is none.
 * @param octets - Address of x and y.
 */
export function publicKeys(curve: Curve, octets: number): PublicKeys {
  const { module, field, fieldCodec, parameters } = curve;
  const { byteLength } = parameters;
  const { value } = field.modulus;
  const any = normalized(field.modulus, interval(0n, (1n << BigInt(8 * byteLength)) - 1n));
  const point: Affine = { x: field.allocate(), y: field.allocate() };
  const [read, frozen, root] = [field.allocate(any), field.allocate(), field.allocate()];
  const deviationOf = deviation(curve);
  const radixSquared = field.constant(field.montgomeryRadixSquared);

  /** (target, octets): 1 when the coordinate is below the modulus. */
  const readCoordinate = module.function(
    `${field.modulus.name}.readCoordinate`,
    ['i32', 'i32'],
    ['i32'],
    (f, target, from) => {
      f.run(fieldCodec.read, read.address, from);
      read.bounds = any;
      field.freeze(f, frozen, read);
      const difference = field.register(root.address, frozen.bounds);
      field.sub(f, difference, read, frozen);
      const canonical_ = f.let(field.isZero(f, difference));
      const converted = field.register(target, frozen.bounds);
      field.mul(f, converted, frozen, radixSquared);
      field.freeze(f, converted, converted);
      f.result(canonical_);
    },
  );

  const coordinate = (k: number) => i32.const(octets + k * byteLength);
  const load = module.exported('loadPublicKey', [], ['i32'], (f) => {
    const x = f.let(f.call(readCoordinate, point.x.address, coordinate(0)));
    const y = f.let(f.call(readCoordinate, point.y.address, coordinate(1)));
    const known = canonical(field.modulus);
    const at: Affine = { x: field.register(point.x.address, known), y: field.register(point.y.address, known) };
    const onCurve = field.isZero(f, deviationOf(f, at));
    f.result(i32.and(i32.and(i32Of(x), i32Of(y)), onCurve));
  });

  // p ≡ 3 modulo 4, so rhs^((p + 1) / 4) is a square root wherever there is one.
  if (value % 4n !== 3n) throw new RangeError('Cannot take square roots: the modulus is not 3 modulo 4');
  const exponent = (value + 1n) / 4n;
  const bits = exponent.toString(2);
  const bitTable = module.data(Uint8Array.from(bits, Number), 1);
  const square = field.allocate();
  module.exported('decompress', ['i32'], ['i32'], (f, odd) => {
    const known = canonical(field.modulus);
    const below = f.let(f.call(readCoordinate, point.x.address, coordinate(0)));
    const x = field.register(point.x.address, known);
    // The deviation of (x, 0) is -(x³ - 3x + b).
    const zeroed = field.constant(0n);
    const rhs = field.register(square.address, known);
    const negated = deviationOf(f, { x, y: zeroed });
    field.sub(f, rhs, zeroed, negated);
    field.freeze(f, rhs, rhs);
    const bit = f.local('i32');
    field.copy(f, root, field.montgomeryConstant(1n));
    f.forUp(bit, i32.const(0), i32.const(bits.length), 1, () => {
      field.sqr(f, root, root);
      f.if(i32.load8U(i32.add(i32.const(bitTable), bit)), () => field.mul(f, root, root, rhs));
      field.freeze(f, root, root);
    });
    const y = field.register(point.y.address, known);
    field.copy(f, y, root);
    const found = f.let(i32.and(i32Of(below), field.isZero(f, deviationOf(f, { x, y }))));
    field.mul(f, frozen, y, field.constant(1n));
    field.freeze(f, frozen, frozen);
    f.if(i32.ne(i32.and(i32.load(frozen.address), i32.const(1)), odd), () => {
      f.set(found, i32.and(found, i32.eqz(field.isZero(f, frozen))));
      field.sub(f, frozen, zeroed, frozen);
      field.freeze(f, frozen, frozen);
    });
    f.run(fieldCodec.write, coordinate(1), frozen.address);
    f.result(found);
  });
  return { load, point };
}

const i32Of = (value: { readonly type: string }) => value as Parameters<typeof i32.and>[0]; // functions here return i32
