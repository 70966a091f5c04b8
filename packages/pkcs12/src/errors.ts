import { DerError } from '@mayfly/der';
import { Pkcs8Error } from '@mayfly/pkcs8';

/** What is wrong with a PKCS#12 file whose DER is sound. Stable: adding is minor, changing is major. */
export type Pkcs12ErrorCode =
  | 'ERR_PKCS12_BAGS'
  | 'ERR_PKCS12_BUDGET'
  | 'ERR_PKCS12_DAMAGED'
  | 'ERR_PKCS12_DEPTH'
  | 'ERR_PKCS12_FORMAT'
  | 'ERR_PKCS12_ITERATIONS'
  | 'ERR_PKCS12_NO_MAC'
  | 'ERR_PKCS12_PARAMETERS'
  | 'ERR_PKCS12_PASSWORD'
  | 'ERR_PKCS12_SALT'
  | 'ERR_PKCS12_SCRYPT'
  | 'ERR_PKCS12_TOO_LARGE'
  | 'ERR_PKCS12_UNSUPPORTED';

/** A PKCS#12 file that cannot be opened. No message carries a password, a key or what was decrypted. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
  readonly code: Pkcs12ErrorCode;
  /** Where it showed, for example `pfx.authSafe[1].safeBags[0]`. */
  readonly path: string;

  constructor(code: Pkcs12ErrorCode, path: string, state: string, options?: ErrorOptions) {
    super(`Cannot read ${path}: ${state}`, options);
    this.code = code;
    this.path = path;
  }
}

const CODES = {
  ERR_PKCS8_ALGORITHM: 'ERR_PKCS12_UNSUPPORTED',
  ERR_PKCS8_DAMAGED: 'ERR_PKCS12_DAMAGED',
  ERR_PKCS8_KEY: 'ERR_PKCS12_DAMAGED',
  ERR_PKCS8_PARAMETERS: 'ERR_PKCS12_PARAMETERS',
  ERR_PKCS8_PASSWORD: 'ERR_PKCS12_PASSWORD',
  ERR_PKCS8_PEM: 'ERR_PKCS12_FORMAT',
  ERR_PKCS8_UNSUPPORTED: 'ERR_PKCS12_UNSUPPORTED',
} as const satisfies Record<Pkcs8Error['code'], Pkcs12ErrorCode>;

/** An error of the encryption below as one of this package; others come back as they are. */
export const atPath = (path: string, error: unknown): unknown =>
  error instanceof Pkcs8Error
    ? new Pkcs12Error(CODES[error.code], path, error.message.replace(/^Cannot decrypt: /, ''), { cause: error })
    : error;

/**
 * What is told of decrypted octets that cannot be read: where, and nothing of them.
 * @param isRight - Whether they begin as they should: by chance they do not, so that the password was right.
 */
export const unreadable = (path: string, error: unknown, isRight: boolean): unknown =>
  !(error instanceof DerError)
    ? error
    : isRight
      ? new Pkcs12Error(
          'ERR_PKCS12_DAMAGED',
          path,
          `what was decrypted is broken at byte ${error.offset} (${error.code})`,
        )
      : new Pkcs12Error('ERR_PKCS12_PASSWORD', path, 'the password is wrong or the data is damaged');
