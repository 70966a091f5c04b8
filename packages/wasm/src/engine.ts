import { WasmError } from './errors.js';
import type { KernelName, ScalarKernels } from './scalar.js';

/** A kernel as it is shipped. */
export interface KernelSource {
  readonly name: KernelName;
  /** Its octets, hexadecimal; they need 128-bit SIMD. */
  readonly simd: string;
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
  /**
   * Builds for runtimes without SIMD, `scalarKernels` of `@mayfly/wasm/scalar`. Not carried by default: every runtime has had
   * SIMD for years, the functions called `init…` fetch them when they are needed.
   */
  readonly scalar?: ScalarKernels;
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
const SIMD_PROBE = '0061736d010000000105016000017b030201000a080106004100fd110b';

/** Whether this runtime runs WebAssembly at all. */
export const isAvailable = (): boolean => findApi() !== undefined;

/** Whether it has 128-bit SIMD. */
export const hasSimd = (): boolean => findApi()?.validate(decodeHex(SIMD_PROBE)) ?? false;

/**
 * Compiles a kernel, if it has to be, and starts it, in this thread.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE` where there is no WebAssembly, or neither SIMD nor a build without;
 * `ERR_WASM_COMPILE` when the runtime refuses to compile or to start it.
 */
export function startKernel<Name extends string>(
  source: KernelSource,
  { module, simd = hasSimd(), scalar, ...unknown }: KernelOptions = {},
): Kernel<Name> {
  unknown satisfies Record<string, never>;
  const api = requireApi(source.name);
  const octets = module === undefined ? octetsOf(source, simd, scalar) : undefined;
  return start(api, source.name, () => module ?? new api.Module(octets!)); // one of the two
}

/**
 * Compiles a kernel without holding the thread; pass the result as `module`. Fetches the builds without SIMD where they are
 * needed and not given.
 * @throws {@link WasmError} as {@link startKernel}.
 */
export async function compileKernel(
  source: KernelSource,
  { simd = hasSimd(), scalar }: Pick<KernelOptions, 'simd' | 'scalar'>,
): Promise<object> {
  const api = requireApi(source.name);
  const builds = simd ? undefined : (scalar ?? (await import('./scalar.js')).scalarKernels);
  try {
    return await api.compile(octetsOf(source, simd, builds));
  } catch (cause) {
    throw refused(source.name, cause);
  }
}

function octetsOf(
  { name, simd: withSimd }: KernelSource,
  simd: boolean,
  scalar: ScalarKernels | undefined,
): Uint8Array {
  if (simd) return decodeHex(withSimd);
  if (scalar === undefined)
    throw new WasmError(
      'ERR_WASM_UNAVAILABLE',
      `Cannot start kernel ${name}: without SIMD, the builds of @mayfly/wasm/scalar have to be given`,
    );
  return decodeHex(scalar[name]);
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

/** What runtimes decode with: at once where this takes them some milliseconds, since the code is new to them. */
interface HexDecoders {
  readonly Uint8Array: { readonly fromHex?: (text: string) => Uint8Array };
  /** Node before 25 and Bun have it. */
  readonly Buffer?: { from(text: string, encoding: 'hex'): Uint8Array };
}

/** Hexadecimal costs a tenth over the octets when it is compressed, and base64 two fifths: it hides what repeats. */
function decodeHex(text: string): Uint8Array {
  const decoders = globalThis as unknown as HexDecoders;
  const decoded = decoders.Uint8Array.fromHex?.(text) ?? decoders.Buffer?.from(text, 'hex');
  if (decoded !== undefined) return decoded;
  const digits = new TextEncoder().encode(text);
  const digit = (at: number) => (digits[at]! & 15) + 9 * (digits[at]! >> 6); // 0 to 9 are 0x30 up, a to f 0x61 up
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => (digit(2 * i) << 4) | digit(2 * i + 1));
}
