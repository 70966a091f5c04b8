/** Why a CA cannot issue. Stable: adding is minor, changing is major. */
export type CaErrorCode =
  | 'ERR_CA_PROFILE'
  | 'ERR_CA_ISSUER'
  | 'ERR_CA_REQUEST'
  | 'ERR_CA_ISSUER_EXPIRING'
  | 'ERR_CA_LINT'
  | 'ERR_CA_SIGNATURE';

/** A profile, issuer or request that nothing can be issued with, or a fault of this package caught before it left. */
export class CaError extends Error {
  override readonly name = 'CaError';
  readonly code: CaErrorCode;
  /** Of `ERR_CA_LINT`: the rule that was broken, for example `dns-name`. */
  readonly rule: string | undefined;

  constructor(code: CaErrorCode, message: string, options: ErrorOptions & { readonly rule?: string } = {}) {
    super(message, options);
    this.code = code;
    this.rule = options.rule;
  }
}
