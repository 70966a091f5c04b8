import { type Expression, type I32, type I64, i32, i64, type Local } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import {
  type Bounds,
  canonical,
  constantBounds,
  differenceBounds,
  normalized,
  productBounds,
  requireStorable,
  sumBounds,
} from './bounds.js';
import { interval, OverflowError } from './interval.js';
import { limbMask, limbsOf, type Modulus, mod, radix } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';
import { scalarOperations } from './operations.js';
import type { Register } from './pair-field.js';
import { type Inversion, inverseOfLowest, safegcd } from './safegcd.js';

/** Operands of {@link ScalarField.invert}. */
export interface Inverting {
  readonly field: ScalarField;
  readonly target: Register;
  readonly a: Register;
  readonly factor: Register;
}

/** Arithmetic on single elements: limbs of 64 bits in memory, Montgomery products, bounds tracked as they are made. */
export class ScalarField {
  readonly modulus: Modulus;
  /** Octets of an element. */
  readonly byteLength: number;
  readonly #module: ModuleBuilder;
  readonly #mul: FunctionReference;
  #sqr: FunctionReference | undefined;
  #add: FunctionReference | undefined;
  #sub: FunctionReference | undefined;
  #freeze: { readonly run: FunctionReference; readonly multiples: number } | undefined;
  #copy: FunctionReference | undefined;
  #inversion: Inversion | undefined;
  readonly #constants = new Map<bigint, number>();

  readonly #sibling: ScalarField | undefined;

  readonly #inLanes: boolean;

  /**
   * @param inLanes - Whether two numbers that are inverted at once are in the lanes of vectors.
   * @param sibling - A field of as many bits and limbs, to share the functions that invert.
   */
  constructor(module: ModuleBuilder, modulus: Modulus, inLanes: boolean = false, sibling?: ScalarField) {
    this.#inLanes = inLanes;
    this.#sibling = sibling;
    this.#module = module;
    this.modulus = modulus;
    this.byteLength = 8 * modulus.limbs;
    const { name } = modulus;
    this.#mul = module.function(`${name}.mul`, ['i32', 'i32', 'i32'], [], (f, target, a, b) =>
      this.#store(f, target, montgomeryProduct(scalarOperations(f), modulus, this.load(f, a), this.load(f, b))),
    );
  }

  register(address: I32 | number, bounds: Bounds): Register {
    return { address: typeof address === 'number' ? i32.const(address) : address, bounds };
  }

  /** A register of its own in memory. */
  allocate(bounds: Bounds = canonical(this.modulus)): Register {
    return this.register(this.#module.allocate(this.byteLength, 8), bounds);
  }

  /** A number below the modulus as it stands, in constant memory. */
  constant(value: bigint): Register {
    const residue = mod(value, this.modulus.value);
    let address = this.#constants.get(residue);
    if (address === undefined) {
      address = this.#module.data(octetsOf(limbsOf(residue, this.modulus)), 8);
      this.#constants.set(residue, address);
    }
    return this.register(address, canonical(this.modulus));
  }

  /** A number of any size as it stands, in constant memory. */
  literal(value: bigint): Register {
    const address = this.#module.data(octetsOf(limbsOf(value, this.modulus)), 8);
    return this.register(address, constantBounds(value, this.modulus));
  }

  /** R²: a product with it puts what stands as it is into Montgomery form. */
  get montgomeryRadixSquared(): bigint {
    return radix(this.modulus) ** 2n;
  }

  /** The same in the Montgomery form, in which products are products. */
  montgomeryConstant(value: bigint): Register {
    return this.constant(value * radix(this.modulus));
  }

  mul(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = productBounds(this.modulus, 'scalar', a.bounds, b.bounds);
    f.run(this.#mul, target.address, a.address, b.address);
  }

  sqr(f: FunctionBuilder, target: Register, a: Register): void {
    target.bounds = productBounds(this.modulus, 'scalar', a.bounds, undefined);
    this.#sqr ??= this.#module.function(`${this.modulus.name}.sqr`, ['i32', 'i32'], [], (g, d, x) =>
      this.#store(g, d, montgomeryProduct(scalarOperations(g), this.modulus, this.load(g, x), undefined)),
    );
    f.run(this.#sqr, target.address, a.address);
  }

  /** The sum, carried. */
  add(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = this.#carried(sumBounds(a.bounds, b.bounds));
    this.#add ??= this.#limbwise('add', i64.add);
    f.run(this.#add, target.address, a.address, b.address);
  }

  /** The difference, carried; negative where `b` is greater. */
  sub(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = this.#carried(differenceBounds(a.bounds, b.bounds));
    this.#sub ??= this.#limbwise('sub', i64.sub);
    f.run(this.#sub, target.address, a.address, b.address);
  }

  copy(f: FunctionBuilder, target: Register, a: Register): void {
    target.bounds = a.bounds;
    this.#copy ??= this.#module.function(`${this.modulus.name}.copy`, ['i32', 'i32'], [], (g, d, x) =>
      this.#store(g, d, this.load(g, x)),
    );
    f.run(this.#copy, target.address, a.address);
  }

  /** The residue itself, from 0 to the modulus less one. The further the number can be from it, the longer it takes. */
  freeze(f: FunctionBuilder, target: Register, a: Register): void {
    const { low, high } = a.bounds.value;
    const { value } = this.modulus;
    const raise = low < 0n ? (value - 1n - low) / value : 0n;
    const range = (high + raise * value) / value;
    // How many times a power of two times the modulus is subtracted where that leaves no less than zero.
    const steps = range === 0n ? 0 : range.toString(2).length;
    this.#freeze ??= this.#freezing();
    const { run, multiples } = this.#freeze;
    if (steps > MOST_FREEZE_STEPS)
      throw new OverflowError(`Overflow: ${high} is too far from the modulus to be frozen`);
    const end = multiples + MOST_FREEZE_STEPS * this.byteLength;
    const start = i32.const(end - steps * this.byteLength);
    f.run(run, target.address, a.address, this.#literalMultiple(raise), start, i32.const(end));
    target.bounds = canonical(this.modulus);
  }

  readonly #raises = new Map<bigint, I32>();

  #literalMultiple(raise: bigint): I32 {
    const known = this.#raises.get(raise) ?? this.literal(raise * this.modulus.value).address;
    this.#raises.set(raise, known);
    return known;
  }

  /** A function (target, source, what is added, first and end of the multiples that are subtracted). */
  #freezing(): { readonly run: FunctionReference; readonly multiples: number } {
    const powers = Array.from({ length: MOST_FREEZE_STEPS }, (_, k) => MOST_FREEZE_STEPS - 1 - k);
    const table = powers.flatMap((power) => [...limbsOf(this.modulus.value << BigInt(power), this.modulus)]);
    const multiples = this.#module.data(octetsOf(table), 8);
    const parameters = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
    const name = `${this.modulus.name}.freeze`;
    const run = this.#module.function(name, parameters, [], (f, target, a, raise, first, end) => {
      const raised = this.load(f, a).map((limb, k) => i64.add(limb, i64.load(raise, 8 * k)));
      const limbs = this.#carry(f, raised).map((limb) => f.let(limb));
      const multiple = f.let(first);
      f.if(i32.ltS(first, end), () =>
        f.forUp(multiple, first, end, this.byteLength, () => {
          const less = this.#carry(
            f,
            limbs.map((limb, k) => i64.sub(limb, i64.load(multiple, 8 * k))),
          );
          const negative = f.let(i64.shrS(less.at(-1)!, 63));
          for (const [k, limb] of limbs.entries())
            f.set(limb, i64.xor(less[k]!, i64.and(negative, i64.xor(limb, less[k]!))));
        }),
      );
      this.#store(f, target, limbs);
    });
    return { run, multiples };
  }

  /** Made when it is first asked for. */
  get inversion(): Inversion {
    this.#inversion ??= this.#sibling?.inversion ?? safegcd(this.#module, this.modulus, this.#inLanes);
    if (this.#inversion.bits !== this.modulus.value.toString(2).length)
      throw new TypeError(`Cannot invert modulo ${this.modulus.name}: its sibling has another length`);
    return this.#inversion;
  }

  /**
   * The inverse of a residue, times a constant: with the factor R² it turns what stands as it is into its inverse in
   * Montgomery form, with R³ both are in Montgomery form. The inverse of zero is zero.
   */
  invert(f: FunctionBuilder, target: Register, a: Register, factor: Register): void {
    f.run(this.inversion.run, ...this.#toInvert(f, target, a));
    this.#inverted(f, target, factor);
  }

  /** {@link invert} of two residues, of fields that share their inversion: less time than for one after the other. */
  static invertBoth(f: FunctionBuilder, first: Inverting, second: Inverting): void {
    const both = [first, second];
    const operands = both.flatMap(({ field, target, a }) => field.#toInvert(f, target, a));
    if (first.field.inversion !== second.field.inversion)
      throw new TypeError('Cannot invert at once: the fields have inversions of their own');
    f.run(first.field.inversion.runBoth, ...operands);
    for (const { field, target, factor } of both) field.#inverted(f, target, factor);
  }

  /** Operands of the function that inverts in place. */
  #toInvert(f: FunctionBuilder, target: Register, a: Register): readonly Expression[] {
    this.freeze(f, target, a);
    return [target.address, target.address, this.#literalMultiple(1n), i64.const(inverseOfLowest(this.modulus))];
  }

  #inverted(f: FunctionBuilder, target: Register, factor: Register): void {
    const twice = 2n * this.modulus.value;
    target.bounds = normalized(this.modulus, interval(-twice, twice));
    this.mul(f, target, target, factor);
  }

  /** The factor of {@link invert} that leaves what is in Montgomery form there. */
  get inverseFactor(): Register {
    return this.constant(radix(this.modulus) ** 3n);
  }

  /** Both in Montgomery form. */
  invertMontgomery(f: FunctionBuilder, target: Register, a: Register): void {
    this.invert(f, target, a, this.inverseFactor);
  }

  /** 1 when every limb is zero: for frozen elements, when the element is. */
  isZero(f: FunctionBuilder, a: Register): I32 {
    let all: I64 = i64.load(a.address, 0);
    for (let k = 1; k < this.modulus.limbs; k++) all = i64.or(all, i64.load(a.address, 8 * k));
    return i64.eqz(f.let(all));
  }

  load(f: FunctionBuilder, address: I32): readonly Local<'i64'>[] {
    return Array.from({ length: this.modulus.limbs }, (_, k) => f.let(i64.load(address, 8 * k)));
  }

  #store(f: FunctionBuilder, address: I32, limbs: readonly I64[]): void {
    for (const [k, limb] of limbs.entries()) f.do(i64.store(address, 8 * k, limb));
  }

  #limbwise(name: string, combine: (a: I64, b: I64) => I64): FunctionReference {
    return this.#module.function(`${this.modulus.name}.${name}`, ['i32', 'i32', 'i32'], [], (f, target, a, b) => {
      const others = this.load(f, b);
      this.#store(
        f,
        target,
        this.#carry(
          f,
          this.load(f, a).map((limb, k) => combine(limb, others[k]!)),
        ),
      );
    });
  }

  #carried({ limbs, value }: Bounds): Bounds {
    requireStorable({ limbs, value }, 'scalar');
    return normalized(this.modulus, value);
  }

  /** Brings all limbs but the last into [0, 2^limbBits). */
  #carry(f: FunctionBuilder, limbs: readonly I64[]): readonly I64[] {
    let carry: I64 | undefined;
    return limbs.map((limb, k) => {
      const sum = f.let(carry === undefined ? limb : i64.add(limb, carry));
      if (k === limbs.length - 1) return sum;
      carry = i64.shrS(sum, this.modulus.limbBits);
      return f.let(i64.and(sum, i64.const(limbMask(this.modulus))));
    });
  }
}

/** The modulus 2^7 times over is as far as numbers get. */
const MOST_FREEZE_STEPS = 7;

const octetsOf = (limbs: readonly bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(limbs).buffer);
