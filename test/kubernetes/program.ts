import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Json } from './client.js';

/** A program that says what it does in lines of JSON. */
export interface Program {
  readonly pid: number;
  /** What it said so far. */
  readonly lines: readonly Json[];
  hasEnded(): boolean;
  /** `undefined` while it runs. */
  exitCode(): number | undefined;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** The command as it was built. */
export const MAYFLY: string = fileURLToPath(new URL('../../packages/cli/bin/mayfly.js', import.meta.url));

/** Starts one that writes its lines to standard error, of Node.js unless it is named. */
export function startProgram(args: readonly string[], program: string = process.execPath): Program {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const lines: Json[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(lineOf(line)));
  const ended = once(child, 'exit');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid!,
    lines,
    hasEnded,
    exitCode: () => child.exitCode ?? undefined,
    async stop() {
      if (hasEnded()) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What is no JSON is what a program says at its end. */
function lineOf(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return { level: 'error', reason: 'Ended', message: text };
  }
}
