import { type EcdsaKernel, type EcdsaOptions, startEcdsa } from './ecdsa.js';
import { compileKernel } from './engine.js';
import { p256 } from './kernels/p256.js';

/**
 * ECDSA on P-256 (SP 800-186 §3.2.1.3). Starts at once; the tables are made at the first use.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createP256 = (options?: EcdsaOptions): EcdsaKernel => startEcdsa(p256, 32, options);

/**
 * The same, compiled without holding the thread: old browsers compile no more than 4 KB at once.
 * @throws {@link WasmError} as {@link createP256}.
 */
export const initP256 = async (options: EcdsaOptions = {}): Promise<EcdsaKernel> =>
  createP256({ ...options, module: options.module ?? (await compileKernel(p256, options)) });
