import { HashKernel } from './hash-kernel.js';
import { sha256 } from './kernels/sha256.js';
import { type Sha2, type Sha2Options, sha2 } from './sha2.js';

export type { IncrementalHash, Sha2, Sha2Options } from './sha2.js';

/** Octets above which Node's SHA-256 is faster in spite of what its call costs; benchmark `hash/sha256/512`. */
const BULK_LENGTH = 512;

/**
 * Makes SHA-256 on a kernel of its own.
 * @throws WasmError `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 * @example
 * ```ts
 * import { createSha256 } from '@mayfly/wasm/sha256';
 *
 * const sha256 = createSha256();
 * const digest = sha256.hash(new TextEncoder().encode('abc'));
 * ```
 */
export function createSha256({ bulk, bulkLength = BULK_LENGTH, ...options }: Sha2Options = {}): Sha2 {
  return sha2(new HashKernel(sha256, 256, options), bulk, bulkLength);
}
