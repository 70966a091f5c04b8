import type { Backend } from '@mayfly/keys/backend';

/** Loads the kernels. @throws `WasmError` `ERR_WASM_UNAVAILABLE` or `ERR_WASM_COMPILE` where they do not run. */
export const loadWasmBackend = async (): Promise<Backend> => {
  throw Object.assign(new Error('this build has no kernels'), { code: 'ERR_WASM_UNAVAILABLE' });
};
