import { type I32, i32 } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { ed25519Field, ed25519Order } from '../curves/ed25519.js';
import { type Bounds, boundsWithin, limbsValue } from '../field/bounds.js';
import { interval, OverflowError } from '../field/interval.js';
import { limbsOf, mod } from '../field/modulus.js';
import { PairField, type Register } from '../field/pair-field.js';
import { ScalarField } from '../field/scalar-field.js';

/** Memory that belongs together, so that it can be cleared at once. */
export interface Arena {
  readonly address: number;
  readonly length: number;
  /** Reserves part of it, a multiple of 16 octets. */
  allocate(length: number): number;
}

export function arena(module: ModuleBuilder, length: number): Arena {
  const address = module.allocate(length);
  let top = address;
  return {
    address,
    length,
    allocate: (octets) => {
      const at = top;
      top += Math.ceil(octets / 16) * 16;
      if (top > address + length) throw new RangeError(`Cannot allocate ${octets} octets: the arena is too small`);
      return at;
    },
  };
}

/** What all parts of the kernel compute with. */
export interface Context {
  readonly module: ModuleBuilder;
  readonly pairs: PairField;
  readonly field: ScalarField;
  readonly order: ScalarField;
  /** Scratch of functions that signing shares with verifying. */
  readonly scratch: Arena;
}

export const createContext = (module: ModuleBuilder, simd: boolean): Context => ({
  module,
  pairs: new PairField(module, ed25519Field, simd),
  field: new ScalarField(module, ed25519Field),
  order: new ScalarField(module, ed25519Order),
  scratch: arena(module, 6144),
});

/** Limbs about as long as they should be, and the last below a power of two. */
const boundsBelow = (top: bigint): Bounds => {
  const last = ed25519Field.limbs - 1;
  const limbs = Array.from({ length: last + 1 }, (_, k) =>
    k < last ? interval(-(1n << 17n), (1n << 29n) + (1n << 17n)) : interval(-top, top),
  );
  return { limbs, value: limbsValue(ed25519Field, limbs) };
};

/** Products: hardly above the modulus. */
export const PRODUCT: Bounds = /* @__PURE__ */ boundsBelow(2n ** 23n);
/** Coordinates: products, and what the first steps begin with. */
export const CARRIED: Bounds = /* @__PURE__ */ boundsBelow(2n ** 26n);
/** Niels points: sums of two products, once carried. Their own sums fit {@link CARRIED}. */
export const NIELS: Bounds = /* @__PURE__ */ boundsBelow(2n ** 24n + 2n ** 18n);
/** Cached points: sums of two coordinates, once carried. */
export const CACHED: Bounds = /* @__PURE__ */ boundsBelow(2n ** 27n + 2n ** 18n);

/** Forgets how exactly bounds are known: what a loop or another function may find in these registers fits the bounds given. */
export function settle(registers: readonly Register[], bounds: Bounds = CARRIED): void {
  for (const register of registers) {
    if (!boundsWithin(register.bounds, bounds)) throw new OverflowError('Cannot leave limbs that are not carried');
    register.bounds = bounds;
  }
}

/** Constants side by side, as pairs are stored. */
export const pairConstant = (context: Context, first: bigint, second: bigint = first): Register =>
  context.pairs.register(pairConstants(context, [[first, second]]), CARRIED);

/** Address of several such, one after another. */
export function pairConstants({ module, pairs }: Context, values: readonly (readonly [bigint, bigint])[]): number {
  const { byteLength } = pairs;
  const octets = new Int32Array((values.length * byteLength) / 4);
  for (const [i, lanes] of values.entries())
    for (const [lane, value] of lanes.entries())
      for (const [k, limb] of limbsOf(mod(value, ed25519Field.value), ed25519Field).entries())
        octets[(i * byteLength) / 4 + 2 * k + lane] = Number(limb);
  return module.data(new Uint8Array(octets.buffer));
}

/** `address + offset`, added when the code is made where it can be. */
export const at = (address: I32 | number, offset: number): I32 =>
  typeof address === 'number'
    ? i32.const(address + offset)
    : offset === 0
      ? address
      : i32.add(address, i32.const(offset));

/** Lists of registers by their length. */
export interface Registers {
  readonly 1: readonly [Register];
  readonly 2: readonly [Register, Register];
  readonly 3: readonly [Register, Register, Register];
  readonly 4: readonly [Register, Register, Register, Register];
  readonly 6: readonly [Register, Register, Register, Register, Register, Register];
  readonly 7: readonly [Register, Register, Register, Register, Register, Register, Register];
}

/** Registers one after another. */
export const registersAt = <N extends keyof Registers>(
  { pairs }: Context,
  address: I32 | number,
  count: N,
  bounds: Bounds = CARRIED,
): Registers[N] =>
  Array.from({ length: count }, (_, i) =>
    pairs.register(at(address, i * pairs.byteLength), bounds),
  ) as unknown as Registers[N]; // as many as the length says

/** Registers of their own, one after another. */
export const scratchRegisters = <N extends keyof Registers>(context: Context, count: N): Registers[N] =>
  registersAt(context, context.scratch.allocate(count * context.pairs.byteLength), count);

/** A loop over `count` addresses that lie `stride` octets apart; the count is known when the code is made. */
export function forEachAddress(
  f: FunctionBuilder,
  from: I32 | number,
  count: number,
  stride: number,
  body: (address: I32) => void,
): void {
  const address = f.local('i32');
  f.forUp(address, at(from, 0), at(from, count * stride), stride, () => body(address));
}
