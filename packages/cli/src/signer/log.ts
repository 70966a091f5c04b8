import type { Seconds } from '@mayfly/der';
import { CliError, messageOf, reportOf } from '../errors.js';

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
export const jsonLog =
  (write: (text: string) => void, now: () => number = Date.now): Log =>
  ({ level, reason, message, ...details }) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, reason, message, ...details })}\n`);

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
