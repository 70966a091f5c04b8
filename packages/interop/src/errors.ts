/** Why something cannot cross over. Stable: adding is minor, changing is major. */
export type InteropErrorCode =
  | 'ERR_INTEROP_FOREIGN_COPY'
  | 'ERR_INTEROP_HASH'
  | 'ERR_INTEROP_KEY_FORMAT'
  | 'ERR_INTEROP_NOT_DER'
  | 'ERR_INTEROP_REFUSED'
  | 'ERR_INTEROP_UNREPRESENTABLE'
  | 'ERR_INTEROP_UNSIGNED';

/** A value that the other side cannot take, or would change. No message carries key bytes. */
export class InteropError extends Error {
  override readonly name = 'InteropError';
  readonly code: InteropErrorCode;

  constructor(code: InteropErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
