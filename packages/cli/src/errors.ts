/** What stops a command. Stable: adding is minor, changing is major. */
export type CliErrorCode =
  | 'ERR_CLI_USAGE'
  | 'ERR_CLI_MANIFEST'
  | 'ERR_CLI_FILE'
  | 'ERR_CLI_STATE'
  | 'ERR_CLI_POD'
  | 'ERR_CLI_PROGRAM'
  | 'ERR_CLI_INPUT'
  | 'ERR_CLI_PORT';

/** Something that a person has to change before the command can do its work; the message says what. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an error says, without its stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
