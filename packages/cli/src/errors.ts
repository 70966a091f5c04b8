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
  /** With which the command ends: 2 for a wrong call, 1 for the rest, or what a shell would say of a program. */
  readonly exitCode: number;

  constructor(code: CliErrorCode, message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? (code === 'ERR_CLI_USAGE' ? 2 : 1);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota is used up: make room within it',
  EROFS: 'the file system is read-only: choose another place with --state',
  EACCES: 'check who owns the state directory',
  EPERM: 'check who owns the state directory',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
};

/** What a person can do about an error of the system, however deep it lies; `undefined` where there is nothing to say. */
export function adviceFor(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string' && Object.hasOwn(ADVICE, at.code)) return ADVICE[at.code];
  return undefined;
}

/** What an error says, without its stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
