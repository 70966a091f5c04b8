import { type Effect, type Expression, type I32, i32, i64, type V128, type ValueType } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { v128 } from '../asm/vector.js';
import type { WordSize } from './constants.js';

type Binary<T extends ValueType> = (a: Expression<T>, b: Expression<T>) => Expression<T>;
type Shift<T extends ValueType> = (a: Expression<T>, count: number) => Expression<T>;

/**
 * Words as the functions of SHA-2 handle them: of one message, or of several, the same word of each beside the others in
 * the lanes of a vector. In memory too the lanes of a word stand beside each other, each in the machine's order of octets.
 */
export interface Words<T extends ValueType = ValueType> {
  readonly type: T;
  /** Octets of one lane. */
  readonly size: WordSize;
  /** How many messages go side by side. */
  readonly lanes: number;
  /** Octets of all lanes: the distance from one word to the next in memory. */
  readonly stride: number;
  readonly add: Binary<T>;
  readonly xor: Binary<T>;
  readonly and: Binary<T>;
  readonly or: Binary<T>;
  readonly shl: Shift<T>;
  readonly shrU: Shift<T>;
  readonly rotr: Shift<T>;
  /** The same number in every lane. */
  readonly const: (value: bigint) => Expression<T>;
  readonly load: (address: I32, offset?: number) => Expression<T>;
  /** One word of memory into every lane. */
  readonly loadSplat: (address: I32, offset?: number) => Expression<T>;
  readonly store: (address: I32, offset: number, value: Expression<T>) => Effect;
  /** Between the machine's order of octets and the order of a message, within each lane. */
  readonly swap: (f: FunctionBuilder, a: Expression<T>) => Expression<T>;
  /** Big-endian words of the messages, lane `i` from `address + offset + i * distance`. */
  readonly gather: (f: FunctionBuilder, address: I32, offset: number, distance: number) => Expression<T>;
  /** The reverse of `gather`. */
  readonly scatter: (f: FunctionBuilder, address: I32, offset: number, distance: number, a: Expression<T>) => void;
}

/** SHA-256, one message. */
export const words32: Words<'i32'> = {
  ...i32,
  type: 'i32',
  size: 4,
  lanes: 1,
  stride: 4,
  const: (value) => i32.const(Number(BigInt.asIntN(32, value))),
  loadSplat: i32.load,
  swap: swap32,
  gather: (f, address, offset) => swap32(f, i32.load(address, offset)),
  scatter: (f, address, offset, _distance, a) => f.do(i32.store(address, offset, swap32(f, a))),
};

/** SHA-384 and SHA-512, one message. */
export const words64: Words<'i64'> = {
  ...i64,
  type: 'i64',
  size: 8,
  lanes: 1,
  stride: 8,
  loadSplat: i64.load,
  swap: swap64,
  gather: (f, address, offset) => swap64(f, i64.load(address, offset)),
  scatter: (f, address, offset, _distance, a) => f.do(i64.store(address, offset, swap64(f, a))),
};

/** SHA-256, four messages. */
export const words32x4: Words<'v128'> = {
  ...vectorWords(4),
  add: v128.i32x4Add,
  shl: v128.i32x4Shl,
  shrU: v128.i32x4ShrU,
  rotr: (a, count) => v128.or(v128.i32x4ShrU(a, count), v128.i32x4Shl(a, 32 - count)),
  const: (value) => v128.i32x4Const(...fill(4, Number(BigInt.asIntN(32, value)))),
  loadSplat: v128.load32Splat,
  gather: (f, address, offset, distance) => {
    const lane = (i: number) => i32.load(address, offset + i * distance);
    const first = v128.load32Zero(address, offset);
    return swapLanes(
      f,
      [1, 2, 3].reduce((a, i) => v128.i32x4Replace(a, i, lane(i)), first),
      4,
    );
  },
  scatter: (f, address, offset, distance, a) => {
    const swapped = f.let(swapLanes(f, a, 4));
    for (let i = 0; i < 4; i++) f.do(i32.store(address, offset + i * distance, v128.i32x4Extract(swapped, i)));
  },
};

/** SHA-384 and SHA-512, two messages. */
export const words64x2: Words<'v128'> = {
  ...vectorWords(8),
  add: v128.i64x2Add,
  shl: v128.i64x2Shl,
  shrU: v128.i64x2ShrU,
  rotr: (a, count) => v128.or(v128.i64x2ShrU(a, count), v128.i64x2Shl(a, 64 - count)),
  const: (value) => v128.i64x2Const(...fill(2, value)),
  loadSplat: v128.load64Splat,
  gather: (f, address, offset, distance) => {
    const first = v128.load64Zero(address, offset);
    return swapLanes(f, v128.i64x2Replace(first, 1, i64.load(address, offset + distance)), 8);
  },
  scatter: (f, address, offset, distance, a) => {
    const swapped = f.let(swapLanes(f, a, 8));
    for (let i = 0; i < 2; i++) f.do(v128.store64Lane(address, offset + i * distance, swapped, i));
  },
};

function vectorWords(
  size: WordSize,
): Pick<Words<'v128'>, 'type' | 'size' | 'lanes' | 'stride' | 'xor' | 'and' | 'or' | 'load' | 'store' | 'swap'> {
  const { xor, and, or, load, store } = v128;
  const swap: Words<'v128'>['swap'] = (f, a) => swapLanes(f, a, size);
  return { type: 'v128', size, lanes: 16 / size, stride: 16, xor, and, or, load, store, swap };
}

function swap32(f: FunctionBuilder, a: I32): I32 {
  const word = f.let(a);
  return i32.or(i32.and(i32.rotl(word, 8), i32.const(0x00ff00ff)), i32.and(i32.rotr(word, 8), i32.const(0xff00ff00)));
}

function swap64(f: FunctionBuilder, a: Expression<'i64'>): Expression<'i64'> {
  const halves = f.let(i64.rotl(a, 32));
  const pairs = f.let(swapNeighbours(halves, 16, 0x0000_ffff_0000_ffffn));
  return swapNeighbours(pairs, 8, 0x00ff_00ff_00ff_00ffn);
}

const swapNeighbours = (a: Expression<'i64'>, bits: number, low: bigint): Expression<'i64'> =>
  i64.or(i64.shl(i64.and(a, i64.const(low)), bits), i64.and(i64.shrU(a, bits), i64.const(low)));

function swapLanes(f: FunctionBuilder, a: V128, size: WordSize): V128 {
  const word = f.let(a);
  const order = Array.from({ length: 16 }, (_, i) => i ^ (size - 1));
  return v128.shuffle(word, word, order);
}

function fill(count: 4, value: number): readonly [number, number, number, number];
function fill(count: 2, value: bigint): readonly [bigint, bigint];
function fill(count: number, value: unknown): readonly unknown[] {
  return Array.from({ length: count }, () => value);
}
