import { type Code, signedLeb, unsignedLeb } from './leb.js';

/** The types of WebAssembly values that the kernels use. */
export type ValueType = 'i32' | 'i64' | 'v128';

/** Instructions that leave one value of type `T` on the stack. */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: Code;
}

/** A variable or parameter of a function; as an expression, its value. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number;
}

export type I32 = Expression<'i32'>;
export type I64 = Expression<'i64'>;
export type V128 = Expression<'v128'>;

/** Instructions that leave nothing on the stack. */
export interface Effect {
  readonly effect: Code;
}

type Unary<A extends ValueType, R extends ValueType = A> = (a: Expression<A>) => Expression<R>;
type Binary<A extends ValueType, R extends ValueType = A> = (a: Expression<A>, b: Expression<A>) => Expression<R>;
/** By a number of bits that is known when the code is made. */
type Shift<T extends ValueType> = (a: Expression<T>, count: number) => Expression<T>;
/** `offset` is unsigned and added to `address`, in octets. */
type Load<T extends ValueType> = (address: I32, offset?: number) => Expression<T>;
type Store<T extends ValueType> = (address: I32, offset: number, value: Expression<T>) => Effect;

/** What both integer types have. There is no division: its time depends on its operands. */
interface Integer<T extends 'i32' | 'i64'> {
  readonly add: Binary<T>;
  readonly sub: Binary<T>;
  readonly mul: Binary<T>;
  readonly and: Binary<T>;
  readonly or: Binary<T>;
  readonly xor: Binary<T>;
  readonly shl: Shift<T>;
  readonly shrS: Shift<T>;
  readonly shrU: Shift<T>;
  readonly rotl: Shift<T>;
  readonly rotr: Shift<T>;
  /** 1 when the operand is zero, otherwise 0. */
  readonly eqz: Unary<T, 'i32'>;
  readonly eq: Binary<T, 'i32'>;
  readonly ne: Binary<T, 'i32'>;
  readonly ltS: Binary<T, 'i32'>;
  readonly ltU: Binary<T, 'i32'>;
  readonly gtS: Binary<T, 'i32'>;
  readonly gtU: Binary<T, 'i32'>;
  readonly leU: Binary<T, 'i32'>;
  readonly geS: Binary<T, 'i32'>;
  readonly geU: Binary<T, 'i32'>;
  readonly load: Load<T>;
  readonly store: Store<T>;
}

interface Integer32 extends Integer<'i32'> {
  readonly const: (value: number) => I32;
  /** The low half of an i64. */
  readonly wrap: Unary<'i64', 'i32'>;
  readonly load8U: Load<'i32'>;
  readonly load8S: Load<'i32'>;
  readonly load16U: Load<'i32'>;
  readonly store8: Store<'i32'>;
  /** By a number of bits that is not known before: for public operands. */
  readonly shrUBy: Binary<'i32'>;
  readonly store16: Store<'i32'>;
}

interface Integer64 extends Integer<'i64'> {
  readonly const: (value: bigint | number) => I64;
  readonly extendS: Unary<'i32', 'i64'>;
  readonly extendU: Unary<'i32', 'i64'>;
  readonly load32S: Load<'i64'>;
  readonly load32U: Load<'i64'>;
  readonly store32: Store<'i64'>;
}

const unary =
  <A extends ValueType, R extends ValueType>(type: R, opcode: number): Unary<A, R> =>
  (a) => ({ type, code: [a.code, opcode] });

const binary =
  <A extends ValueType, R extends ValueType>(type: R, opcode: number): Binary<A, R> =>
  (a, b) => ({ type, code: [a.code, b.code, opcode] });

const shift =
  <T extends 'i32' | 'i64'>(type: T, opcode: number): Shift<T> =>
  (a, count) => ({ type, code: [a.code, type === 'i32' ? 0x41 : 0x42, signedLeb(count), opcode] });

const load =
  <T extends ValueType>(type: T, ...opcode: readonly number[]): Load<T> =>
  (address, offset = 0) => ({ type, code: [address.code, opcode, 0, unsignedLeb(offset)] });

export const store =
  <T extends ValueType>(...opcode: readonly number[]): Store<T> =>
  (address, offset, value) => ({ effect: [address.code, value.code, opcode, 0, unsignedLeb(offset)] });

/** Opcodes that the two integer types have in the same order. */
const integer = <T extends 'i32' | 'i64'>(
  type: T,
  arithmetic: number,
  comparison: number,
): Omit<Integer<T>, 'load' | 'store'> => ({
  add: binary<T, T>(type, arithmetic),
  sub: binary<T, T>(type, arithmetic + 1),
  mul: binary<T, T>(type, arithmetic + 2),
  and: binary<T, T>(type, arithmetic + 7),
  or: binary<T, T>(type, arithmetic + 8),
  xor: binary<T, T>(type, arithmetic + 9),
  shl: shift(type, arithmetic + 10),
  shrS: shift(type, arithmetic + 11),
  shrU: shift(type, arithmetic + 12),
  rotl: shift(type, arithmetic + 13),
  rotr: shift(type, arithmetic + 14),
  eqz: unary<T, 'i32'>('i32', comparison),
  eq: binary<T, 'i32'>('i32', comparison + 1),
  ne: binary<T, 'i32'>('i32', comparison + 2),
  ltS: binary<T, 'i32'>('i32', comparison + 3),
  ltU: binary<T, 'i32'>('i32', comparison + 4),
  gtS: binary<T, 'i32'>('i32', comparison + 5),
  gtU: binary<T, 'i32'>('i32', comparison + 6),
  leU: binary<T, 'i32'>('i32', comparison + 8),
  geS: binary<T, 'i32'>('i32', comparison + 9),
  geU: binary<T, 'i32'>('i32', comparison + 10),
});

export const i32: Integer32 = {
  ...integer('i32', 0x6a, 0x45),
  const: (value) => ({ type: 'i32', code: [0x41, signedLeb(value | 0)] }),
  wrap: unary<'i64', 'i32'>('i32', 0xa7),
  load: load('i32', 0x28),
  load8S: load('i32', 0x2c),
  load8U: load('i32', 0x2d),
  load16U: load('i32', 0x2f),
  store: store(0x36),
  store8: store(0x3a),
  shrUBy: binary<'i32', 'i32'>('i32', 0x76),
  store16: store(0x3b),
};

export const i64: Integer64 = {
  ...integer('i64', 0x7c, 0x50),
  const: (value) => ({ type: 'i64', code: [0x42, signedLeb(BigInt.asIntN(64, BigInt(value)))] }),
  extendS: unary<'i32', 'i64'>('i64', 0xac),
  extendU: unary<'i32', 'i64'>('i64', 0xad),
  load: load('i64', 0x29),
  load32S: load('i64', 0x34),
  load32U: load('i64', 0x35),
  store: store(0x37),
  store32: store(0x3e),
};

/** `then` where the condition is not zero, else `otherwise`; both are evaluated. */
export const select = <T extends 'i32' | 'i64'>(
  then: Expression<T>,
  otherwise: Expression<T>,
  condition: I32,
): Expression<T> => ({
  type: then.type,
  code: [then.code, otherwise.code, condition.code, 0x1b],
});

/** Sets `length` octets from `address` to zero. */
export const zero = (address: I32, length: I32): Effect => ({
  effect: [address.code, i32.const(0).code, length.code, 0xfc, 11, 0],
});

/** Copies `length` octets; the two may overlap. */
export const copy = (target: I32, source: I32, length: I32): Effect => ({
  effect: [target.code, source.code, length.code, 0xfc, 10, 0, 0],
});

/** Grows the memory by pages of 64 KiB; how many there were before, or -1 when it cannot grow. */
export const growMemory = (pages: I32): I32 => ({ type: 'i32', code: [pages.code, 0x40, 0] });
