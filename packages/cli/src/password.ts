import { Option } from 'commander';
import type { CommandIo } from './command-io.js';
import { CliError } from './errors.js';
import { inputName, readDescriptor, readInput } from './input-file.js';
import { printable } from './terminal-text.js';

/** Where a password comes from; the first that is given. */
export interface PasswordSource {
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  /** A descriptor that is open already, as a shell makes it with `3<file`. */
  readonly passwordFd?: number;
  /** The password itself. */
  readonly password?: string;
}

/** Longest password file, in octets. */
const MAX_LENGTH = 4096;

/** The flags of a {@link PasswordSource} without the password itself: everybody may read the list of processes. */
export const passwordOptions = (what: string = 'an encrypted key', prefix: string = ''): readonly Option[] => {
  const flag = (kind: string): string => `--${prefix}password-${kind}`;
  const property = (kind: string): string => camelCase(`${prefix}password-${kind}`);
  return [
    new Option(`${flag('file')} <file>`, `read the password of ${what} from the first line of a file`),
    new Option(`${flag('env')} <name>`, 'read it from an environment variable').conflicts(property('file')),
    new Option(`${flag('fd')} <number>`, 'read it from a file descriptor')
      .argParser(descriptorArgument)
      .conflicts([property('file'), property('env')]),
  ];
};

/** The flag that takes the password itself, which is warned of. */
export const passwordArgumentOption = (prefix: string = ''): Option =>
  new Option(
    `--${prefix}password <password>`,
    'take it from here: other users of this machine can see it, and a shell remembers it',
  ).conflicts(['file', 'env', 'fd'].map((kind) => camelCase(`${prefix}password-${kind}`)));

const camelCase = (text: string): string => text.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function descriptorArgument(text: string): number {
  const fd = Number(text);
  if (!/^\d{1,5}$/.test(text) || fd === 1 || fd === 2)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot read a password from descriptor ${printable(text)}: give 0, or 3 and above`,
    );
  return fd;
}

/** The flags of one source among several in the options of a command: `keyPasswordFile` is `passwordFile` of `key`. */
export function passwordSource(options: Readonly<Record<string, unknown>>, prefix: string): PasswordSource {
  const found: Record<string, unknown> = {};
  for (const kind of ['passwordFile', 'passwordEnv', 'passwordFd', 'password']) {
    const value = options[prefix === '' ? kind : prefix + kind[0]!.toUpperCase() + kind.slice(1)];
    if (value !== undefined) found[kind] = value;
  }
  return found as PasswordSource; // commander has filled in these four with what their parsers gave
}

/** Whether a source is given at all. */
export const hasPassword = ({ passwordFile, passwordEnv, passwordFd, password }: PasswordSource): boolean =>
  passwordFile !== undefined || passwordEnv !== undefined || passwordFd !== undefined || password !== undefined;

export interface AskOptions {
  /** Asks twice, for a password that is new. Default false. */
  readonly isNew?: boolean;
  /** What stands before `password` in the flags to advise. Default nothing. */
  readonly prefix?: string;
}

/**
 * Finds a password: in a file, in the environment, at a descriptor, or by asking.
 * @param what - What it opens, for the question and for errors.
 * @throws {@link CliError} `ERR_CLI_USAGE` when it is nowhere, `ERR_CLI_FILE` for a file that cannot be read.
 */
export async function readPassword(
  what: string,
  { passwordFile, passwordEnv, passwordFd, password }: PasswordSource,
  io: CommandIo,
  { isNew = false, prefix = '' }: AskOptions = {},
): Promise<string> {
  if (passwordFile !== undefined)
    return firstLine(await readInput(passwordFile, io, MAX_LENGTH), inputName(passwordFile));
  if (passwordFd !== undefined)
    return firstLine(await readDescriptor(passwordFd, io, MAX_LENGTH), `descriptor ${passwordFd}`);
  if (passwordEnv !== undefined) {
    const value = io.env[passwordEnv];
    if (value === undefined)
      throw new CliError(
        'ERR_CLI_USAGE',
        `Cannot read the password: the environment variable ${printable(passwordEnv)} is not set`,
      );
    return value;
  }
  if (password !== undefined) {
    io.writeError(
      `Warning: --${prefix}password shows the password to every user of this machine; use --${prefix}password-file\n`,
    );
    return password;
  }
  const answer = await io.askPassword(`${isNew ? 'New password' : 'Password'} of ${what}: `);
  if (answer === undefined)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot ${isNew ? 'set the password of' : 'open'} ${what}: ${isNew ? '' : 'it is encrypted and '}there is no terminal to ask at; use --${prefix}password-file, ` +
        `--${prefix}password-env or --${prefix}password-fd`,
    );
  if (isNew && (await io.askPassword('The same again: ')) !== answer)
    throw new CliError('ERR_CLI_USAGE', `Cannot set the password of ${what}: the two answers differ`);
  return answer;
}

function firstLine(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n[\s\S]*$/, '');
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `Cannot read the password from ${name}: it is no UTF-8`, { cause });
  } finally {
    bytes.fill(0);
  }
}
