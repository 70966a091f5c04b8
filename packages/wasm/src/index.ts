import type { Backend, Ecdsa, Eddsa } from '@mayfly/keys/backend';
import type { EcdsaKernel } from './ecdsa.js';
import { createEd25519 } from './ed25519.js';
import { isAvailable } from './engine.js';
import { WasmError } from './errors.js';
import { createP256 } from './p256.js';
import { createP384 } from './p384.js';
import type { Sha2, Sha2Options } from './sha2.js';
import { createSha256 } from './sha256.js';
import { createSha384, createSha512 } from './sha512.js';

export type { EcdsaKernel, EcdsaOptions } from './ecdsa.js';
export { hasSimd, isAvailable, type KernelOptions } from './engine.js';
export { WasmError, type WasmErrorCode } from './errors.js';

/** How to make a backend. */
export interface WasmBackendOptions {
  /** `false` takes the builds without SIMD. Default: what the runtime can. */
  readonly simd?: boolean;
  /** The platform's hash functions for long messages: see {@link Sha2Options}. */
  readonly bulk?: {
    readonly sha256?: (data: Uint8Array) => Uint8Array;
    readonly sha384?: (data: Uint8Array) => Uint8Array;
    readonly sha512?: (data: Uint8Array) => Uint8Array;
  };
}

/** A {@link Backend} on kernels that start when they are first needed. One thread uses it. */
export interface WasmBackend extends Backend {
  readonly p256: EcdsaKernel;
  readonly p384: EcdsaKernel;
  sha256Many(batch: readonly Uint8Array[]): readonly Uint8Array[];
}

/**
 * All kernels as one backend of `@mayfly/keys`. P-521 is not among them.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE` where there is no WebAssembly, at once; `ERR_WASM_COMPILE` at the first use
 * of a kernel that the runtime refuses.
 * @example
 * ```ts
 * import { generateKey } from '@mayfly/keys/software';
 * import { wasmBackend } from '@mayfly/wasm';
 *
 * const key = generateKey('P-256', { backend: wasmBackend() });
 * const signatures = key.signMany?.([new Uint8Array(300), new Uint8Array(301)]);
 * ```
 */
export function wasmBackend({ simd, bulk = {}, ...unknown }: WasmBackendOptions = {}): WasmBackend {
  unknown satisfies Record<string, never>;
  if (!isAvailable())
    throw new WasmError('ERR_WASM_UNAVAILABLE', 'Cannot make backend: this runtime has no WebAssembly');
  const options = simd === undefined ? {} : { simd };
  const hashing = (platform: Sha2Options['bulk']): Sha2Options =>
    platform === undefined ? options : { ...options, bulk: platform };
  const sha256 = once((): Sha2 => createSha256(hashing(bulk.sha256)));
  const sha384 = once((): Sha2 => createSha384(hashing(bulk.sha384)));
  const sha512 = once((): Sha2 => createSha512(hashing(bulk.sha512)));
  const p256 = once((): EcdsaKernel & Ecdsa => createP256(options));
  const p384 = once((): EcdsaKernel & Ecdsa => createP384(options));
  const ed25519 = once((): Eddsa => createEd25519(options));
  return {
    name: 'wasm',
    sha256: (data) => sha256().hash(data),
    sha256Many: (batch) => sha256().hashMany(batch),
    sha384: (data) => sha384().hash(data),
    sha512: (data) => sha512().hash(data),
    get p256() {
      return p256();
    },
    get p384() {
      return p384();
    },
    get ed25519() {
      return ed25519();
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
