/** What follows an opcode in the octets of a module. */
export type Immediate =
  | 'none'
  | 'local'
  | 'function'
  | 'label'
  | 'labels'
  | 'block'
  | 'signed'
  | 'memory'
  | 'lane'
  | 'memory lane'
  | 'sixteen octets'
  | 'zero'
  | 'two zeros';

/**
 * What an instruction does with its operands, for the question where secrets may go:
 * - `compute`: takes them to one result, in a time that does not depend on them.
 * - `shift`: the same, but the count on top of the stack may matter.
 * - `divide`: takes a time that depends on them.
 * - `select`: an engine may make a branch of the condition on top.
 * - `load`, `store`: the lowest is an address.
 * - `bulk`: addresses, a length or an octet to fill with, and no result; or the size of the memory.
 * - `local`, `control`: told apart by their names.
 */
export type Kind = 'compute' | 'shift' | 'divide' | 'select' | 'load' | 'store' | 'bulk' | 'local' | 'control';

/** One instruction of the WebAssembly core specification. */
export interface InstructionType {
  readonly name: string;
  readonly kind: Kind;
  readonly immediate: Immediate;
  /** How many values it takes from the stack. */
  readonly operands: number;
  /** How many it leaves. */
  readonly results: number;
}

type Row = readonly [
  opcode: number,
  kind: Kind,
  operands: number,
  results: number,
  immediate: Immediate,
  consecutive: string,
];

const INTEGER = 'add sub mul';
const BITS = 'and or xor';
const SHIFTS = 'shl shr_s shr_u rotl rotr';
const DIVISIONS = 'div_s div_u rem_s rem_u';
const COMPARISONS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';

const of = (prefix: string, names: string): string =>
  names
    .split(' ')
    .map((name) => `${prefix}.${name}`)
    .join(' ');

/** WebAssembly core specification §5.4.1 to §5.4.7: what audited kernels may contain. Anything else is refused. */
const plain: readonly Row[] = [
  [0x00, 'control', 0, 0, 'none', 'unreachable nop'],
  [0x02, 'control', 0, 0, 'block', 'block loop if'],
  [0x05, 'control', 0, 0, 'none', 'else'],
  [0x0b, 'control', 0, 0, 'none', 'end'],
  [0x0c, 'control', 0, 0, 'label', 'br br_if'],
  [0x0e, 'control', 0, 0, 'labels', 'br_table'],
  [0x0f, 'control', 0, 0, 'none', 'return'],
  [0x10, 'control', 0, 0, 'function', 'call'],
  [0x1a, 'control', 1, 0, 'none', 'drop'],
  [0x1b, 'select', 3, 1, 'none', 'select'],
  [0x20, 'local', 0, 1, 'local', 'local.get'],
  [0x21, 'local', 1, 0, 'local', 'local.set'],
  [0x22, 'local', 1, 1, 'local', 'local.tee'],
  [0x28, 'load', 1, 1, 'memory', 'i32.load i64.load'],
  [0x2c, 'load', 1, 1, 'memory', of('i32', 'load8_s load8_u load16_s load16_u')],
  [0x30, 'load', 1, 1, 'memory', of('i64', 'load8_s load8_u load16_s load16_u load32_s load32_u')],
  [0x36, 'store', 2, 0, 'memory', 'i32.store i64.store'],
  [0x3a, 'store', 2, 0, 'memory', 'i32.store8 i32.store16 i64.store8 i64.store16 i64.store32'],
  [0x3f, 'bulk', 0, 1, 'zero', 'memory.size'],
  [0x40, 'bulk', 1, 1, 'zero', 'memory.grow'],
  [0x41, 'compute', 0, 1, 'signed', 'i32.const i64.const'],
  [0x45, 'compute', 1, 1, 'none', 'i32.eqz'],
  [0x46, 'compute', 2, 1, 'none', of('i32', COMPARISONS)],
  [0x50, 'compute', 1, 1, 'none', 'i64.eqz'],
  [0x51, 'compute', 2, 1, 'none', of('i64', COMPARISONS)],
  [0x6a, 'compute', 2, 1, 'none', of('i32', INTEGER)],
  [0x6d, 'divide', 2, 1, 'none', of('i32', DIVISIONS)],
  [0x71, 'compute', 2, 1, 'none', of('i32', BITS)],
  [0x74, 'shift', 2, 1, 'none', of('i32', SHIFTS)],
  [0x7c, 'compute', 2, 1, 'none', of('i64', INTEGER)],
  [0x7f, 'divide', 2, 1, 'none', of('i64', DIVISIONS)],
  [0x83, 'compute', 2, 1, 'none', of('i64', BITS)],
  [0x86, 'shift', 2, 1, 'none', of('i64', SHIFTS)],
  [0xa7, 'compute', 1, 1, 'none', 'i32.wrap_i64'],
  [0xac, 'compute', 1, 1, 'none', 'i64.extend_i32_s i64.extend_i32_u'],
];

/** Behind the octet 0xfc. */
const bulk: readonly Row[] = [
  [10, 'bulk', 3, 0, 'two zeros', 'memory.copy'],
  [11, 'bulk', 3, 0, 'zero', 'memory.fill'],
];

const UNSIGNED_WIDENING = 'low_S_s high_S_s low_S_u high_S_u';
const widening = (to: string, verb: string, from: string): string =>
  of(to, UNSIGNED_WIDENING.replaceAll('low', `${verb}_low`).replaceAll('high', `${verb}_high`).replaceAll('S', from));

/** Behind the octet 0xfd: vectors of integers. */
const vectors: readonly Row[] = [
  [0, 'load', 1, 1, 'memory', of('v128', 'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u')],
  [7, 'load', 1, 1, 'memory', of('v128', 'load8_splat load16_splat load32_splat load64_splat')],
  [11, 'store', 2, 0, 'memory', 'v128.store'],
  [12, 'compute', 0, 1, 'sixteen octets', 'v128.const'],
  [13, 'compute', 2, 1, 'sixteen octets', 'i8x16.shuffle'],
  [14, 'compute', 2, 1, 'none', 'i8x16.swizzle'],
  [15, 'compute', 1, 1, 'none', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat'],
  [21, 'compute', 1, 1, 'lane', 'i8x16.extract_lane_s i8x16.extract_lane_u'],
  [23, 'compute', 2, 1, 'lane', 'i8x16.replace_lane'],
  [24, 'compute', 1, 1, 'lane', 'i16x8.extract_lane_s i16x8.extract_lane_u'],
  [26, 'compute', 2, 1, 'lane', 'i16x8.replace_lane'],
  [27, 'compute', 1, 1, 'lane', 'i32x4.extract_lane'],
  [28, 'compute', 2, 1, 'lane', 'i32x4.replace_lane'],
  [29, 'compute', 1, 1, 'lane', 'i64x2.extract_lane'],
  [30, 'compute', 2, 1, 'lane', 'i64x2.replace_lane'],
  [35, 'compute', 2, 1, 'none', of('i8x16', COMPARISONS)],
  [45, 'compute', 2, 1, 'none', of('i16x8', COMPARISONS)],
  [55, 'compute', 2, 1, 'none', of('i32x4', COMPARISONS)],
  [77, 'compute', 1, 1, 'none', 'v128.not'],
  [78, 'compute', 2, 1, 'none', 'v128.and v128.andnot v128.or v128.xor'],
  [82, 'compute', 3, 1, 'none', 'v128.bitselect'],
  [83, 'compute', 1, 1, 'none', 'v128.any_true'],
  [84, 'load', 2, 1, 'memory lane', of('v128', 'load8_lane load16_lane load32_lane load64_lane')],
  [88, 'store', 2, 0, 'memory lane', of('v128', 'store8_lane store16_lane store32_lane store64_lane')],
  [92, 'load', 1, 1, 'memory', 'v128.load32_zero v128.load64_zero'],
  [96, 'compute', 1, 1, 'none', 'i8x16.abs i8x16.neg'],
  [99, 'compute', 1, 1, 'none', 'i8x16.all_true i8x16.bitmask'],
  [107, 'shift', 2, 1, 'none', 'i8x16.shl i8x16.shr_s i8x16.shr_u'],
  [110, 'compute', 2, 1, 'none', 'i8x16.add'],
  [113, 'compute', 2, 1, 'none', 'i8x16.sub'],
  [131, 'compute', 1, 1, 'none', 'i16x8.all_true i16x8.bitmask'],
  [139, 'shift', 2, 1, 'none', 'i16x8.shl i16x8.shr_s i16x8.shr_u'],
  [142, 'compute', 2, 1, 'none', 'i16x8.add'],
  [145, 'compute', 2, 1, 'none', 'i16x8.sub'],
  [149, 'compute', 2, 1, 'none', 'i16x8.mul'],
  [160, 'compute', 1, 1, 'none', 'i32x4.abs i32x4.neg'],
  [163, 'compute', 1, 1, 'none', 'i32x4.all_true i32x4.bitmask'],
  [167, 'compute', 1, 1, 'none', widening('i32x4', 'extend', 'i16x8')],
  [171, 'shift', 2, 1, 'none', 'i32x4.shl i32x4.shr_s i32x4.shr_u'],
  [174, 'compute', 2, 1, 'none', 'i32x4.add'],
  [177, 'compute', 2, 1, 'none', 'i32x4.sub'],
  [181, 'compute', 2, 1, 'none', of('i32x4', 'mul min_s min_u max_s max_u dot_i16x8_s')],
  [188, 'compute', 2, 1, 'none', widening('i32x4', 'extmul', 'i16x8')],
  [192, 'compute', 1, 1, 'none', 'i64x2.abs i64x2.neg'],
  [195, 'compute', 1, 1, 'none', 'i64x2.all_true i64x2.bitmask'],
  [199, 'compute', 1, 1, 'none', widening('i64x2', 'extend', 'i32x4')],
  [203, 'shift', 2, 1, 'none', 'i64x2.shl i64x2.shr_s i64x2.shr_u'],
  [206, 'compute', 2, 1, 'none', 'i64x2.add'],
  [209, 'compute', 2, 1, 'none', 'i64x2.sub'],
  [213, 'compute', 2, 1, 'none', of('i64x2', 'mul eq ne lt_s gt_s le_s ge_s')],
  [220, 'compute', 2, 1, 'none', widening('i64x2', 'extmul', 'i32x4')],
];

/** Instructions by opcode: `undefined` is the plain octet, otherwise the octet that comes before. */
export const instructionTypes: ReadonlyMap<number | undefined, ReadonlyMap<number, InstructionType>> = new Map([
  [undefined, numbered(plain)],
  [0xfc, numbered(bulk)],
  [0xfd, numbered(vectors)],
]);

function numbered(rows: readonly Row[]): ReadonlyMap<number, InstructionType> {
  const types = new Map<number, InstructionType>();
  for (const [first, kind, operands, results, immediate, names] of rows)
    for (const [i, name] of names.split(' ').entries()) {
      if (types.has(first + i)) throw new RangeError(`Cannot number ${name}: opcode ${first + i} is taken`);
      types.set(first + i, { name, kind, immediate, operands, results });
    }
  return types;
}
