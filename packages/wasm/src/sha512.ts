import { HashKernel } from './hash-kernel.js';
import { sha512 } from './kernels/sha512.js';
import { type Sha2, type Sha2Options, sha2 } from './sha2.js';

export type { IncrementalHash, Sha2, Sha2Options } from './sha2.js';

/** Octets above which Node's functions are faster in spite of what their call costs; benchmark `hash/sha512/1024`. */
const BULK_LENGTH = 1024;

/**
 * Makes SHA-384 on a kernel of its own.
 * @throws WasmError `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createSha384 = (options: Sha2Options = {}): Sha2 => create(384, options);

/**
 * Makes SHA-512 on a kernel of its own.
 * @throws WasmError `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export const createSha512 = (options: Sha2Options = {}): Sha2 => create(512, options);

const create = (bits: 384 | 512, { bulk, bulkLength = BULK_LENGTH, ...options }: Sha2Options): Sha2 =>
  sha2(new HashKernel(sha512, bits, options), bulk, bulkLength);
