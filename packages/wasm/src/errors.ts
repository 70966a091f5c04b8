/** Why a kernel cannot do what it was asked. Stable: adding is minor, changing is major. */
export type WasmErrorCode =
  | 'ERR_WASM_COMPILE'
  | 'ERR_WASM_FAULT'
  | 'ERR_WASM_LENGTH'
  | 'ERR_WASM_LIMIT'
  | 'ERR_WASM_POOL'
  | 'ERR_WASM_PUBLIC_KEY'
  | 'ERR_WASM_RANDOM'
  | 'ERR_WASM_SECRET_KEY'
  | 'ERR_WASM_UNAVAILABLE';

/** A kernel that cannot run, or input that it refuses. No message carries octets of a key. */
export class WasmError extends Error {
  override readonly name = 'WasmError';
  readonly code: WasmErrorCode;

  constructor(code: WasmErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
