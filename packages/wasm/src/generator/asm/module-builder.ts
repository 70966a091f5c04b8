import type { Local, ValueType } from './expression.js';
import { FunctionBuilder, type FunctionReference } from './function-builder.js';
import { type Code, flatten, signedLeb, unsignedLeb, vectorOf } from './leb.js';

/** A finished module, with what its octets alone do not tell. */
export interface Module {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names of all functions by index, the internal ones too. */
  readonly functionNames: readonly string[];
}

/** Locals of the parameter types given, in order. */
export type Params<T extends readonly ValueType[]> = { readonly [K in keyof T]: Local<T[K]> };

interface DefinedFunction extends FunctionReference {
  readonly builder: FunctionBuilder;
}

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

const PAGE = 65_536;

/** The first octets of memory stay unused: address 0 is nobody's. Constants follow, and then what is written at run time. */
const FIRST_CONSTANT = 1024;
const FIRST_ADDRESS = 16_384;

/**
 * Builds one WebAssembly module: a memory laid out by `allocate` and `data`, and functions. Constants lie apart, so that
 * whatever is allocated in a row can be wiped in one go.
 */
export class ModuleBuilder {
  readonly #functions: DefinedFunction[] = [];
  readonly #exports: FunctionReference[] = [];
  readonly #data: { readonly address: number; readonly octets: Uint8Array }[] = [];
  readonly #last: (() => void)[] = [];
  #top: number = FIRST_ADDRESS;
  #constantsTop: number = FIRST_CONSTANT;

  /** End of the memory allocated so far. */
  get top(): number {
    return this.#top;
  }

  /** Reserves memory; returns its address, a multiple of `align`, a power of two. */
  allocate(length: number, align: number = 16): number {
    const address = (this.#top + align - 1) & -align;
    this.#top = address + length;
    return address;
  }

  /** Reserves memory for constants. */
  data(octets: Uint8Array, align: number = 16): number {
    const address = (this.#constantsTop + align - 1) & -align;
    this.#constantsTop = address + octets.length;
    if (this.#constantsTop > FIRST_ADDRESS)
      throw new RangeError(`Cannot place constants: over ${FIRST_ADDRESS} octets`);
    this.#data.push({ address, octets: Uint8Array.from(octets) });
    return address;
  }

  /** An internal function. */
  function<const P extends readonly ValueType[]>(
    name: string,
    params: P,
    results: readonly ValueType[],
    build: (f: FunctionBuilder, ...params: Params<P>) => void,
  ): FunctionReference {
    const { define, ...reference } = this.declare(name, params, results);
    define(build);
    return reference;
  }

  /** A function that can be called before `define` gives it its body. */
  declare<const P extends readonly ValueType[]>(
    name: string,
    params: P,
    results: readonly ValueType[],
  ): FunctionReference & { readonly define: (build: (f: FunctionBuilder, ...params: Params<P>) => void) => void } {
    const builder = new FunctionBuilder(params);
    const reference = { name, index: this.#functions.length, params, results };
    this.#functions.push({ ...reference, builder });
    const locals = params.map((_, index) => builder.param(index)) as unknown as Params<P>; // of the types listed
    return { ...reference, define: (build) => build(builder, ...locals) };
  }

  /** A function that JavaScript calls. */
  exported<const P extends readonly ValueType[]>(
    name: string,
    params: P,
    results: readonly ValueType[],
    build: (f: FunctionBuilder, ...params: Params<P>) => void,
  ): FunctionReference {
    const defined = this.function(name, params, results, build);
    this.export(defined);
    return defined;
  }

  /** Lets JavaScript call a function by its name. */
  export(defined: FunctionReference): void {
    this.#exports.push(defined);
  }

  /** Something to be done when the rest of the module is known: to define what was declared. */
  atLast(action: () => void): void {
    this.#last.push(action);
  }

  /** @param maximumPages - How far the memory may grow; without it, it stays as it is. */
  finish(maximumPages?: number): Module {
    for (const action of this.#last) action();
    const pages = Math.ceil(this.#top / PAGE);
    const types = new Map<string, number>();
    const typeDefinitions: Code[] = [];
    const typeIndexes = this.#functions.map(({ params, results }) => {
      const key = `${params}>${results}`;
      const known = types.get(key);
      if (known !== undefined) return unsignedLeb(known);
      types.set(key, typeDefinitions.length);
      typeDefinitions.push([0x60, typesOf(params), typesOf(results)]);
      return unsignedLeb(typeDefinitions.length - 1);
    });
    const code = this.#functions.map(({ builder }) => {
      const body = flatten([localGroups(builder.locals), builder.body, 0x0b]);
      return [unsignedLeb(body.length), [...body]];
    });
    const exports = this.#exports.map(({ name, index }) => [text(name), 0, unsignedLeb(index)]);
    const segments = this.#data.map(({ address, octets }) => [
      [0, 0x41, signedLeb(address), 0x0b],
      [unsignedLeb(octets.length), [...octets]],
    ]);
    return {
      bytes: flatten([
        [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        section(1, typeDefinitions),
        section(3, typeIndexes),
        section(5, [[1, unsignedLeb(pages), unsignedLeb(maximumPages ?? pages)]]),
        section(7, [[text('memory'), 2, 0], ...exports]),
        section(10, code),
        segments.length > 0 ? section(11, segments) : [],
      ]),
      functionNames: this.#functions.map(({ name }) => name),
    };
  }
}

const typesOf = (types: readonly ValueType[]): Code => vectorOf(types.map((type) => typeCodes[type]));

const text = (value: string): Code => vectorOf([...new TextEncoder().encode(value)]);

function section(id: number, items: readonly Code[]): Code {
  const contents = flatten(vectorOf(items));
  return [id, unsignedLeb(contents.length), [...contents]];
}

/** Locals as runs of one type. */
function localGroups(locals: readonly ValueType[]): Code {
  const groups: { count: number; readonly type: ValueType }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ count: 1, type });
  }
  return vectorOf(groups.map(({ count, type }) => [unsignedLeb(count), typeCodes[type]]));
}
