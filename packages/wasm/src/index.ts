import type { Backend, Eddsa } from '@mayfly/keys/backend';
import type { EcdsaKernel } from './ecdsa.js';
import { createEd25519 } from './ed25519.js';
import { compileKernel, isAvailable, type KernelOptions, type KernelSource } from './engine.js';
import { WasmError } from './errors.js';
import { ed25519 } from './kernels/ed25519.js';
import { p256 } from './kernels/p256.js';
import { p384 } from './kernels/p384.js';
import { sha256 } from './kernels/sha256.js';
import { sha512 } from './kernels/sha512.js';
import { createP256 } from './p256.js';
import { createP384 } from './p384.js';
import type { KernelName, ScalarKernels } from './scalar.js';
import type { Sha2, Sha2Options } from './sha2.js';
import { createSha256 } from './sha256.js';
import { createSha384, createSha512 } from './sha512.js';

export type { EcdsaKernel, EcdsaOptions } from './ecdsa.js';
export { hasSimd, isAvailable, type KernelOptions } from './engine.js';
export { WasmError, type WasmErrorCode } from './errors.js';
export type { KernelName, ScalarKernels } from './scalar.js';

/** How to make a backend. */
export interface WasmBackendOptions {
  /** `false` takes the builds without SIMD. Default: what the runtime can. */
  readonly simd?: boolean;
  /** Builds for runtimes without SIMD: see {@link KernelOptions}. */
  readonly scalar?: ScalarKernels;
  /**
   * Compiled kernels, for runtimes that compile none at run time, such as workerd: the defaults of
   * `@mayfly/wasm/kernels/<name>.wasm`. Default: compiled from the octets that this package carries.
   */
  readonly modules?: Readonly<Partial<Record<BackendKernel, object>>>;
  /** The platform's hash functions for long messages: see {@link Sha2Options}. */
  readonly bulk?: {
    readonly sha256?: (data: Uint8Array) => Uint8Array;
    readonly sha384?: (data: Uint8Array) => Uint8Array;
    readonly sha512?: (data: Uint8Array) => Uint8Array;
  };
}

/** Kernels that a backend starts. */
export type BackendKernel = Exclude<KernelName, 'rsa'>;

/** A {@link Backend} on kernels that start when they are first needed. One thread uses it. */
export interface WasmBackend extends Backend {
  readonly p256: EcdsaKernel;
  readonly p384: EcdsaKernel;
  sha256Many(batch: readonly Uint8Array[]): readonly Uint8Array[];
}

/**
 * All kernels as one backend of `@mayfly/keys`. P-521 is not among them.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE` where there is no WebAssembly, at once; at the first use of a kernel
 * `ERR_WASM_UNAVAILABLE` where there is neither SIMD nor `scalar`, `ERR_WASM_COMPILE` where the runtime refuses it.
 * @example
 * ```ts
 * import { generateKey } from '@mayfly/keys/software';
 * import { wasmBackend } from '@mayfly/wasm';
 *
 * const key = generateKey('P-256', wasmBackend());
 * const signatures = key.signMany?.([new Uint8Array(300), new Uint8Array(301)]);
 * ```
 */
export function wasmBackend(options: WasmBackendOptions = {}): WasmBackend {
  return backendOf(options);
}

/**
 * The same with every kernel compiled beforehand, without holding the thread: old browsers compile no more than 4 KB at once.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export async function initWasmBackend(options: WasmBackendOptions = {}): Promise<WasmBackend> {
  const sources = [p256, p384, ed25519, sha256, sha512];
  const given: Partial<Readonly<Record<KernelName, object>>> = options.modules ?? {};
  const modules = await Promise.all(
    sources.map(async (source) => given[source.name] ?? compileKernel(source, options)),
  );
  return backendOf({ ...options, modules: Object.fromEntries(sources.map(({ name }, i) => [name, modules[i]!])) });
}

function backendOf({ simd, scalar, bulk = {}, modules = {}, ...unknown }: WasmBackendOptions): WasmBackend {
  unknown satisfies Record<string, never>;
  if (!isAvailable())
    throw new WasmError('ERR_WASM_UNAVAILABLE', 'Cannot make backend: this runtime has no WebAssembly');
  const options = ({ name }: KernelSource): KernelOptions => {
    const module = (modules as Partial<Readonly<Record<KernelName, object>>>)[name];
    return {
      ...(simd !== undefined && { simd }),
      ...(scalar !== undefined && { scalar }),
      ...(module !== undefined && { module }),
    };
  };
  const hashing = (source: KernelSource, platform: Sha2Options['bulk']): Sha2Options =>
    platform === undefined ? options(source) : { ...options(source), bulk: platform };
  const hash256 = once((): Sha2 => createSha256(hashing(sha256, bulk.sha256)));
  const hash384 = once((): Sha2 => createSha384(hashing(sha512, bulk.sha384)));
  const hash512 = once((): Sha2 => createSha512(hashing(sha512, bulk.sha512)));
  const curve256 = once((): EcdsaKernel => createP256(options(p256)));
  const curve384 = once((): EcdsaKernel => createP384(options(p384)));
  const edwards = once((): Eddsa => createEd25519(options(ed25519)));
  return {
    name: 'wasm',
    sha256: (data) => hash256().hash(data),
    sha256Many: (batch) => hash256().hashMany(batch),
    sha384: (data) => hash384().hash(data),
    sha512: (data) => hash512().hash(data),
    get p256() {
      return curve256();
    },
    get p384() {
      return curve384();
    },
    get ed25519() {
      return edwards();
    },
  };
}

/** Makes something when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
