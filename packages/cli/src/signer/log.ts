import type { Seconds } from '@mayfly/der';
import { CliError, messageOf, reportOf } from '../errors.js';
import { printable } from '../terminal-text.js';

/** One line of the log. Nothing in it is secret. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  /** A word in CamelCase. */
  readonly reason: string;
  /** For people; a whole sentence without its period. */
  readonly message: string;
  readonly [detail: string]: unknown;
}

export type Log = (line: LogLine) => void;

/** Writes each line as one JSON object, its time in RFC 3339. */
const jsonLog =
  (write: (text: string) => void, now: () => number = Date.now): Log =>
  ({ level, reason, message, ...details }) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, reason, message, ...details })}\n`);

/** How a log is written. */
export const logFormats = ['json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Writes each line for people: local time, what is not as it should be marked, details behind. */
export const textLog =
  (write: (text: string) => void, now: () => number = Date.now): Log =>
  ({ level, reason, message, ...details }) => {
    const time = new Date(now()).toTimeString().slice(0, 8);
    const mark = { info: ' ', warn: '!', error: '!' }[level];
    const behind = Object.entries(details)
      .filter(([, value]) => value !== undefined) // JSON leaves it out too
      .map(([name, value]) => `  ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    write(`${printable(`${time} ${mark} ${reason.padEnd(18)} ${message}${behind.join('')}`)}\n`);
  };

/** The log of a command on a stream. @param format - By default for people where they look at it, and JSON elsewhere. */
export const logTo = (
  stream: { readonly isTTY?: boolean; write(text: string): unknown },
  format: LogFormat = stream.isTTY ? 'text' : 'json',
): Log => (format === 'text' ? textLog : jsonLog)((text) => void stream.write(text));

/** What went wrong, for a `message`. */
export const because = (what: string, error: unknown): string => `${what}: ${messageOf(error)}`;

/**
 * Tells what ended a command where its log is read, and has it end so.
 * @returns The code with which the process is to end.
 */
export function logEnd(log: Log, error: unknown): number {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  log({ level: 'error', reason: 'Ended', message: reportOf(error), ...(code !== undefined && { code }) });
  return error instanceof CliError ? error.exitCode : 1;
}

/** As RFC 3339 has it. */
export const rfc3339 = (at: Seconds): string => new Date(at * 1000).toISOString().replace('.000Z', 'Z');
