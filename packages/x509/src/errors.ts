/** What is wrong with X.509 data whose DER is sound. Stable: adding is minor, changing is major. */
export type X509ErrorCode =
  | 'ERR_X509_VERSION'
  | 'ERR_X509_SERIAL_NUMBER'
  | 'ERR_X509_ALGORITHM_MISMATCH'
  | 'ERR_X509_DUPLICATE_EXTENSION'
  | 'ERR_X509_PUBLIC_KEY'
  | 'ERR_X509_NO_CERTIFICATE'
  | 'ERR_X509_NAME'
  | 'ERR_X509_NAME_TEXT'
  | 'ERR_X509_GENERAL_NAME'
  | 'ERR_X509_EXTENSION'
  | 'ERR_X509_OCSP';

/** X.509 data that is DER but breaks a rule of RFC 5280, with the place where that showed. */
export class X509Error extends Error {
  override readonly name = 'X509Error';
  readonly code: X509ErrorCode;
  /** Bytes from the start of the input that was given; 0 where the whole is meant. */
  readonly offset: number;
  /** For example `certificate.tbsCertificate.serialNumber`. */
  readonly path: string;

  constructor(code: X509ErrorCode, offset: number, path: string, state: string) {
    super(`Cannot read ${path} at byte ${offset}: ${state}`);
    this.code = code;
    this.offset = offset;
    this.path = path;
  }
}
