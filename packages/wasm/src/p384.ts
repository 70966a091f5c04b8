import { type EcdsaKernel, type EcdsaOptions, startEcdsa } from './ecdsa.js';
import { compileKernel } from './engine.js';
import { p384 } from './kernels/p384.js';

/**
 * ECDSA on P-384 (SP 800-186 §3.2.1.4). Starts at once; the tables are made at the first use.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createP384 = (options?: EcdsaOptions): EcdsaKernel => startEcdsa(p384, 48, options);

/**
 * The same, compiled without holding the thread: old browsers compile no more than 4 KB at once.
 * @throws {@link WasmError} as {@link createP384}.
 */
export const initP384 = async (options: EcdsaOptions = {}): Promise<EcdsaKernel> =>
  createP384({ ...options, module: options.module ?? (await compileKernel(p384, options)) });
