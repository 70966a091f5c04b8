/** Why something cannot cross over. Stable: adding is minor, changing is major. */
export type InteropErrorCode = 'ERR_INTEROP_NOT_DER';

/** A value that Mayfly or PKI.js cannot represent. No message carries key bytes. */
export class InteropError extends Error {
  override readonly name = 'InteropError';
  readonly code: InteropErrorCode;

  constructor(code: InteropErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
