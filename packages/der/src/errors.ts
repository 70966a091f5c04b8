/** What a DER reader found wrong. Stable: adding is minor, changing is major. */
export type DerErrorCode =
  | 'ERR_DER_TRUNCATED'
  | 'ERR_DER_TAG'
  | 'ERR_DER_LENGTH'
  | 'ERR_DER_TRAILING_DATA'
  | 'ERR_DER_TOO_LARGE'
  | 'ERR_DER_DEPTH'
  | 'ERR_DER_BOOLEAN'
  | 'ERR_DER_INTEGER'
  | 'ERR_DER_NULL'
  | 'ERR_DER_BIT_STRING'
  | 'ERR_DER_OID'
  | 'ERR_DER_TIME'
  | 'ERR_DER_STRING'
  | 'ERR_DER_SET_ORDER'
  | 'ERR_DER_VALUE';

/** What a rule finds wrong with octets, before it is known where they stand. */
export interface DerFault {
  readonly code: DerErrorCode;
  readonly state: string;
}

/** Bytes that are not the DER that was asked for, with the place where that showed. */
export class DerError extends Error {
  override readonly name = 'DerError';
  readonly code: DerErrorCode;
  /** Bytes from the start of the outermost input. */
  readonly offset: number;
  /** For example `certificate.tbsCertificate.validity.notAfter`. */
  readonly path: string;

  constructor(code: DerErrorCode, offset: number, path: string, state: string) {
    super(`Cannot read ${path} at byte ${offset}: ${state}`);
    this.code = code;
    this.offset = offset;
    this.path = path;
  }
}
