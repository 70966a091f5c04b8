import { type I32, type I64, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { limbMask, type Modulus } from './modulus.js';

/** The order of octets outside: SEC 1 writes the highest first, RFC 8032 the lowest. */
export type Endian = 'big' | 'little';

/** Functions between octets and carried limbs that are not negative. */
export interface OctetCodec {
  /** (target, octets): cuts a number of `byteLength` octets into limbs. */
  readonly read: FunctionReference;
  /** (octets, source): writes a number below 2^(8 byteLength). */
  readonly write: FunctionReference;
}

/** @param byteLength - A multiple of 8. */
export function octetCodec(module: ModuleBuilder, modulus: Modulus, byteLength: number, endian: Endian): OctetCodec {
  const words = byteLength / 8;
  /** Where word `j`, counted from the lowest, stands. */
  const place = (j: number) => 8 * (endian === 'big' ? words - 1 - j : j);
  const inOrder = (f: FunctionBuilder, word: I64) => (endian === 'big' ? reversed(f, word) : word);
  const defineRead = () =>
    module.function(`${modulus.name}.read${byteLength}`, ['i32', 'i32'], [], (f, target, octets) => {
      const loaded = Array.from({ length: words }, (_, j) => f.let(inOrder(f, i64.load(octets, place(j)))));
      for (const [k, limb] of limbsFromWords(modulus, loaded).entries()) f.do(i64.store(target, 8 * k, limb));
    });
  const defineWrite = () =>
    module.function(`${modulus.name}.write${byteLength}`, ['i32', 'i32'], [], (f, octets, source) => {
      for (const [j, word] of wordsFromLimbs(f, modulus, source, words).entries())
        f.do(i64.store(octets, place(j), inOrder(f, word)));
    });
  let [read, write]: (FunctionReference | undefined)[] = [];
  // Made when they are first asked for: not every kernel needs both.
  return {
    get read() {
      read ??= defineRead();
      return read;
    },
    get write() {
      write ??= defineWrite();
      return write;
    },
  };
}

/** Cuts 64-bit words, lowest first, into limbs. */
export function limbsFromWords(modulus: Modulus, words: readonly I64[]): readonly I64[] {
  const { limbs, limbBits } = modulus;
  return Array.from({ length: limbs }, (_, k) => {
    const bits = bitsFrom(words, limbBits * k, limbBits);
    return i64.and(bits, i64.const(limbMask(modulus)));
  });
}

/** The 64-bit words, lowest first, of carried limbs that are not negative. */
export function wordsFromLimbs(f: FunctionBuilder, modulus: Modulus, source: I32, words: number): readonly I64[] {
  const { limbs, limbBits } = modulus;
  const loaded = Array.from({ length: limbs }, (_, k) => f.let(i64.load(source, 8 * k)));
  return Array.from({ length: words }, (_, j) => {
    const parts: I64[] = [];
    for (const [k, limb] of loaded.entries()) {
      const shift = limbBits * k - 64 * j;
      if (shift > -limbBits && shift < 64) parts.push(shift >= 0 ? i64.shl(limb, shift) : i64.shrU(limb, -shift));
    }
    return f.let(parts.length === 0 ? i64.const(0) : parts.reduce((a, b) => i64.or(a, b)));
  });
}

/** At least `count` bits of a number in 64-bit words, from bit `from` up; what lies above the words is zero. */
export function bitsFrom(words: readonly I64[], from: number, count: number): I64 {
  const word = Math.floor(from / 64);
  const shift = from % 64;
  const low = words[word];
  if (low === undefined) return i64.const(0);
  const bits = shift === 0 ? low : i64.shrU(low, shift);
  const high = words[word + 1];
  return shift + count > 64 && high !== undefined ? i64.or(bits, i64.shl(high, 64 - shift)) : bits;
}

/** The word with its octets in the opposite order. */
function reversed(f: FunctionBuilder, word: I64): I64 {
  const swap = (value: I64, bits: number, mask: bigint) => {
    const from = f.let(value);
    return i64.or(i64.and(i64.shrU(from, bits), i64.const(mask)), i64.shl(i64.and(from, i64.const(mask)), bits));
  };
  return i64.rotl(swap(swap(word, 8, 0x00ff00ff00ff00ffn), 16, 0x0000ffff0000ffffn), 32);
}
