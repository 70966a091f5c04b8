import { type EcdsaKernel, type EcdsaOptions, startEcdsa } from './ecdsa.js';
import { p256 } from './kernels/p256.js';

/**
 * ECDSA on P-256 (SP 800-186 §3.2.1.3). Starts at once; the tables are made at the first use.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createP256 = (options?: EcdsaOptions): EcdsaKernel => startEcdsa(p256, 32, options);
