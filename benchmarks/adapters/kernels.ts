import type { Backend } from '@mayfly/keys/backend';

/** The kernels, built for SIMD and for runtimes without. */
export interface Kernels {
  readonly backend: Backend;
  readonly scalar: Backend;
}

/** Loads the kernels; a string says why there are none. */
export async function loadKernels(): Promise<Kernels | string> {
  try {
    const name = '@mayfly/wasm';
    const { wasmBackend } = await import(name);
    return { backend: wasmBackend(), scalar: wasmBackend({ simd: false }) };
  } catch (error) {
    return `the kernels cannot be loaded, ${(error as NodeJS.ErrnoException).code ?? String(error)}`; // what import throws
  }
}
