/** Why credentials could not be used. Stable: adding is minor, changing is major. */
export type TlsErrorCode =
  | 'ERR_TLS_MISSING'
  | 'ERR_TLS_READ'
  | 'ERR_TLS_TOO_LARGE'
  | 'ERR_TLS_PRIVATE_KEY'
  | 'ERR_TLS_CERTIFICATE_CHAIN'
  | 'ERR_TLS_TRUST_BUNDLE'
  | 'ERR_TLS_KEY_MISMATCH'
  | 'ERR_TLS_VALIDITY'
  | 'ERR_TLS_CONTEXT'
  | 'ERR_TLS_LISTENER'
  | 'ERR_TLS_NO_TRUST'
  | 'ERR_TLS_SERVER_IDENTITY';

/** Credentials that cannot be used, or a peer that is not the one expected. Never holds key material. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
