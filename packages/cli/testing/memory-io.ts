import { generateKey } from '@mayfly/keys/node';
import type { CommandIo } from '../src/command-io.js';

/** A {@link CommandIo} that keeps what a command writes. */
export interface MemoryIo extends CommandIo {
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
}

/** 2026-06-01T00:00:00Z. */
export const NOW = 1_780_272_000;

/** Standard input from memory, a clock that stands, octets that count up, and no terminal. */
export function memoryIo({
  stdin = new Uint8Array(0),
  ...others
}: { stdin?: Uint8Array } & Partial<Omit<CommandIo, 'stdin'>> = {}): MemoryIo {
  let out = '';
  let err = '';
  let exitCode: number | undefined;
  let next = 0;
  return {
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
    stdin: (async function* () {
      for (let at = 0; at < stdin.length; at += 65_536) yield stdin.subarray(at, at + 65_536);
    })(),
    askPassword: async () => undefined,
    now: () => NOW,
    randomBytes: (length) => Uint8Array.from({ length }, () => next++ & 0xff),
    generateKey,
    env: {},
    setExitCode: (code) => {
      exitCode = code;
    },
    ...others,
    out: () => out,
    err: () => err,
    exitCode: () => exitCode,
  };
}
