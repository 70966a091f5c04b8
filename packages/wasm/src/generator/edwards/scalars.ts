import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import { normalized } from '../field/bounds.js';
import { interval } from '../field/interval.js';
import { limbsOf, radix } from '../field/modulus.js';
import { bitsFrom, limbsFromWords, octetCodec, wordsFromLimbs } from '../field/octets.js';
import type { Register } from '../field/pair-field.js';
import { at, type Context } from './curve.js';

/** Numbers modulo the order of the base point, in 72 octets of memory each, limbs canonical. */
export interface ScalarFunctions {
  /** `(target, octets)`: 64 octets, lowest first, modulo the order. */
  readonly reduce: FunctionReference;
  /** `(target, octets)`: RFC 8032 §5.1.5 steps 2 and 3 on 32 octets, modulo the order. */
  readonly clamp: FunctionReference;
  /** `(target, octets) -> i32`: 32 octets, not zero if they are below the order. */
  readonly read: FunctionReference;
  /** `(octets, r, k, a)`: r + k a. */
  readonly respond: FunctionReference;
}

/** Octets of a scalar. */
export const SCALAR_LENGTH = 72;

export function scalarFunctions({ module, order, scratch }: Context): ScalarFunctions {
  const { modulus } = order;
  const { value } = modulus;
  const R = radix(modulus);
  const whole = normalized(modulus, interval(0n, 2n ** 256n - 1n));
  const temporary = () => order.register(scratch.allocate(SCALAR_LENGTH), whole);
  const [low, high] = [temporary(), temporary()];
  const codec = octetCodec(module, modulus, 32, 'little');
  const toReduced = order.constant(R);
  const toReducedHigh = order.constant(R << 256n);
  const toMontgomery = order.constant(R * R);

  const reduce = module.function('reduce', ['i32', 'i32'], [], (f, target, octets) => {
    for (const [register, offset, factor] of [
      [low, 0, toReduced],
      [high, 32, toReducedHigh],
    ] as const) {
      f.run(codec.read, register.address, at(octets, offset));
      register.bounds = whole;
      order.mul(f, register, register, factor);
    }
    order.add(f, low, low, high);
    order.freeze(f, order.register(target, low.bounds), low);
  });

  const clamp = module.function('clamp', ['i32', 'i32'], [], (f, target, octets) => {
    const words = Array.from({ length: 4 }, (_, j) => f.let(i64.load(octets, 8 * j)));
    f.set(words[0]!, i64.and(words[0]!, i64.const(~7n)));
    f.set(words[3]!, i64.or(i64.and(words[3]!, i64.const(2n ** 62n - 1n)), i64.const(2n ** 62n)));
    limbsFromWords(modulus, words).forEach((limb, k) => {
      f.do(i64.store(low.address, 8 * k, limb));
    });
    low.bounds = whole;
    order.mul(f, low, low, toReduced);
    order.freeze(f, order.register(target, low.bounds), low);
  });

  const read = module.function('readScalar', ['i32', 'i32'], ['i32'], (f, target, octets) => {
    f.run(codec.read, target, octets);
    // Taking the order off has to leave the top limb negative.
    let carry = i64.const(0);
    for (const [k, limb] of limbsOf(value, modulus).entries()) {
      const difference = i64.sub(i64.load(target, 8 * k), i64.const(limb));
      carry = f.let(i64.shrS(i64.add(difference, carry), modulus.limbBits));
    }
    f.result(i64.ltS(carry, i64.const(0)));
  });

  const respond = module.function('respondWith', ['i32', 'i32', 'i32', 'i32'], [], (f, octets, r, k, a) => {
    const scalar = (address: I32): Register => order.register(address, toReduced.bounds);
    order.mul(f, low, scalar(k), scalar(a));
    order.mul(f, low, low, toMontgomery);
    order.add(f, low, low, scalar(r));
    order.freeze(f, low, low);
    f.run(codec.write, octets, low.address);
  });
  return { reduce, clamp, read, respond };
}

/** How a scalar is cut into digits. */
export interface Recoding {
  readonly width: number;
  readonly digits: number;
}

/** What makes an even scalar odd: the order, which the base point does not notice, or 1, which has to be taken off again. */
export type OddBy = 'order' | 'one';

/**
 * A function `(target, scalar)`: writes octets v, `stride` apart, lowest digit first, so that the odd scalar is the sum of the
 * digits (2v + 1 - 2^width) 2^(width i). All digits are odd, so none is zero. The time does not depend on the scalar.
 */
export function recoder(
  { module, order, scratch }: Context,
  name: string,
  { width, digits }: Recoding,
  oddBy: OddBy,
  stride: number = 1,
): FunctionReference {
  const { modulus } = order;
  const bits = width * digits;
  if (bits <= 256 || bits > 320) throw new RangeError(`Cannot recode into ${bits} bits: need 257 to 320`);
  const odd = scratch.allocate(SCALAR_LENGTH);
  const addend = limbsOf(oddBy === 'order' ? modulus.value : 1n, modulus);
  return module.function(name, ['i32', 'i32'], [], (f, target, scalar) => {
    const limbs = order.load(f, scalar);
    const even = f.let(i64.sub(i64.and(limbs[0]!, i64.const(1)), i64.const(1)));
    let carry = i64.const(0);
    for (const [k, limb] of limbs.entries()) {
      const added = addend[k] === 0n ? limb : i64.add(limb, i64.and(even, i64.const(addend[k]!)));
      const sum = f.let(i64.add(added, carry));
      const own = k === modulus.limbs - 1 ? sum : i64.and(sum, i64.const((1n << BigInt(modulus.limbBits)) - 1n));
      f.do(i64.store(i32.const(odd), 8 * k, own));
      carry = i64.shrS(sum, modulus.limbBits);
    }
    // (k - 1)/2 + 2^(bits - 1): k is below 2^255, so the two do not meet.
    const words = wordsFromLimbs(f, modulus, i32.const(odd), 4);
    const halved = words.map((word, j) =>
      f.let(j < 3 ? i64.or(i64.shrU(word, 1), i64.shl(words[j + 1]!, 63)) : i64.shrU(word, 1)),
    );
    const all = [...halved, i64.const(1n << BigInt(bits - 1 - 256))];
    const mask = 2 ** width - 1;
    for (let i = 0; i < digits; i++) {
      const digit = i32.and(i32.wrap(bitsFrom(all, width * i, width)), i32.const(mask));
      f.do(width > 8 ? i32.store16(target, stride * i, digit) : i32.store8(target, stride * i, digit));
    }
  });
}
