import { CliError } from './errors.js';

/** The part of a terminal's input that asking needs. */
export interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Longest password that is taken, in octets. */
const MAX_LENGTH = 4096;
const END = [0x0a, 0x0d, 0x04];
const INTERRUPT = 0x03;
const ERASE = [0x08, 0x7f];
const LINE_KILL = 0x15;

/**
 * Asks for a password at a terminal that shows nothing of the answer.
 * @returns `undefined` when the input is no terminal.
 * @throws {@link CliError} `ERR_CLI_USAGE` for Ctrl-C and for an answer that is too long.
 */
export async function askPassword(
  question: string,
  input: TerminalInput,
  output: { write(text: string): unknown },
): Promise<string | undefined> {
  if (input.isTTY !== true) return undefined;
  input.setRawMode(true); // before the question, so that no answer is too quick to be hidden
  output.write(question);
  input.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      const octets: number[] = [];
      const listener = (chunk: Uint8Array): void => {
        for (const octet of chunk) {
          const answer = take(octets, octet);
          if (answer === undefined) continue;
          input.off('data', listener);
          if (answer instanceof CliError) reject(answer);
          else resolve(answer);
          return;
        }
      };
      input.on('data', listener);
    });
  } finally {
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  }
}

/** Takes what one key sends. @returns The answer when it is complete, or why there is none. */
function take(octets: number[], octet: number): string | CliError | undefined {
  if (END.includes(octet)) return new TextDecoder().decode(Uint8Array.from(octets));
  if (octet === INTERRUPT) return new CliError('ERR_CLI_USAGE', 'Cannot read the password: interrupted');
  if (ERASE.includes(octet)) eraseCharacter(octets);
  else if (octet === LINE_KILL) octets.length = 0;
  else if (octets.push(octet) > MAX_LENGTH)
    return new CliError('ERR_CLI_USAGE', `Cannot read the password: more than ${MAX_LENGTH} octets`);
  return undefined;
}

/** One UTF-8 character: its continuation octets and the one before them. */
function eraseCharacter(octets: number[]): void {
  let last: number | undefined;
  do last = octets.pop();
  while (last !== undefined && (last & 0xc0) === 0x80);
}
