import { createHash } from 'node:crypto';
import type { Backend } from '@mayfly/keys/backend';

/**
 * Loads the kernels; long messages go to the platform, whose processor may have instructions for SHA.
 * @throws `WasmError` `ERR_WASM_UNAVAILABLE` where there is no WebAssembly. A kernel that the runtime refuses fails when it is
 * first used, with `ERR_WASM_COMPILE`.
 */
export async function loadWasmBackend(): Promise<Backend> {
  const { wasmBackend } = await import('@mayfly/wasm');
  return wasmBackend({ bulk: { sha256: hashBy('sha256'), sha384: hashBy('sha384'), sha512: hashBy('sha512') } });
}

const hashBy = (algorithm: string) => (data: Uint8Array) => new Uint8Array(createHash(algorithm).update(data).digest());
