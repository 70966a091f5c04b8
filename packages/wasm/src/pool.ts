import { wasmBackend } from './index.js';
import { openPoolOn, type PoolOptions, type SigningPool } from './pool/pool.js';

export type { PooledKey, PooledSigningOptions, PoolOptions, SigningPool } from './pool/pool.js';

/**
 * Opens threads that sign by WebAssembly. Keys are kept in memory that the threads share and nobody else sees; a thread copies
 * one for as long as it signs with it.
 * @throws RangeError for options outside their range; {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const openPool = (options: PoolOptions = {}): SigningPool =>
  openPoolOn(wasmBackend(), { worker: new URL('./pool/worker.js', import.meta.url) }, options);
