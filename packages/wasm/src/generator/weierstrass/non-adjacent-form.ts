import { i32, i64 } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import { wordsFromLimbs } from '../field/octets.js';
import type { Curve } from './curve.js';

/** Scalars as sums of odd digits below 2^(width - 1), few of them not zero. For public scalars: its time depends on them. */
export interface NonAdjacentForm {
  /** (scalar): writes a signed octet for each bit and one more; returns the place of the highest digit, 0 for zero. */
  readonly recode: FunctionReference;
  readonly digits: number;
}

export function nonAdjacentForm({ module, order, parameters }: Curve, width: number): NonAdjacentForm {
  const bits = 8 * parameters.byteLength;
  const words = bits / 64 + 1;
  const scalar = module.allocate(8 * words + 8);
  const digits = module.allocate(bits + 1);
  const name = `${order.modulus.name}.naf`;
  const recode = module.function(name, ['i32'], ['i32'], (f, source) => {
    for (const [j, word] of wordsFromLimbs(f, order.modulus, source, words).entries())
      f.do(i64.store(i32.const(scalar), 8 * j, word));
    const [place, carry, value, highest] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    /** `count` bits from `place` on. */
    const window = (count: number) => {
      const word = i32.load(i32.add(i32.const(scalar), i32.shrU(place, 3)));
      return i32.and(i32.shrUBy(word, i32.and(place, i32.const(7))), i32.const((1 << count) - 1));
    };
    f.forUp(place, i32.const(0), i32.const(bits + 1), 1, () => {
      f.do(i32.store8(i32.add(i32.const(digits), place), 0, i32.const(0)));
    });
    f.set(place, i32.const(0));
    f.repeatWhile(() => {
      f.if(
        i32.eq(window(1), carry),
        () => f.set(place, i32.add(place, i32.const(1))),
        () => {
          f.set(value, i32.add(window(width), carry));
          f.set(carry, i32.shrU(value, width - 1));
          f.do(i32.store8(i32.add(i32.const(digits), place), 0, i32.sub(value, i32.shl(carry, width))));
          f.set(highest, place);
          f.set(place, i32.add(place, i32.const(width)));
        },
      );
      return i32.ltS(place, i32.const(bits + 1));
    });
    f.result(highest);
  });
  return { recode, digits };
}
