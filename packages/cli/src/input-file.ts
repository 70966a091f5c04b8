import { createReadStream } from 'node:fs';
import type { CommandIo } from './command-io.js';
import { CliError, messageOf } from './errors.js';
import { printable } from './terminal-text.js';

/** Longest input that a command reads, in octets. */
export const MAX_INPUT_LENGTH: number = 32 * 1024 * 1024;

/**
 * Reads what an open descriptor gives, whole.
 * @throws {@link CliError} as {@link readInput}.
 */
export const readDescriptor = (
  fd: number,
  { stdin }: Pick<CommandIo, 'stdin'>,
  maxLength: number,
): Promise<Uint8Array> =>
  readStream(fd === 0 ? stdin : createReadStream('', { fd, autoClose: false }), `descriptor ${fd}`, maxLength);

/**
 * Reads a file whole, or standard input for `-`.
 * @returns A new array that the caller owns.
 * @throws {@link CliError} `ERR_CLI_FILE` when it cannot be read or is longer than `maxLength`.
 */
export const readInput = (
  path: string,
  { stdin }: Pick<CommandIo, 'stdin'>,
  maxLength: number = MAX_INPUT_LENGTH,
): Promise<Uint8Array> => readStream(path === '-' ? stdin : createReadStream(path), inputName(path), maxLength);

async function readStream(stream: AsyncIterable<Uint8Array>, name: string, maxLength: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > maxLength)
        throw new CliError(
          'ERR_CLI_FILE',
          `Cannot read ${name}: more than ${maxLength} octets; is it the file you mean?`,
        );
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('ERR_CLI_FILE', `Cannot read ${name}: ${systemState(cause)}`, { cause });
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** How messages call an input. */
export const inputName = (path: string): string => (path === '-' ? 'standard input' : printable(path));

/** What the system says about a file, in words where they are short. */
export function systemState(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'ENOSPC':
      return 'the disk is full';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is no text in UTF-8';
    default:
      return printable(messageOf(error));
  }
}

/** The `code` of an error of any package here; `undefined` for others. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_')
    ? error.code
    : undefined;
}

/**
 * A fault in an input as an error that says where it is and what kind it is.
 * @param where - For example `ca.crt, block 2 at line 30`.
 * @returns `error` itself when it has no code of ours: then it is no fault of the input.
 */
export function inputError(where: string, error: unknown, advice?: string): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof CliError) return error;
  const behind = advice === undefined ? '' : `; ${advice}`;
  return new CliError('ERR_CLI_INPUT', `In ${where}: ${printable(messageOf(error))} (${code})${behind}`, {
    cause: error,
  });
}
