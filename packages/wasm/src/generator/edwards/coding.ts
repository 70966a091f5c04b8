import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { ED25519_D, SQUARE_ROOT_OF_MINUS_ONE } from '../curves/ed25519.js';
import { normalized } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import { extractLane, insertLane } from '../field/lanes.js';
import { limbsFromWords, octetCodec } from '../field/octets.js';
import type { Register } from '../field/pair-field.js';
import { CARRIED, type Context, PRODUCT, registersAt, settle } from './curve.js';

/** RFC 8032 §5.1.2 and §5.1.3. */
export interface CodingFunctions {
  /** `(octets, p)`: encodes a point across lanes. */
  readonly encode: FunctionReference;
  /** `(octets, x, y)`: encodes affine coordinates, limbs of 64 bits, carried. */
  readonly encodeAffine: FunctionReference;
  /** 1 if what was encoded last is on the curve: a fault would show. */
  readonly isOnCurve: (f: FunctionBuilder) => I32;
  /**
   * `(p, octets) -> i32`: decodes the negative of a point, across lanes. Not zero if the octets are a point's, y is below p
   * and x is not a negative zero. The time depends on the point.
   */
  readonly decodeNegative: FunctionReference;
}

/** Octets of an element with limbs of 64 bits. */
export const ELEMENT_LENGTH = 72;

export function codingFunctions(context: Context): CodingFunctions {
  const { module, pairs, field, scratch } = context;
  const { modulus } = field;
  const codec = octetCodec(module, modulus, 32, 'little');
  const temporary = (): Register => field.register(scratch.allocate(ELEMENT_LENGTH), CARRIED);
  const [x, y, z, t, u, w] = [temporary(), temporary(), temporary(), temporary(), temporary(), temporary()];
  const [a, b, c, num, den] = [temporary(), temporary(), temporary(), temporary(), temporary()];
  const one = field.constant(1n);

  const encodeAffine = module.function('encodeAffine', ['i32', 'i32', 'i32'], [], (f, octets, x0, y0) => {
    field.freeze(f, u, field.register(x0, PRODUCT));
    field.freeze(f, w, field.register(y0, PRODUCT));
    f.run(codec.write, octets, w.address);
    f.do(i64.store(octets, 24, i64.or(i64.load(octets, 24), i64.shl(i64.load(u.address), 63))));
  });

  /** -x² + y² - 1 - d x² y² of the residues in u and w. */
  const onCurve = module.function('onCurve', [], ['i32'], (f) => {
    for (const register of [u, w]) {
      register.bounds = CARRIED;
      field.sqr(f, register, register);
    }
    field.mul(f, a, u, w);
    field.mul(f, a, a, field.constant(ED25519_D));
    field.sub(f, w, w, u);
    field.sub(f, w, w, field.constant(1n));
    field.sub(f, w, w, a);
    field.freeze(f, w, w);
    f.result(field.isZero(f, w));
  });
  const isOnCurve = (f: FunctionBuilder): I32 => f.call(onCurve) as I32;

  const encode = module.function('encode', ['i32', 'i32'], [], (f, octets, p) => {
    const [xy, tz] = registersAt(context, p, 2);
    extractLane(pairs, f, x, xy, 0);
    extractLane(pairs, f, y, xy, 1);
    extractLane(pairs, f, z, tz, 1);
    field.mul(f, z, z, one);
    field.invert(f, z, z, one);
    field.mul(f, x, x, z);
    field.mul(f, y, y, z);
    settle([x, y], PRODUCT);
    f.run(encodeAffine, octets, x.address, y.address);
  });

  const squares = module.function('squares', ['i32', 'i32', 'i32'], [], (f, target, source, count) => {
    const own = field.register(target, CARRIED);
    field.copy(f, own, field.register(source, CARRIED));
    const i = f.local('i32');
    f.forUp(i, i32.const(0), count, 1, () => {
      field.sqr(f, own, own);
      settle([own]);
    });
  });
  /** target = source^(2^count) · factor. */
  const squaresTimes = (f: FunctionBuilder, target: Register, source: Register, count: number, factor: Register) => {
    f.run(squares, target.address, source.address, i32.const(count));
    target.bounds = CARRIED;
    field.mul(f, target, target, factor);
  };

  /** w = u^((p - 5)/8), which is 2^252 - 3: by way of exponents that are 2^n - 1. */
  const power = module.function('power', [], [], (f) => {
    squaresTimes(f, a, u, 1, u); // 2
    squaresTimes(f, b, a, 2, a); // 4
    squaresTimes(f, a, b, 1, u); // 5
    squaresTimes(f, b, a, 5, a); // 10
    squaresTimes(f, c, b, 10, b); // 20
    squaresTimes(f, a, c, 20, c); // 40
    squaresTimes(f, c, a, 10, b); // 50
    squaresTimes(f, a, c, 50, c); // 100
    squaresTimes(f, b, a, 100, a); // 200
    squaresTimes(f, a, b, 50, c); // 250
    squaresTimes(f, w, a, 2, u);
  });

  const d = field.constant(ED25519_D);
  const root = field.constant(SQUARE_ROOT_OF_MINUS_ONE);
  const zero = field.constant(0n);
  const isZero = (f: FunctionBuilder, register: Register): I32 => {
    field.freeze(f, a, register);
    return field.isZero(f, a);
  };
  const decodeNegative = module.function('decodeNegative', ['i32', 'i32'], ['i32'], (f, p, octets) => {
    const words = Array.from({ length: 4 }, (_, j) => f.let(i64.load(octets, 8 * j)));
    const sign = f.let(i64.shrU(words[3]!, 63));
    f.set(words[3]!, i64.and(words[3]!, i64.const(2n ** 63n - 1n)));
    limbsFromWords(modulus, words).forEach((limb, k) => {
      f.do(i64.store(y.address, 8 * k, limb));
    });
    y.bounds = normalized(modulus, interval(0n, 2n ** 255n - 1n));
    field.freeze(f, a, y);
    const valid = f.let(i32.const(1));
    for (let k = 0; k < modulus.limbs; k++)
      f.set(valid, i32.and(valid, i64.eq(i64.load(a.address, 8 * k), i64.load(y.address, 8 * k))));
    // x² = num/den; x is num den³ (num den⁷)^((p-5)/8), or that times the root of -1.
    field.sqr(f, num, y);
    field.mul(f, den, num, d);
    field.add(f, den, den, one);
    field.sub(f, num, num, one);
    field.sqr(f, x, den);
    field.mul(f, x, x, den);
    field.sqr(f, u, x);
    field.mul(f, u, u, den);
    field.mul(f, u, u, num);
    settle([u]);
    f.run(power);
    field.mul(f, x, x, num);
    field.mul(f, x, x, w);
    field.sqr(f, b, x);
    field.mul(f, b, b, den);
    field.sub(f, c, b, num);
    const direct = f.let(isZero(f, c));
    field.add(f, c, b, num);
    const turned = f.let(isZero(f, c));
    f.set(valid, i32.and(valid, i32.or(direct, turned)));
    settle([x], PRODUCT);
    f.if(i32.eqz(direct), () => {
      field.mul(f, x, x, root);
      settle([x], PRODUCT);
    });
    field.freeze(f, x, x);
    // The negative has the other x than the octets say.
    f.if(i64.eq(i64.and(i64.load(x.address), i64.const(1)), sign), () => {
      field.sub(f, x, zero, x);
      field.freeze(f, x, x);
    });
    f.set(valid, i32.and(valid, i32.eqz(i32.and(field.isZero(f, x), i32.wrap(sign)))));
    field.mul(f, t, x, y);
    const [xy, tz] = registersAt(context, p, 2);
    insertLane(pairs, f, xy, x, 0);
    insertLane(pairs, f, xy, y, 1);
    insertLane(pairs, f, tz, t, 0);
    insertLane(pairs, f, tz, one, 1);
    settle([xy, tz]);
    f.result(valid);
  });
  return { encode, encodeAffine, isOnCurve, decodeNegative };
}
