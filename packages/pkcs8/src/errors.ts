/** What is wrong with a key whose DER is sound. Stable: adding is minor, changing is major. */
export type Pkcs8ErrorCode =
  | 'ERR_PKCS8_ALGORITHM'
  | 'ERR_PKCS8_DAMAGED'
  | 'ERR_PKCS8_KEY'
  | 'ERR_PKCS8_PARAMETERS'
  | 'ERR_PKCS8_PASSWORD'
  | 'ERR_PKCS8_PEM'
  | 'ERR_PKCS8_UNSUPPORTED';

/** A private key that is DER but cannot be used as what it says it is. No message carries key bytes. */
export class Pkcs8Error extends Error {
  override readonly name = 'Pkcs8Error';
  readonly code: Pkcs8ErrorCode;

  constructor(code: Pkcs8ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
