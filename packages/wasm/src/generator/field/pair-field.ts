import { type I32, i32, i64, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import {
  type Bounds,
  differenceBounds,
  type FinishBounds,
  productBounds,
  requireStorable,
  sumBounds,
} from './bounds.js';
import type { Modulus } from './modulus.js';
import { type Finish, montgomeryProduct } from './montgomery.js';
import { pairOperations, scalarOperations } from './operations.js';

/** A place in memory that holds an element, or a pair of them, and what is known of it. */
export interface Register {
  readonly address: I32;
  /** Changed by every operation that writes here. */
  bounds: Bounds;
}

/**
 * Arithmetic on pairs: two elements whose limbs lie side by side as i32, so that one vector instruction works on both.
 * In the build without SIMD the layout is the same and the two are computed one after the other.
 *
 * Every operation tracks bounds: making the code proves that it cannot overflow.
 */
export class PairField {
  readonly modulus: Modulus;
  readonly simd: boolean;
  /** Octets of a pair, a multiple of 16. */
  readonly byteLength: number;
  readonly #mul: FunctionReference;
  readonly #sqr: FunctionReference;
  readonly #mulSub: FunctionReference;
  readonly #sqrSub2: FunctionReference;

  constructor(module: ModuleBuilder, modulus: Modulus, simd: boolean) {
    this.modulus = modulus;
    this.simd = simd;
    this.byteLength = Math.ceil((8 * modulus.limbs) / 16) * 16;
    const { name } = modulus;
    this.#mul = module.function(`${name}.mulPair`, ['i32', 'i32', 'i32'], [], (f, target, a, b) =>
      this.#product(f, target, a, b, {}),
    );
    this.#sqr = module.function(`${name}.sqrPair`, ['i32', 'i32'], [], (f, target, a) =>
      this.#product(f, target, a, undefined, {}),
    );
    this.#mulSub = module.function(`${name}.mulSubPair`, ['i32', 'i32', 'i32', 'i32'], [], (f, target, a, b, s) =>
      this.#product(f, target, a, b, { ...SUBTRACTING, subtract: [s] }),
    );
    this.#sqrSub2 = module.function(`${name}.sqrSub2Pair`, ['i32', 'i32', 'i32', 'i32'], [], (f, target, a, s, t) =>
      this.#product(f, target, a, undefined, { ...SUBTRACTING, subtract: [s, t] }),
    );
  }

  register(address: I32 | number, bounds: Bounds): Register {
    return { address: typeof address === 'number' ? i32.const(address) : address, bounds };
  }

  mul(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = productBounds(this.modulus, this.#flavour, a.bounds, b.bounds);
    f.run(this.#mul, target.address, a.address, b.address);
  }

  sqr(f: FunctionBuilder, target: Register, a: Register): void {
    target.bounds = productBounds(this.modulus, this.#flavour, a.bounds, undefined);
    f.run(this.#sqr, target.address, a.address);
  }

  /** a·b - s, folded. */
  mulSub(f: FunctionBuilder, target: Register, a: Register, b: Register, s: Register): void {
    const finish: FinishBounds = { ...SUBTRACTING, subtract: [s.bounds] };
    target.bounds = productBounds(this.modulus, this.#flavour, a.bounds, b.bounds, finish);
    f.run(this.#mulSub, target.address, a.address, b.address, s.address);
  }

  /** a² - s - t, folded. */
  sqrSub2(f: FunctionBuilder, target: Register, a: Register, s: Register, t: Register): void {
    const finish: FinishBounds = { ...SUBTRACTING, subtract: [s.bounds, t.bounds] };
    target.bounds = productBounds(this.modulus, this.#flavour, a.bounds, undefined, finish);
    f.run(this.#sqrSub2, target.address, a.address, s.address, t.address);
  }

  /** Limb by limb, without carries. */
  add(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = requireStorable(sumBounds(a.bounds, b.bounds), 'pair');
    this.#eachLimb(f, target, (offset) =>
      this.simd
        ? v128.i32x4Add(v128.load(a.address, offset), v128.load(b.address, offset))
        : i32.add(i32.load(a.address, offset), i32.load(b.address, offset)),
    );
  }

  /** Limb by limb, without carries. */
  sub(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    target.bounds = requireStorable(differenceBounds(a.bounds, b.bounds), 'pair');
    this.#eachLimb(f, target, (offset) =>
      this.simd
        ? v128.i32x4Sub(v128.load(a.address, offset), v128.load(b.address, offset))
        : i32.sub(i32.load(a.address, offset), i32.load(b.address, offset)),
    );
  }

  copy(f: FunctionBuilder, target: Register, a: Register): void {
    target.bounds = a.bounds;
    this.#eachLimb(f, target, (offset) => (this.simd ? v128.load(a.address, offset) : i32.load(a.address, offset)));
  }

  /** Writes a vector of four i32 at a time, or one i32 at a time. */
  #eachLimb(f: FunctionBuilder, { address }: Register, value: (offset: number) => V128 | I32): void {
    for (let offset = 0; offset < this.byteLength; offset += this.simd ? 16 : 4) {
      const octets = value(offset);
      if (octets.type === 'v128') f.do(v128.store(address, offset, octets as V128));
      else f.do(i32.store(address, offset, octets as I32));
    }
  }

  /** The build without SIMD computes with i64, but stores the same limbs. */
  get #flavour(): 'pair' | 'scalar' {
    return this.simd ? 'pair' : 'scalar';
  }

  #product(f: FunctionBuilder, target: I32, a: I32, b: I32 | undefined, finish: EmittedFinish): void {
    const { subtract = [], ...rest } = finish;
    if (this.simd) {
      const limbs = (address: I32) => this.#each((k) => f.let(v128.load64Zero(address, 8 * k)));
      const columns = (address: I32) => this.#each((k) => v128.i64x2ExtendLowI32x4S(v128.load64Zero(address, 8 * k)));
      const result = montgomeryProduct(pairOperations(f), this.modulus, limbs(a), b && limbs(b), {
        ...rest,
        subtract: subtract.map(columns),
      });
      for (let k = 0; k < result.length; k += 2)
        f.do(v128.store(target, 8 * k, lowHalves(result[k]!, result[k + 1] ?? result[k]!)));
      return;
    }
    for (const lane of [0, 4]) {
      const limbs = (address: I32) => this.#each((k) => f.let(i64.load32S(address, 8 * k + lane)));
      const columns = (address: I32) => this.#each((k) => i64.load32S(address, 8 * k + lane));
      const result = montgomeryProduct(scalarOperations(f), this.modulus, limbs(a), b && limbs(b), {
        ...rest,
        subtract: subtract.map(columns),
      });
      for (const [k, limb] of result.entries()) f.do(i64.store32(target, 8 * k + lane, limb));
    }
  }

  #each<V>(make: (k: number) => V): readonly V[] {
    return Array.from({ length: this.modulus.limbs }, (_, k) => make(k));
  }
}

/** A {@link Finish} whose subtrahends are in memory. */
interface EmittedFinish extends Omit<Finish<never>, 'subtract'> {
  readonly subtract?: readonly I32[];
}

/** Four times the modulus outweighs what two folded elements can be. */
const SUBTRACTING = { multiple: 4n, fold: true } as const;

/** The low halves of four i64 lanes, in order. */
const lowHalves = (a: V128, b: V128): V128 =>
  v128.shuffle(a, b, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
