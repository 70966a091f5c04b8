import { i32, type V128, type ValueType } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { functions, roundEmitter } from './compression.js';
import { rounds } from './constants.js';
import type { Words } from './words.js';

/**
 * Does what `compression` does for one message, for builds with SIMD: W[t] come as many at a time as a vector has words, and
 * while the processor is busy with the rounds of those before, which leave its vector units idle. Takes a third less time;
 * measured.
 * @param one - The words of the message.
 * @param several - Vectors of such words.
 * @param options - With `octets` the block is one of a message, in that order of octets.
 */
export function vectorScheduleCompression<T extends ValueType>(
  module: ModuleBuilder,
  name: string,
  one: Words<T>,
  several: Words<'v128'>,
  table: number,
  { octets = false }: { readonly octets?: boolean } = {},
): FunctionReference {
  const { size } = one;
  const { lanes, add } = several;
  const vectors = 16 / lanes;
  // W[t] + K[t] of sixteen rounds; zeroed at the end.
  const sums = i32.const(module.allocate(16 * size));
  return module.function(name, ['i32', 'i32', 'i32'], [], (f, out, state, block) => {
    const variables = Array.from({ length: 8 }, (_, i) => f.let(one.load(state, i * size)));
    const differences = [f.let(one.xor(variables[1]!, variables[2]!)), f.local(one.type)];
    const round = roundEmitter(f, one, variables, differences);
    const roundsOf = (vector: number): void => {
      for (let t = vector * lanes; t < (vector + 1) * lanes; t++) round(t, one.load(sums, t * size));
    };
    const schedule = Array.from({ length: vectors }, (_, i) => {
      const words = v128.load(block, 16 * i);
      return f.let(octets ? several.swap(f, words) : words);
    });
    for (const [i, w] of schedule.entries())
      f.do(v128.store(sums, 16 * i, add(w, v128.load(i32.const(table), 16 * i))));

    const zero = f.let(v128.i64x2Const(0n, 0n));
    const [shifted, rotated] = [f.local('v128'), f.local('v128')];
    const sigma = (x: V128, [i, j, k]: readonly [number, number, number]): V128 => {
      f.set(shifted, x);
      f.set(rotated, several.xor(several.rotr(shifted, j - i), shifted));
      return several.xor(several.rotr(rotated, i), several.shrU(shifted, k));
    };
    /** W[t] of one vector in place of W[t - 16]. */
    const advance = (vector: number): void => {
      const { sigma0, sigma1 } = functions[size];
      /** The words from W[t - back] on. */
      const w = (back: number): V128 => {
        const [low, high] = [16 - back, 16 - back + lanes].map(
          (i) => schedule[(vector + (i >> Math.log2(lanes))) % vectors]!,
        );
        return (16 - back) % lanes === 0 ? low! : alignr(low!, high!, ((16 - back) % lanes) * size);
      };
      const target = schedule[vector]!;
      f.set(target, add(add(target, w(7)), sigma(w(15), sigma0)));
      if (lanes === 2) f.set(target, add(target, sigma(w(2), sigma1)));
      else {
        // W[t - 2] of the upper two words are the lower two; sigma of zero is zero.
        f.set(target, add(target, sigma(alignr(w(4), zero, 8), sigma1)));
        f.set(target, add(target, sigma(alignr(zero, target, 8), sigma1)));
      }
    };
    const position = f.local('i32');
    const [from, to] = [table + 16 * size, table + rounds(size) * size];
    f.forUp(position, i32.const(from), i32.const(to), 16 * size, () => {
      for (const [vector, w] of schedule.entries()) {
        advance(vector);
        roundsOf(vector);
        f.do(v128.store(sums, 16 * vector, add(w, v128.load(position, 16 * vector))));
      }
    });
    for (let vector = 0; vector < vectors; vector++) roundsOf(vector);
    for (let vector = 0; vector < vectors; vector++) f.do(v128.store(sums, 16 * vector, zero));
    for (const [i, variable] of variables.entries())
      f.do(one.store(out, i * size, one.add(variable, one.load(state, i * size))));
  });
}

/** Sixteen octets from number `octets` on, of `low` followed by `high`. */
const alignr = (low: V128, high: V128, octets: number): V128 =>
  v128.shuffle(
    low,
    high,
    Array.from({ length: 16 }, (_, i) => i + octets),
  );
