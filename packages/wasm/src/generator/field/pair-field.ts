import { type Expression, type I32, i32, i64, type V128 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { type Bounds, differenceBounds, productBounds, requireStorable, sumBounds, unionBounds } from './bounds.js';
import { interval, intervalOperations, minus, plus, times } from './interval.js';
import { limbMask, limbsOf, type Modulus } from './modulus.js';
import { finishProduct, productColumns } from './montgomery.js';
import { type Operations, pairOperations, scalarOperations } from './operations.js';

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
  readonly #module: ModuleBuilder;
  readonly #mul: FunctionReference;
  readonly #sqr: FunctionReference;
  #mulWithEnd: ProductWithEnds | undefined;
  #sqrWithEnd: ProductWithEnds | undefined;
  #fourTimesMinus: FunctionReference | undefined;

  constructor(module: ModuleBuilder, modulus: Modulus, simd: boolean) {
    this.#module = module;
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

  /** Plain products are most of the work and have functions of their own. One function holds all other ends that are used. */
  #withEnds(isProduct: boolean): ProductWithEnds {
    const pointers = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;
    const name = `${this.modulus.name}.${isProduct ? 'mul' : 'sqr'}PairWithEnd`;
    const run = this.#module.declare(name, pointers, []);
    const product = { run, used: new Set<End>() };
    this.#module.atLast(() =>
      run.define((f, target, a, b, s, t, end) =>
        this.#productWithEnd(f, product, target, a, isProduct ? b : undefined, [s, t], end),
      ),
    );
    return product;
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
    this.#run(f, 'less', target, a, b, s);
  }

  /** a² - s - t, folded. */
  sqrSub2(f: FunctionBuilder, target: Register, a: Register, s: Register, t: Register): void {
    this.#run(f, 'lessTwo', target, a, undefined, s, t);
  }

  /** a·b, and three times that in the second lane. */
  mulTripleSecond(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    this.#run(f, 'secondTripled', target, a, b);
  }

  /** a·b - 8s, folded. */
  mulSub8(f: FunctionBuilder, target: Register, a: Register, b: Register, s: Register): void {
    this.#run(f, 'lessEight', target, a, b, s);
  }

  /** a² - 8s, folded. */
  sqrSub8(f: FunctionBuilder, target: Register, a: Register, s: Register): void {
    this.#run(f, 'lessEight', target, a, undefined, s);
  }

  #run(f: FunctionBuilder, end: End, target: Register, a: Register, b?: Register, ...less: readonly Register[]): void {
    if (b === undefined) this.#sqrWithEnd ??= this.#withEnds(false);
    else this.#mulWithEnd ??= this.#withEnds(true);
    const { run, used } = (b === undefined ? this.#sqrWithEnd : this.#mulWithEnd)!;
    used.add(end);
    const bounds = productBounds(this.modulus, this.#flavour, a.bounds, b?.bounds, {
      ...ends[end],
      subtract: less.map((register) => register.bounds),
    });
    const nothing = i32.const(0);
    const [s, t] = less;
    f.run(
      run,
      target.address,
      a.address,
      b?.address ?? nothing,
      s?.address ?? nothing,
      t?.address ?? nothing,
      i32.const(endNumbers.indexOf(end)),
    );
    target.bounds = bounds;
  }

  /**
   * Writes what stands at each place of both lanes: the i32 at the same place of other pairs, lane by lane.
   * @param lanes - For either lane of the target, what is computed from values at the same limb. `own` reads the lane itself,
   * `other` the one beside it.
   */
  lanewise(f: FunctionBuilder, target: Register, lanes: readonly [LaneExpression, LaneExpression]): void {
    for (let offset = 0; offset < this.byteLength; offset += this.simd ? 16 : 8) {
      if (!this.simd) {
        const values = lanes.map((lane, index) =>
          f.let(
            lane({
              own: ({ address }) => i32.load(address, offset + 4 * index),
              other: ({ address }) => i32.load(address, offset + 4 * (1 - index)),
              add: i32.add,
              sub: i32.sub,
              zero: i32.const(0),
            }),
          ),
        );
        for (const [index, value] of values.entries()) f.do(i32.store(target.address, offset + 4 * index, value));
        continue;
      }
      const values = lanes.map((lane) =>
        lane<'v128'>({
          own: ({ address }) => v128.load(address, offset),
          other: ({ address }) => exchanged(f, v128.load(address, offset)),
          add: v128.i32x4Add,
          sub: v128.i32x4Sub,
          zero: v128.i32x4Const(0, 0, 0, 0),
        }),
      );
      f.do(v128.store(target.address, offset, v128.bitselect(values[1]!, values[0]!, v128.i32x4Const(0, -1, 0, -1))));
    }
  }

  /** 4a - b, made positive by a multiple of the modulus, and carried. */
  fourTimesMinus(f: FunctionBuilder, target: Register, a: Register, b: Register): void {
    const operations = intervalOperations(this.#flavour);
    const limbs = fourTimesMinus(operations, this.modulus, a.bounds.limbs, b.bounds.limbs);
    const four = interval(4n, 4n);
    const added = this.modulus.value * FOUR_TIMES_MINUS_MULTIPLE;
    const value = plus(plus(times(a.bounds.value, four), minus(b.bounds.value)), interval(added, added));
    target.bounds = requireStorable({ limbs, value }, 'pair');
    const { name } = this.modulus;
    this.#fourTimesMinus ??= this.#module.function(`${name}.fourTimesMinus`, ['i32', 'i32', 'i32'], [], (g, d, x, y) =>
      this.#columns(g, d, (ops, load) => [{ result: () => fourTimesMinus(ops, this.modulus, load(x), load(y)) }]),
    );
    f.run(this.#fourTimesMinus, target.address, a.address, b.address);
  }

  /** Bounds that hold whichever of several elements a lane takes. */
  hullOf(bounds: readonly Bounds[]): Bounds {
    return bounds.reduce(unionBounds);
  }

  sumOf(a: Register, b: Register): Bounds {
    return sumBounds(a.bounds, b.bounds);
  }

  differenceOf(a: Register, b: Register): Bounds {
    return differenceBounds(a.bounds, b.bounds);
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

  #product(f: FunctionBuilder, target: I32, a: I32, b: I32 | undefined): void {
    this.#columns(f, target, (ops, _, limbs) => {
      const columns = productColumns(ops, this.modulus, limbs(a), b && limbs(b));
      return [{ result: () => finishProduct(ops, this.modulus, columns, {}) }];
    });
  }

  #productWithEnd(
    f: FunctionBuilder,
    { used }: ProductWithEnds,
    target: I32,
    a: I32,
    b: I32 | undefined,
    less: readonly I32[],
    end: I32,
  ): void {
    const { modulus } = this;
    this.#columns(f, target, (ops, columns, limbs) => {
      const product = productColumns(ops, modulus, limbs(a), b && limbs(b));
      return endNumbers
        .filter((name) => used.has(name))
        .map((name) => ({
          when: i32.eq(end, i32.const(endNumbers.indexOf(name))),
          result: () => {
            const { operands, ...finish } = ends[name];
            return finishProduct(ops, modulus, product, { ...finish, subtract: less.slice(0, operands).map(columns) });
          },
        }));
    });
  }

  /** Writes limbs: those of the case that holds. `compute` is run once for both elements together, or with a loop over them. */
  #columns(
    f: FunctionBuilder,
    target: I32,
    compute: <T extends 'i64' | 'v128'>(
      ops: Operations<Expression<T>>,
      columns: (address: I32) => readonly Expression<T>[],
      limbs: (address: I32) => readonly Expression<T>[],
    ) => readonly Case<Expression<T>>[],
  ): void {
    const choose = <T extends 'i64' | 'v128'>(
      cases: readonly Case<Expression<T>>[],
      store: (limbs: readonly Expression<T>[]) => void,
    ): void => {
      const [first, ...others] = cases;
      if (first === undefined) return;
      if (first.when === undefined) store(first.result());
      else
        f.if(
          first.when,
          () => store(first.result()),
          () => choose(others, store),
        );
    };
    if (this.simd) {
      const limbs = (address: I32) => this.#each((k) => f.let(v128.load64Zero(address, 8 * k)));
      const columns = (address: I32) => this.#each((k) => v128.i64x2ExtendLowI32x4S(v128.load64Zero(address, 8 * k)));
      choose(compute(pairOperations(f), columns, limbs), (result) => {
        for (let k = 0; k < result.length; k += 2)
          f.do(v128.store(target, 8 * k, lowHalves(result[k]!, result[k + 1] ?? result[k]!)));
      });
      return;
    }
    const lane = f.local('i32');
    f.forUp(lane, i32.const(0), i32.const(8), 4, () => {
      const at = (address: I32) => f.let(i32.add(address, lane));
      const limbs = (address: I32) => {
        const place = at(address);
        return this.#each((k) => f.let(i64.load32S(place, 8 * k)));
      };
      const columns = (address: I32) => {
        const place = at(address);
        return this.#each((k) => i64.load32S(place, 8 * k));
      };
      const place = at(target);
      choose(compute(scalarOperations(f, lane), columns, limbs), (result) => {
        for (const [k, limb] of result.entries()) f.do(i64.store32(place, 8 * k, limb));
      });
    });
  }

  #each<V>(make: (k: number) => V): readonly V[] {
    return Array.from({ length: this.modulus.limbs }, (_, k) => make(k));
  }
}

/** A product with the ends that its users want. */
interface ProductWithEnds {
  readonly run: FunctionReference;
  readonly used: Set<End>;
}

/** Limbs to be written, when the condition holds. */
interface Case<V> {
  readonly when?: I32;
  readonly result: () => readonly V[];
}

/** How a product can end. Four times the modulus outweighs two folded elements, 32 times eight of one. */
const ends = {
  less: { operands: 1, multiple: 4n, fold: true },
  lessTwo: { operands: 2, multiple: 4n, fold: true },
  lessEight: { operands: 1, multiple: 32n, fold: true, subtractShift: 3 },
  secondTripled: { operands: 0, tripleSecond: true },
} as const;

type End = keyof typeof ends;

const endNumbers = Object.keys(ends) as readonly End[]; // the keys of the record above

/** Folded elements are at most as many times the modulus. */
const FOUR_TIMES_MINUS_MULTIPLE = 4n;

/** 4a - b plus a multiple of the modulus, carried. Columns are raised so that all carries are positive. */
function fourTimesMinus<V>(ops: Operations<V>, modulus: Modulus, a: readonly V[], b: readonly V[]): readonly V[] {
  const { limbBits } = modulus;
  const added = limbsOf(modulus.value * FOUR_TIMES_MINUS_MULTIPLE, modulus);
  const raised = 1n << 40n;
  let carry: V | undefined;
  return a.map((limb, k) => {
    const last = k === a.length - 1;
    const constant = added[k]! + (last ? 0n : raised) - (k === 0 ? 0n : raised >> BigInt(limbBits));
    let sum = ops.add(ops.sub(ops.shl(limb, 2), b[k]!), ops.constant(constant));
    if (carry !== undefined) sum = ops.add(sum, carry);
    const column = ops.let(sum);
    if (last) return column;
    carry = ops.shr(column, limbBits);
    return ops.let(ops.and(column, limbMask(modulus)));
  });
}

/** What a lane of a pair becomes, as code over one i32 or over four. */
export type LaneExpression = <T extends 'i32' | 'v128'>(lane: {
  readonly own: (a: Register) => Expression<T>;
  readonly other: (a: Register) => Expression<T>;
  readonly add: (a: Expression<T>, b: Expression<T>) => Expression<T>;
  readonly sub: (a: Expression<T>, b: Expression<T>) => Expression<T>;
  readonly zero: Expression<T>;
}) => Expression<T>;

/** The two lanes of each limb in the opposite order. */
function exchanged(f: FunctionBuilder, a: V128): V128 {
  const value = f.let(a);
  return v128.shuffle(value, value, [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]);
}

/** The low halves of four i64 lanes, in order. */
const lowHalves = (a: V128, b: V128): V128 =>
  v128.shuffle(a, b, [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]);
