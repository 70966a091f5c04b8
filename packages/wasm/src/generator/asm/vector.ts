import { type Effect, type Expression, type I32, store, type V128 } from './expression.js';
import { signedLeb, unsignedLeb } from './leb.js';

type VectorUnary = (a: V128) => V128;
type VectorBinary = (a: V128, b: V128) => V128;
/** By a number of bits that is known when the code is made. */
type VectorShift = (a: V128, count: number) => V128;
type VectorLoad = (address: I32, offset?: number) => V128;
type Splat<T extends 'i32' | 'i64'> = (a: Expression<T>) => V128;
type Extract<T extends 'i32' | 'i64'> = (a: V128, lane: number) => Expression<T>;
type Replace<T extends 'i32' | 'i64'> = (a: V128, lane: number, value: Expression<T>) => V128;

/** Names of operations on lanes are the standard's, without the dot. */
interface Vector {
  /** Octets in the order of memory. */
  readonly const: (octets: Uint8Array) => V128;
  readonly i32x4Const: (...lanes: readonly [number, number, number, number]) => V128;
  readonly i64x2Const: (...lanes: readonly [bigint, bigint]) => V128;
  /** Sixteen octet numbers: 0 to 15 from `a`, 16 to 31 from `b`. */
  readonly shuffle: (a: V128, b: V128, lanes: readonly number[]) => V128;
  /** Bits of `a` where the mask has ones, of `b` elsewhere. */
  readonly bitselect: (a: V128, b: V128, mask: V128) => V128;
  readonly anyTrue: (a: V128) => I32;
  /** One i64 lane. */
  readonly store64Lane: (address: I32, offset: number, value: V128, lane: number) => Effect;
  readonly i8x16Splat: Splat<'i32'>;
  readonly i32x4Splat: Splat<'i32'>;
  readonly i64x2Splat: Splat<'i64'>;
  readonly i8x16Swizzle: VectorBinary;
  readonly i32x4Extract: Extract<'i32'>;
  readonly i32x4Replace: Replace<'i32'>;
  readonly i64x2Extract: Extract<'i64'>;
  readonly i64x2Replace: Replace<'i64'>;
  readonly not: VectorUnary;
  readonly and: VectorBinary;
  readonly andnot: VectorBinary;
  readonly or: VectorBinary;
  readonly xor: VectorBinary;
  readonly i8x16Eq: VectorBinary;
  readonly i32x4Eq: VectorBinary;
  readonly i64x2Eq: VectorBinary;
  readonly i64x2LtS: VectorBinary;
  readonly i8x16Shl: VectorShift;
  readonly i8x16ShrS: VectorShift;
  readonly i8x16Add: VectorBinary;
  readonly i8x16Sub: VectorBinary;
  readonly i32x4Shl: VectorShift;
  readonly i32x4ShrS: VectorShift;
  readonly i32x4ShrU: VectorShift;
  readonly i32x4Add: VectorBinary;
  readonly i32x4Sub: VectorBinary;
  readonly i32x4Mul: VectorBinary;
  readonly i64x2Shl: VectorShift;
  readonly i64x2ShrS: VectorShift;
  readonly i64x2ShrU: VectorShift;
  readonly i64x2Add: VectorBinary;
  readonly i64x2Sub: VectorBinary;
  readonly i64x2Mul: VectorBinary;
  readonly i64x2ExtendLowI32x4S: VectorUnary;
  readonly i64x2ExtendLowI32x4U: VectorUnary;
  readonly i64x2ExtmulLowI32x4S: VectorBinary;
  readonly i64x2ExtmulLowI32x4U: VectorBinary;
  readonly load: VectorLoad;
  readonly load32Splat: VectorLoad;
  readonly load64Splat: VectorLoad;
  readonly load64Zero: VectorLoad;
  readonly load32Zero: VectorLoad;
  readonly store: (address: I32, offset: number, value: V128) => Effect;
}

const SIMD = 0xfd;

const vector = (opcode: number) => [SIMD, unsignedLeb(opcode)];

const vectorBinary =
  (opcode: number) =>
  (a: V128, b: V128): V128 => ({ type: 'v128', code: [a.code, b.code, vector(opcode)] });

const vectorUnary =
  (opcode: number) =>
  (a: V128): V128 => ({ type: 'v128', code: [a.code, vector(opcode)] });

const vectorShift =
  (opcode: number) =>
  (a: V128, count: number): V128 => ({ type: 'v128', code: [a.code, 0x41, signedLeb(count), vector(opcode)] });

const splat =
  <T extends 'i32' | 'i64'>(opcode: number) =>
  (a: Expression<T>): V128 => ({ type: 'v128', code: [a.code, vector(opcode)] });

const extract =
  <T extends 'i32' | 'i64'>(type: T, opcode: number) =>
  (a: V128, lane: number): Expression<T> => ({ type, code: [a.code, vector(opcode), lane] });

const replace =
  <T extends 'i32' | 'i64'>(opcode: number) =>
  (a: V128, lane: number, value: Expression<T>): V128 => ({
    type: 'v128',
    code: [a.code, value.code, vector(opcode), lane],
  });

const vectorLoad =
  (opcode: number) =>
  (address: I32, offset: number = 0): V128 => ({
    type: 'v128',
    code: [address.code, vector(opcode), 0, unsignedLeb(offset)],
  });

export const v128: Vector = {
  /** Octets in the order of memory. */
  const: (octets: Uint8Array): V128 => {
    if (octets.length !== 16) throw new RangeError(`Cannot make v128.const of ${octets.length} octets`);
    return { type: 'v128', code: [vector(12), [...octets]] };
  },
  i32x4Const: (...lanes: readonly [number, number, number, number]): V128 =>
    v128.const(new Uint8Array(Uint32Array.from(lanes, (lane) => lane >>> 0).buffer)),
  i64x2Const: (...lanes: readonly [bigint, bigint]): V128 =>
    v128.const(new Uint8Array(BigUint64Array.from(lanes, (lane) => BigInt.asUintN(64, lane)).buffer)),
  i8x16Splat: splat<'i32'>(15),
  i32x4Splat: splat<'i32'>(17),
  i64x2Splat: splat<'i64'>(18),
  /** Sixteen octet numbers: 0 to 15 from `a`, 16 to 31 from `b`. */
  shuffle: (a: V128, b: V128, lanes: readonly number[]): V128 => {
    if (lanes.length !== 16) throw new RangeError(`Cannot shuffle to ${lanes.length} octets`);
    return { type: 'v128', code: [a.code, b.code, vector(13), [...lanes]] };
  },
  i8x16Swizzle: vectorBinary(14),
  i32x4Extract: extract('i32', 27),
  i32x4Replace: replace<'i32'>(28),
  i64x2Extract: extract('i64', 29),
  i64x2Replace: replace<'i64'>(30),
  not: vectorUnary(77),
  and: vectorBinary(78),
  /** `a` and not `b`. */
  andnot: vectorBinary(79),
  or: vectorBinary(80),
  xor: vectorBinary(81),
  /** Bits of `a` where the mask has ones, of `b` elsewhere. */
  bitselect: (a: V128, b: V128, mask: V128): V128 => ({ type: 'v128', code: [a.code, b.code, mask.code, vector(82)] }),
  anyTrue: (a: V128): I32 => ({ type: 'i32', code: [a.code, vector(83)] }),
  i8x16Eq: vectorBinary(35),
  i32x4Eq: vectorBinary(55),
  i64x2Eq: vectorBinary(214),
  i64x2LtS: vectorBinary(216),
  i8x16Shl: vectorShift(107),
  i8x16ShrS: vectorShift(108),
  i8x16Add: vectorBinary(110),
  i8x16Sub: vectorBinary(113),
  i32x4Shl: vectorShift(0xab),
  i32x4ShrS: vectorShift(0xac),
  i32x4ShrU: vectorShift(0xad),
  i32x4Add: vectorBinary(0xae),
  i32x4Sub: vectorBinary(0xb1),
  i32x4Mul: vectorBinary(0xb5),
  i64x2Shl: vectorShift(0xcb),
  i64x2ShrS: vectorShift(0xcc),
  i64x2ShrU: vectorShift(0xcd),
  i64x2Add: vectorBinary(0xce),
  i64x2Sub: vectorBinary(0xd1),
  i64x2Mul: vectorBinary(0xd5),
  i64x2ExtendLowI32x4S: vectorUnary(0xc7),
  i64x2ExtendLowI32x4U: vectorUnary(0xc9),
  i64x2ExtmulLowI32x4S: vectorBinary(0xdc),
  i64x2ExtmulLowI32x4U: vectorBinary(0xde),
  load: vectorLoad(0),
  load32Splat: vectorLoad(9),
  load64Splat: vectorLoad(10),
  /** Eight octets into the low half, zero above. */
  load64Zero: vectorLoad(93),
  load32Zero: vectorLoad(92),
  store: store<'v128'>(SIMD, 11),
  /** One i64 lane. */
  store64Lane: (address: I32, offset: number, value: V128, lane: number): Effect => ({
    effect: [address.code, value.code, SIMD, 91, 0, unsignedLeb(offset), lane],
  }),
};
