import { WasmError } from './errors.js';

/** A kernel as it is shipped: two builds of one generator, in base64. */
export interface KernelSource {
  readonly name: string;
  /** Needs 128-bit SIMD. */
  readonly simd: string;
  /** Runs wherever WebAssembly does. */
  readonly scalar: string;
}

/** How to load a kernel. */
export interface KernelOptions {
  /**
   * The compiled kernel (a `WebAssembly.Module`), for runtimes that compile none at run time, such as workerd:
   * import it from `@mayfly/wasm/kernels/<name>.wasm`. Default: compiled from the octets that this package carries.
   */
  readonly module?: object;
  /** `false` takes the build without SIMD. Default: what the runtime can. Without meaning beside `module`. */
  readonly simd?: boolean;
}

/** A function of a kernel. */
export type KernelFunction = (...operands: number[]) => number;

/** A kernel that runs: functions over a memory that nobody else sees. */
export interface Kernel<Name extends string> {
  readonly functions: Readonly<Record<Name, KernelFunction>>;
  /** The kernel's memory. Changes when the kernel grows it: ask each time. */
  memory(): Uint8Array;
}

/** The part of WebAssembly's JavaScript API that is used; a runtime may lack it altogether. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<object>;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** A module with one function that holds one SIMD instruction. */
const SIMD_PROBE = 'AGFzbQEAAAABBQFgAAF7AwIBAAoIAQYAQQD9EQs=';

/** Whether this runtime runs WebAssembly at all. */
export const isAvailable = (): boolean => findApi() !== undefined;

/** Whether it has 128-bit SIMD. */
export const hasSimd = (): boolean => findApi()?.validate(decodeBase64(SIMD_PROBE)) ?? false;

/**
 * Compiles a kernel, if it has to be, and starts it, in this thread.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE` where there is no WebAssembly, `ERR_WASM_COMPILE` when the runtime
 * refuses to compile or to start it.
 */
export function startKernel<Name extends string>(
  source: KernelSource,
  { module, simd = hasSimd(), ...unknown }: KernelOptions = {},
): Kernel<Name> {
  unknown satisfies Record<string, never>;
  const api = requireApi(source.name);
  return start(api, source.name, () => module ?? new api.Module(decodeBase64(simd ? source.simd : source.scalar)));
}

/**
 * Compiles a kernel without holding the thread; pass the result as `module`.
 * @throws {@link WasmError} as {@link startKernel}.
 */
export async function compileKernel(source: KernelSource, simd: boolean = hasSimd()): Promise<object> {
  const api = requireApi(source.name);
  try {
    return await api.compile(decodeBase64(simd ? source.simd : source.scalar));
  } catch (cause) {
    throw refused(source.name, cause);
  }
}

function start<Name extends string>(api: WebAssemblyApi, name: string, compile: () => object): Kernel<Name> {
  let exports: Readonly<Record<string, unknown>>;
  try {
    ({ exports } = new api.Instance(compile()));
  } catch (cause) {
    throw refused(name, cause);
  }
  const memory = exports['memory'] as { readonly buffer: ArrayBuffer };
  let view = new Uint8Array(memory.buffer);
  return {
    functions: exports as Readonly<Record<Name, KernelFunction>>, // the generator exports nothing else but the memory
    memory: () => {
      if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer);
      return view;
    },
  };
}

const findApi = (): WebAssemblyApi | undefined => (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;

function requireApi(name: string): WebAssemblyApi {
  const api = findApi();
  if (api === undefined)
    throw new WasmError('ERR_WASM_UNAVAILABLE', `Cannot start kernel ${name}: this runtime has no WebAssembly`);
  return api;
}

const refused = (name: string, cause: unknown): WasmError =>
  new WasmError('ERR_WASM_COMPILE', `Cannot start kernel ${name}: the runtime refuses it`, { cause });

function decodeBase64(text: string): Uint8Array {
  const octets = atob(text);
  const bytes = new Uint8Array(octets.length);
  for (let i = 0; i < octets.length; i++) bytes[i] = octets.charCodeAt(i);
  return bytes;
}
