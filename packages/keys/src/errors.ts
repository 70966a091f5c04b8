/** Why a key or an algorithm cannot be used. Stable: adding is minor, changing is major. */
export type KeysErrorCode =
  | 'ERR_KEYS_NOT_EXTRACTABLE'
  | 'ERR_KEYS_PKCS11'
  | 'ERR_KEYS_PKCS11_PIN'
  | 'ERR_KEYS_PKCS11_URI'
  | 'ERR_KEYS_PRIVATE_KEY'
  | 'ERR_KEYS_PUBLIC_KEY'
  | 'ERR_KEYS_UNSUPPORTED_ALGORITHM';

/** A key or an algorithm that a provider refuses. No message carries key bytes. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
