import { type I32, i32, i64, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { type Bounds, differenceBounds, productBounds, requireStorable, sumBounds } from './bounds.js';
import type { Modulus } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';
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

  constructor(module: ModuleBuilder, modulus: Modulus, simd: boolean) {
    this.modulus = modulus;
    this.simd = simd;
    this.byteLength = Math.ceil((8 * modulus.limbs) / 16) * 16;
    const { name } = modulus;
    this.#mul = module.function(`${name}.mulPair`, ['i32', 'i32', 'i32'], [], (f, target, a, b) =>
      this.#product(f, target, a, b),
    );
    this.#sqr = module.function(`${name}.sqrPair`, ['i32', 'i32'], [], (f, target, a) =>
      this.#product(f, target, a, undefined),
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

  /** One product for both elements together, or a loop over them. */
  #product(f: FunctionBuilder, target: I32, a: I32, b: I32 | undefined): void {
    if (this.simd) {
      const limbs = (address: I32) => this.#each((k) => f.let(v128.load64Zero(address, 8 * k)));
      const result = montgomeryProduct(pairOperations(f), this.modulus, limbs(a), b && limbs(b));
      for (let k = 0; k < result.length; k += 2)
        f.do(v128.store(target, 8 * k, lowHalves(result[k]!, result[k + 1] ?? result[k]!)));
      return;
    }
    const lane = f.local('i32');
    f.forUp(lane, i32.const(0), i32.const(8), 4, () => {
      const at = (address: I32) => f.let(i32.add(address, lane));
      const limbs = (address: I32) => {
        const place = at(address);
        return this.#each((k) => f.let(i64.load32S(place, 8 * k)));
      };
      const place = at(target);
      const result = montgomeryProduct(scalarOperations(f), this.modulus, limbs(a), b && limbs(b));
      for (const [k, limb] of result.entries()) f.do(i64.store32(place, 8 * k, limb));
    });
  }

  #each<V>(make: (k: number) => V): readonly V[] {
    return Array.from({ length: this.modulus.limbs }, (_, k) => make(k));
  }
}

/** The low halves of four i64 lanes, in order. */
const lowHalves = (a: V128, b: V128): V128 =>
  v128.shuffle(a, b, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
