/** What is wrong with an object that should be one of `certificates.k8s.io`. Stable: adding is minor. */
export type PodCertificatesErrorCode =
  | 'ERR_POD_CERTIFICATES_FIELD'
  | 'ERR_POD_CERTIFICATES_KIND'
  | 'ERR_POD_CERTIFICATES_STORAGE';

/** JSON that is no object of the kind that was asked for, with the place where that showed. */
export class PodCertificatesError extends Error {
  override readonly name = 'PodCertificatesError';
  readonly code: PodCertificatesErrorCode;
  /** For example `spec.podUID`. */
  readonly path: string;

  constructor(code: PodCertificatesErrorCode, path: string, state: string, options?: ErrorOptions) {
    super(`Cannot read ${path}: ${state}`, options);
    this.code = code;
    this.path = path;
  }
}
