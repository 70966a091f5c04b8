import { type EcdsaKernel, type EcdsaOptions, startEcdsa } from './ecdsa.js';
import { p384 } from './kernels/p384.js';

/**
 * ECDSA on P-384 (SP 800-186 §3.2.1.4). Starts at once; the tables are made at the first use.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createP384 = (options?: EcdsaOptions): EcdsaKernel => startEcdsa(p384, 48, options);
