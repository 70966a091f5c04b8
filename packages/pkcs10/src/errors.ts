/** What is wrong with a request whose DER is sound. Stable: adding is minor, changing is major. */
export type Pkcs10ErrorCode = 'ERR_PKCS10_VERSION' | 'ERR_PKCS10_ATTRIBUTE';

/** A certification request that is DER but breaks a rule of RFC 2986, with the place where that showed. */
export class Pkcs10Error extends Error {
  override readonly name = 'Pkcs10Error';
  readonly code: Pkcs10ErrorCode;
  /** Bytes from the start of the request. */
  readonly offset: number;
  /** For example `certificationRequest.certificationRequestInfo.version`. */
  readonly path: string;

  constructor(code: Pkcs10ErrorCode, offset: number, path: string, state: string) {
    super(`Cannot read ${path} at byte ${offset}: ${state}`);
    this.code = code;
    this.offset = offset;
    this.path = path;
  }
}
