import { type Expression, i32, type Local, type ValueType } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { roundConstants, rounds, type WordSize, wordsToOctets } from './constants.js';
import type { Words } from './words.js';

/** By how many bits the functions of FIPS 180-4 §4.1.2 and §4.1.3 rotate; the last number of a small sigma is a shift. */
interface Functions {
  readonly Sigma0: readonly [number, number, number];
  readonly Sigma1: readonly [number, number, number];
  readonly sigma0: readonly [number, number, number];
  readonly sigma1: readonly [number, number, number];
}

export const functions: Readonly<Record<WordSize, Functions>> = {
  4: { Sigma0: [2, 13, 22], Sigma1: [6, 11, 25], sigma0: [7, 18, 3], sigma1: [17, 19, 10] },
  8: { Sigma0: [28, 34, 39], Sigma1: [14, 18, 41], sigma0: [1, 8, 7], sigma1: [19, 61, 6] },
};

/** Puts K into a module's memory, once for all its compression functions with words of this size; returns its address. */
export const roundConstantTable = (module: ModuleBuilder, size: WordSize): number =>
  module.data(wordsToOctets(roundConstants(size), size));

/**
 * Adds the compression of one block (FIPS 180-4 §6.2.2, §6.4.2) to a module: `(out, state, block)`, addresses of 8, 8 and 16
 * words as {@link Words} lays them out, the block's already in the machine's order of octets. `out` may be `state` or the
 * block.
 *
 * After the first sixteen rounds comes a loop over sixteen: all of them spelled out are longer and were measured as slower.
 */
export function compression<T extends ValueType>(
  module: ModuleBuilder,
  name: string,
  words: Words<T>,
  table: number,
): FunctionReference {
  return module.function(name, ['i32', 'i32', 'i32'], [], (f, out, state, block) => {
    const variables = Array.from({ length: 8 }, (_, i) => f.let(words.load(state, i * words.stride)));
    const schedule = Array.from({ length: 16 }, (_, i) => f.let(words.load(block, i * words.stride)));
    const differences = [f.let(words.xor(variables[1]!, variables[2]!)), f.local(words.type)];
    const round = roundEmitter(f, words, variables, differences);
    const k = (t: number) => words.loadSplat(i32.const(table), t * words.size);
    for (let t = 0; t < 16; t++) round(t, words.add(schedule[t]!, k(t)));
    const position = f.local('i32');
    const from = table + 16 * words.size;
    const to = table + rounds(words.size) * words.size;
    f.forUp(position, i32.const(from), i32.const(to), 16 * words.size, () => {
      for (let t = 0; t < 16; t++) {
        f.set(schedule[t]!, nextWord(words, schedule, t));
        round(t, words.add(schedule[t]!, words.loadSplat(position, t * words.size)));
      }
    });
    for (const [i, variable] of variables.entries())
      f.do(words.store(out, i * words.stride, words.add(variable, words.load(state, i * words.stride))));
  });
}

/** Emits round `t`, given W[t] + K[t]. Instead of moving a to h along, their names move: after eight rounds they are back. */
export function roundEmitter<T extends ValueType>(
  f: FunctionBuilder,
  words: Words<T>,
  variables: readonly Local<T>[],
  differences: readonly Local<T>[],
): (t: number, wk: Expression<T>) => void {
  const { add, xor, and, rotr } = words;
  const { Sigma0, Sigma1 } = functions[words.size];
  const [t1, sum] = [f.local(words.type), f.local(words.type)];
  // ((x >>> k - j ^ x) >>> j - i ^ x) >>> i: as many instructions as FIPS 180-4 has, but a quarter less time in vectors.
  const rotations = (x: Expression<T>, [i, j, k]: Functions['Sigma0']): Expression<T> => {
    f.set(sum, xor(rotr(x, k - j), x));
    f.set(sum, xor(rotr(sum, j - i), x));
    return rotr(sum, i);
  };
  return (t, wk) => {
    const [a, b, , d, e, f_, g, h] = Array.from({ length: 8 }, (_, i) => variables[(i - t) & 7]!) as Eight<T>;
    const [bc, ab] = [differences[t & 1]!, differences[(t + 1) & 1]!];
    const ch = xor(g, and(e, xor(f_, g)));
    f.set(t1, add(add(add(h, wk), ch), rotations(e, Sigma1)));
    f.set(d, add(d, t1));
    f.set(ab, xor(a, b)); // b xor c of the next round
    const maj = xor(b, and(ab, bc));
    f.set(h, add(add(t1, maj), rotations(a, Sigma0)));
  };
}

type Eight<T extends ValueType> = [Local<T>, Local<T>, Local<T>, Local<T>, Local<T>, Local<T>, Local<T>, Local<T>];

/** W[t] in place of W[t - 16]. */
function nextWord<T extends ValueType>(words: Words<T>, schedule: readonly Local<T>[], t: number): Expression<T> {
  const { sigma0, sigma1 } = functions[words.size];
  const w = (back: number) => schedule[(t - back) & 15]!;
  const sum0 = words.add(w(16), sigma(words, w(15), sigma0));
  return words.add(words.add(sum0, w(7)), sigma(words, w(2), sigma1));
}

const sigma = <T extends ValueType>({ xor, rotr, shrU }: Words<T>, x: Expression<T>, [i, j, k]: Functions['sigma0']) =>
  xor(xor(rotr(x, i), rotr(x, j)), shrU(x, k));
