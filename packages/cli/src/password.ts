import { Option } from 'commander';
import type { CommandIo } from './command-io.js';
import { CliError } from './errors.js';
import { inputName, readInput } from './input-file.js';
import { printable } from './terminal-text.js';

/** Where a password comes from; the first that is given. */
export interface PasswordSource {
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
}

/** Longest password file, in octets. */
const MAX_LENGTH = 4096;

/** The flags of a {@link PasswordSource}. No flag takes the password itself: everybody may read the list of processes. */
export const passwordOptions = (): readonly Option[] => [
  new Option('--password-file <file>', 'read the password of an encrypted key from the first line of a file'),
  new Option('--password-env <name>', 'read it from an environment variable').conflicts('passwordFile'),
];

/**
 * Finds the password of an encrypted key: in a file, in the environment, or by asking.
 * @param what - What it opens, for the question and for errors.
 * @throws {@link CliError} `ERR_CLI_USAGE` when it is nowhere, `ERR_CLI_FILE` for a file that cannot be read.
 */
export async function readPassword(
  what: string,
  { passwordFile, passwordEnv }: PasswordSource,
  io: CommandIo,
): Promise<string> {
  if (passwordFile !== undefined) {
    const bytes = await readInput(passwordFile, io, MAX_LENGTH);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n[\s\S]*$/, '');
    } catch (cause) {
      throw new CliError('ERR_CLI_FILE', `Cannot read the password from ${inputName(passwordFile)}: it is no UTF-8`, {
        cause,
      });
    } finally {
      bytes.fill(0);
    }
  }
  if (passwordEnv !== undefined) {
    const password = io.env[passwordEnv];
    if (password === undefined)
      throw new CliError(
        'ERR_CLI_USAGE',
        `Cannot read the password: the environment variable ${printable(passwordEnv)} is not set`,
      );
    return password;
  }
  const answer = await io.askPassword(`Password of ${what}: `);
  if (answer === undefined)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot open ${what}: it is encrypted and there is no terminal to ask at; use --password-file or --password-env`,
    );
  return answer;
}
