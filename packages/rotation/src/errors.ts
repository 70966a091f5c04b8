/** What rotation found wrong. Stable: adding is minor, changing is major. */
export type RotationErrorCode =
  | 'ERR_ROTATION_BUNDLE'
  | 'ERR_ROTATION_EXPIRED'
  | 'ERR_ROTATION_TIMEOUT'
  | 'ERR_ROTATION_ORDER'
  | 'ERR_ROTATION_STATE'
  | 'ERR_ROTATION_SNAPSHOT'
  | 'ERR_ROTATION_IO'
  | 'ERR_ROTATION_UNSAFE'
  | 'ERR_ROTATION_LOCKED';

/** A credential, a state or a directory that is not as rotation needs it. */
export class RotationError extends Error {
  override readonly name = 'RotationError';
  readonly code: RotationErrorCode;

  constructor(code: RotationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
