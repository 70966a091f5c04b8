import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { canonical, normalized } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import { limbsOf } from '../field/modulus.js';
import type { Register } from '../field/pair-field.js';
import type { Curve } from './curve.js';

/** Arithmetic modulo the order: what a signature is made of beside a point. */
export interface Scalars {
  /** (target, octets): a number of as many octets as the order has, reduced. */
  readonly readReduced: FunctionReference;
  /** (target, octets): 1 when it is from 1 to the order less one; nothing depends on the octets but the result. */
  readonly readInRange: FunctionReference;
  /** (target, octets): 64 octets, reduced. */
  readonly readWide: FunctionReference;
  /**
   * (octets, inverse, x, digest): writes r and s; 1 unless one of them is zero. `inverse` is 1/k in Montgomery form, `x` the
   * point's coordinate, canonical, `digest` reduced. The private key is taken from {@link secretKey}.
   */
  readonly finish: FunctionReference;
  /** The private key in Montgomery form. */
  readonly secretKey: Register;
}

/** Octets that {@link Scalars.readWide} reduces. */
const WIDE_LENGTH = 64;

export function scalars({ module, field, order, orderCodec, parameters }: Curve): Scalars {
  const { modulus } = order;
  const { byteLength } = parameters;
  const any = normalized(modulus, interval(0n, (1n << BigInt(8 * byteLength)) - 1n));
  const reduced = canonical(modulus);
  const secretKey = order.allocate();
  const at = (address: I32, bounds = reduced) => order.register(address, bounds);

  const readReduced = module.function(`${modulus.name}.readReduced`, ['i32', 'i32'], [], (f, target, octets) => {
    f.run(orderCodec.read, target, octets);
    order.freeze(f, at(target), at(target, any));
  });

  const readInRange = module.function(`${modulus.name}.readInRange`, ['i32', 'i32'], ['i32'], (f, target, octets) => {
    f.run(orderCodec.read, target, octets);
    f.result(i32.and(isBelowOrder(f, target), i32.eqz(order.isZero(f, at(target)))));
  });

  /** The borrow of the number less the order. */
  function isBelowOrder(f: FunctionBuilder, address: I32): I32 {
    const limbs = limbsOf(modulus.value, modulus);
    let borrow = f.let(i64.const(0));
    for (const [k, limb] of order.load(f, address).entries())
      borrow = f.let(
        i64.shrS(i64.add(i64.sub(limb, i64.const(limbs[k]!)), borrow), k < limbs.length - 1 ? modulus.limbBits : 63),
      );
    return i32.and(i32.wrap(borrow), i32.const(1));
  }

  const high = order.allocate();
  const padded = module.allocate(byteLength);
  // hi · 2^(8 · byteLength) + lo, where hi is what stands before the last `byteLength` octets.
  const shift = order.montgomeryConstant(1n << BigInt(8 * byteLength));
  const readWide = module.function(`${modulus.name}.readWide`, ['i32', 'i32'], [], (f, target, octets) => {
    f.run(orderCodec.read, target, i32.add(octets, i32.const(WIDE_LENGTH - byteLength)));
    readHigh(f, octets);
    order.mul(f, high, high, shift);
    const sum = at(target, any);
    order.add(f, sum, sum, high);
    order.freeze(f, sum, sum);
  });

  /** Octets in front of the last `byteLength`, as a number of their own. */
  function readHigh(f: FunctionBuilder, octets: I32): void {
    const length = WIDE_LENGTH - byteLength;
    for (let i = 0; i < byteLength; i += 8) {
      const from = i - (byteLength - length);
      f.do(i64.store(i32.const(padded), i, from < 0 ? i64.const(0) : i64.load(octets, from)));
    }
    f.run(orderCodec.read, high.address, i32.const(padded));
    high.bounds = any;
  }

  const [r, s] = [order.allocate(), order.allocate()];
  const finish = module.function(
    `${modulus.name}.finish`,
    ['i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (f, octets, inverse, x, digest) => {
      // Both moduli have the same limbs, and a coordinate is less than twice the order.
      order.freeze(f, r, at(x, canonical(field.modulus)));
      f.run(orderCodec.write, octets, r.address);
      order.mul(f, s, r, secretKey);
      order.add(f, s, s, at(digest));
      order.mul(f, s, s, at(inverse));
      order.freeze(f, s, s);
      f.run(orderCodec.write, i32.add(octets, i32.const(byteLength)), s.address);
      f.result(i32.and(i32.eqz(order.isZero(f, r)), i32.eqz(order.isZero(f, s))));
    },
  );
  return { readReduced, readInRange, readWide, finish, secretKey };
}
