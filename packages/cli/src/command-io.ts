import { randomBytes } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import type { KeyAlgorithm } from '@mayfly/keys';
import { generateKey, type NodeSigningKey } from '@mayfly/keys/node';
import { askPassword } from './ask-password.js';

/** What a command reaches beside files; tests bring their own. */
export interface CommandIo {
  /** Writes to standard output. */
  readonly writeOut: (text: string) => void;
  /** Writes to standard error. */
  readonly writeError: (text: string) => void;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Asks a person without showing the answer; `undefined` when no person is there. */
  readonly askPassword: (question: string) => Promise<string | undefined>;
  readonly now: () => Seconds;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly generateKey: (algorithm: KeyAlgorithm) => Promise<NodeSigningKey>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly setExitCode: (code: number) => void;
}

/** The process itself. */
export const processIo = (): CommandIo => ({
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  stdin: process.stdin,
  askPassword: (question) => askPassword(question, process.stdin, process.stderr),
  now: () => Math.floor(Date.now() / 1000),
  randomBytes,
  generateKey,
  env: process.env,
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
