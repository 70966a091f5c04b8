import { type I32, i32, i64, zero } from './asm/expression.js';
import type { FunctionBuilder, FunctionReference } from './asm/function-builder.js';
import { type Module, ModuleBuilder } from './asm/module-builder.js';

/**
 * Bits of a limb. A column of Montgomery's product takes two products of limbs from each row: 610 rows' worth of 2^54 stay
 * below 2^64, so columns are not carried before the end. (28 bits would carry every 128 products.)
 */
const BITS = 27;
const MASK = i64.const((1n << BigInt(BITS)) - 1n);

/** 8192 bits and the two that spare the last subtraction, rounded up to 4 i + 1 limbs, as the loop takes them. */
const MOST_LIMBS = 305;

/** A product takes as long as dozens of doublings: no more of them than it needs. */
const SQUARINGS = 6;

/** Limbs that fill whole octets. */
const GROUP = 8;

/**
 * The kernel of RSAVP1 (RFC 8017 §5.2.2). Everything in it is public, and its time depends on it. Numbers are limbs of 27 bits
 * in 64 each, the least significant first; octets at `octets` are little-endian. Exports take the number of limbs, 4 i + 1
 * with room for two bits more than the modulus has:
 *
 * - `octets`, `key`: addresses; `keyLength`: octets there.
 * - `prepare(limbs, top)`: takes the modulus from `octets`, `top` being its highest limb that is not zero, and makes `key` of
 *   it, which may be put back later.
 * - `begin(limbs)`: takes the base; the power is the base. `square(limbs)`, `multiply(limbs)`: of the power.
 * - `finish(limbs)`: multiplies by the base once more and gives the power, below the modulus, at `octets`.
 */
export function rsaKernel(): Module {
  const module = new ModuleBuilder();
  const number = (): number => module.allocate(8 * (MOST_LIMBS + GROUP));
  const octets = module.allocate(((MOST_LIMBS + GROUP) * BITS) / 8 + 16);
  const key = module.allocate(0);
  const [modulus, rSquared, inverse] = [number(), number(), module.allocate(16)];
  const keyLength = module.top - key;
  const [base, montgomeryBase, power] = [number(), number(), number()];
  const [columns, doubled] = [number(), number()];
  for (const [name, value] of Object.entries({ octets, key, keyLength }))
    module.exported(name, [], ['i32'], (f) => f.result(i32.const(value)));
  const at = i32.const;

  const fromOctets = module.function('fromOctets', ['i32', 'i32'], [], (f, target, limbs) => {
    const [source, to] = [f.let(at(octets)), f.local('i32')];
    f.forUp(to, target, f.let(i32.add(target, i32.shl(limbs, 3))), 8 * GROUP, () => {
      for (let i = 0; i < GROUP; i++) {
        const word = i64.load(source, (i * BITS) >> 3);
        f.do(i64.store(to, 8 * i, i64.and(i64.shrU(word, (i * BITS) & 7), MASK)));
      }
      f.set(source, i32.add(source, at((GROUP * BITS) / 8)));
    });
  });

  /**
   * `(out, a, b, limbs)`: a b / R, below twice the modulus if both factors are, R being four times it or more. For a square b
   * comes in as 2 a, and goes limb by limb: row i finds a_i itself in its own place, the doubles to the right of it, and
   * nothing to the left, which the rows before have counted.
   */
  const montgomery = (name: string, isSquare: boolean): FunctionReference =>
    module.function(name, ['i32', 'i32', 'i32', 'i32'], [], (f, out, a, b, limbs) => {
      const length = f.let(i32.shl(limbs, 3));
      f.do(zero(at(columns), length));
      const [n0, n0Inverse] = [f.let(i64.load(at(modulus))), f.let(i64.load(at(inverse)))];
      const end = f.let(i32.sub(i32.add(at(columns), length), at(8)));
      const [row, spent] = [f.local('i32'), f.let(b)];
      const [ai, q, x] = [f.local('i64'), f.local('i64'), f.local('i64')];
      const [column, pb, pn] = [f.local('i32'), f.local('i32'), f.local('i32')];
      /** Four columns at a time, each one moved down to the one before. */
      const addProducts = (to: I32, withA: boolean): void =>
        f.repeatWhile(() => {
          for (let j = 8; j <= 32; j += 8) {
            const reduced = i64.add(i64.load(column, j), i64.mul(q, i64.load(pn, j)));
            const product = i64.mul(ai, i64.load(pb, j));
            f.do(i64.store(column, j - 8, withA ? i64.add(reduced, product) : reduced));
          }
          for (const pointer of [column, pb, pn]) f.set(pointer, i32.add(pointer, at(32)));
          return i32.ltS(column, to);
        });
      f.forUp(row, a, f.let(i32.add(a, length)), 8, () => {
        f.set(ai, i64.load(row));
        if (isSquare) f.do(i64.store(spent, 0, ai));
        f.set(x, i64.add(i64.load(at(columns)), i64.mul(ai, i64.load(b))));
        f.set(q, i64.and(i64.mul(x, n0Inverse), MASK));
        f.set(x, i64.shrU(i64.add(x, i64.mul(q, n0)), BITS));
        f.do(i64.store(at(columns), 8, i64.add(i64.load(at(columns), 8), x)));
        f.set(column, at(columns));
        f.set(pb, b);
        f.set(pn, at(modulus));
        if (isSquare) {
          const zeros = i32.and(i32.sub(i32.sub(spent, b), at(8)), at(-32));
          const diagonal = f.let(i32.add(at(columns), zeros));
          f.if(i32.gtS(diagonal, at(columns)), () => addProducts(diagonal, false));
        }
        addProducts(end, true);
        f.do(i64.store(column, 0, i64.const(0)));
        if (isSquare) f.do(i64.store(spent, 0, i64.const(0)));
        f.set(spent, i32.add(spent, at(8)));
      });
      f.set(x, i64.const(0));
      const to = f.let(out);
      f.forUp(column, at(columns), f.let(i32.add(at(columns), length)), 8, () => {
        f.set(x, i64.add(x, i64.load(column)));
        f.do(i64.store(to, 0, i64.and(x, MASK)));
        f.set(x, i64.shrU(x, BITS));
        f.set(to, i32.add(to, at(8)));
      });
    });
  const multiply = montgomery('multiply', false);
  const squareRows = montgomery('squareRows', true);

  /** `(a, limbs)`: a^2 / R in its place. */
  const square = module.function('squareInPlace', ['i32', 'i32'], [], (f, a, limbs) => {
    const [from, to] = [f.local('i32'), f.let(at(doubled))];
    f.forUp(from, a, f.let(i32.add(a, i32.shl(limbs, 3))), 8, () => {
      f.do(i64.store(to, 0, i64.shl(i64.load(from), 1)));
      f.set(to, i32.add(to, at(8)));
    });
    f.run(squareRows, a, a, at(doubled), limbs);
  });

  /** `(a, limbs)`: a modulo the modulus, if it is below twice that. */
  const reduce = module.function('reduce', ['i32', 'i32'], [], (f, a, limbs) => {
    const [from, n, difference] = [f.local('i32'), f.let(at(modulus)), f.let(at(columns))];
    const x = f.let(i64.const(0));
    f.forUp(from, a, f.let(i32.add(a, i32.shl(limbs, 3))), 8, () => {
      f.set(x, i64.add(x, i64.sub(i64.load(from), i64.load(n))));
      f.do(i64.store(difference, 0, i64.and(x, MASK)));
      f.set(x, i64.shrS(x, BITS));
      for (const pointer of [n, difference]) f.set(pointer, i32.add(pointer, at(8)));
    });
    f.if(i64.eqz(x), () => {
      const to = f.let(a);
      f.forUp(from, at(columns), difference, 8, () => {
        f.do(i64.store(to, 0, i64.load(from)));
        f.set(to, i32.add(to, at(8)));
      });
    });
  });

  /** `(a, limbs)`: 2 a modulo the modulus. */
  const double = module.function('double', ['i32', 'i32'], [], (f, a, limbs) => {
    const [x, to] = [f.let(i64.const(0)), f.local('i32')];
    f.forUp(to, a, f.let(i32.add(a, i32.shl(limbs, 3))), 8, () => {
      f.set(x, i64.add(x, i64.shl(i64.load(to), 1)));
      f.do(i64.store(to, 0, i64.and(x, MASK)));
      f.set(x, i64.shrU(x, BITS));
    });
    f.run(reduce, a, limbs);
  });
  const run = (f: FunctionBuilder, callee: FunctionReference, addresses: readonly number[], limbs: I32): void =>
    f.run(callee, ...addresses.map((address) => at(address)), limbs);

  /** R^2: doubling makes 2^k R from a power of two below the modulus, and squaring doubles k until it is R's. */
  const squareR = (f: FunctionBuilder, limbs: I32, top: I32): void => {
    f.do(zero(at(rSquared), i32.shl(limbs, 3)));
    f.do(i64.store(i32.shl(top, 3), rSquared, i64.const(1)));
    const rBits = f.let(i32.mul(limbs, at(BITS)));
    const target = f.let(i32.add(rBits, i32.shrU(rBits, SQUARINGS)));
    const exponent = f.local('i32');
    f.forUp(exponent, i32.mul(top, at(BITS)), target, 1, () => run(f, double, [rSquared], limbs));
    for (let i = SQUARINGS - 1; i >= 0; i--) {
      run(f, square, [rSquared], limbs);
      run(f, reduce, [rSquared], limbs);
      f.if(i32.and(i32.shrU(rBits, i), at(1)), () => run(f, double, [rSquared], limbs));
    }
  };

  module.exported('prepare', ['i32', 'i32'], [], (f, limbs, top) => {
    run(f, fromOctets, [modulus], limbs);
    const [n0, x] = [f.let(i64.load(at(modulus))), f.local('i64')];
    f.set(x, n0); // right in three bits, in twice as many with each step
    for (let i = 0; i < 4; i++) f.set(x, i64.mul(x, i64.sub(i64.const(2), i64.mul(n0, x))));
    f.do(i64.store(at(inverse), 0, i64.and(i64.sub(i64.const(0), x), MASK)));
    squareR(f, limbs, top);
  });

  module.exported('begin', ['i32'], [], (f, limbs) => {
    run(f, fromOctets, [base], limbs);
    run(f, multiply, [montgomeryBase, base, rSquared], limbs);
    run(f, multiply, [power, base, rSquared], limbs);
  });
  module.exported('square', ['i32'], [], (f, limbs) => run(f, square, [power], limbs));
  module.exported('multiply', ['i32'], [], (f, limbs) => run(f, multiply, [power, power, montgomeryBase], limbs));
  module.exported('finish', ['i32'], [], (f, limbs) => {
    run(f, multiply, [power, power, base], limbs);
    run(f, reduce, [power], limbs);
    f.do(zero(at(octets), at(((MOST_LIMBS + GROUP) * BITS) / 8 + 8)));
    const [from, to] = [f.local('i32'), f.let(at(octets))];
    const end = f.let(i32.add(at(power), i32.shl(limbs, 3)));
    f.do(zero(end, at(8 * GROUP))); // of a longer key before
    f.forUp(from, at(power), end, 8 * GROUP, () => {
      for (let i = 0; i < GROUP; i++) {
        const place = (i * BITS) >> 3;
        f.do(i64.store(to, place, i64.or(i64.load(to, place), i64.shl(i64.load(from, 8 * i), (i * BITS) & 7))));
      }
      f.set(to, i32.add(to, at((GROUP * BITS) / 8)));
    });
  });
  return module.finish();
}
