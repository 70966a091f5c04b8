import type { Backend } from '@mayfly/keys/backend';
import { isAvailable, wasmBackend } from '@mayfly/wasm';
import { scalarKernels } from '@mayfly/wasm/scalar';

/** The kernels, built for SIMD and for runtimes without. */
export interface Kernels {
  readonly backend: Backend;
  readonly scalar: Backend;
}

/** Opens the kernels; a string says why there are none. */
export const openKernels = (): Kernels | string =>
  isAvailable()
    ? { backend: wasmBackend(), scalar: wasmBackend({ simd: false, scalar: scalarKernels }) }
    : 'this runtime has no WebAssembly';
