import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from '../errors.js';
import { childEnvironment } from '../token-key.js';
import { mapPaths } from './environment.js';
import { readLines } from './lines.js';
import type { RunnableContainer, RunnablePod } from './pod-file.js';

/** What a program says of its requests, in lines of JSON on its standard output: `{"requests":120,"failed":0}`. */
export interface Tally {
  readonly requests: number;
  readonly failed: number;
}

/** How a program ended; `code` is what a shell would show. */
export interface Ended {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The command that a pod's container runs, with the files where they are here.
 * @param command - What to run; empty takes the container's own command.
 * @throws {@link CliError} `ERR_CLI_PROGRAM` when there is no command or no such container.
 */
export function programOf(
  pod: RunnablePod,
  command: readonly string[],
  containerName?: string,
): { readonly file: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const container: RunnableContainer | undefined =
    containerName === undefined ? pod.containers[0] : pod.containers.find(({ name }) => name === containerName);
  if (container === undefined)
    throw new CliError(
      'ERR_CLI_PROGRAM',
      `Cannot run container ${containerName ?? ''} of pod ${pod.name}: it has ${pod.containers.map(({ name }) => name).join(', ') || 'none'}`,
    );
  const words = command.length > 0 ? command : container.command;
  const [file, ...args] = words.map((word) => mapPaths(word, container.mappings));
  if (file === undefined)
    throw new CliError(
      'ERR_CLI_PROGRAM',
      `Cannot run pod ${pod.name}: its container ${container.name} names no command; write one in the manifest, or run it by mayfly exec with a command after --`,
    );
  return { file, args, env: container.env };
}

/**
 * Waits for a child to end.
 * @throws {@link CliError} `ERR_CLI_PROGRAM` for a command that does not exist (exit code 127) or cannot be run (126), as
 * in a shell.
 */
export function ended(child: ChildProcess, file: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES')
        reject(
          new CliError(
            'ERR_CLI_PROGRAM',
            `Cannot run ${file}: ${error.code === 'ENOENT' ? 'no such command' : 'it may not be executed'}`,
            { cause: error, exitCode: error.code === 'ENOENT' ? 127 : 126 },
          ),
        );
      else reject(error);
    });
    child.once('exit', (code, signal) => resolve({ code: code ?? 128 + signalNumber(signal), signal }));
  });
}

/** A program that runs beside `mayfly up`. */
export interface RunningProgram {
  readonly tally: () => Tally | undefined;
  readonly ended: Promise<Ended>;
  /** Sends a signal to the program and all that it has started; nothing once it has ended. */
  stop(signal: NodeJS.Signals): void;
}

/** Starts a pod's own command with its credentials; each line that it prints goes to `onLine`, cut
 * after {@link MAX_LINE_LENGTH} characters; tallies do not. */
export function startProgram(pod: RunnablePod, onLine: (line: string) => void): RunningProgram {
  const { file, args, env } = programOf(pod, []);
  // In a group of its own, so that Ctrl-C reaches it through here and nothing is counted twice.
  const child = spawn(file, args, {
    cwd: pod.directory,
    env: { ...childEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  let tally: Tally | undefined;
  readLines(child.stdout, (line) => {
    const counted = parseTally(line);
    if (counted === undefined) onLine(line);
    else tally = counted;
  });
  readLines(child.stderr, onLine);
  let over = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (over) return; // its number may be another program's by now
    if (process.platform === 'win32' || child.pid === undefined) child.kill(signal);
    else signalGroup(child.pid, signal);
  };
  // However this process ends, what it started ends with it.
  const kill = (): void => stop('SIGKILL');
  process.once('exit', kill);
  const letGo = child.pid === undefined ? () => {} : outliveBy(child.pid);
  const done = ended(child, file).finally(() => {
    stop('SIGTERM'); // what it has left behind
    over = true;
    process.off('exit', kill);
    letGo();
  });
  return { tally: () => tally, ended: done, stop };
}

/**
 * Has a group of processes killed when this process is gone without a word, as after `kill -9`: a shell waits at the
 * other end of a pipe, which the system closes then.
 * @returns How to let the group be.
 */
function outliveBy(leader: number): () => void {
  if (process.platform === 'win32') return () => {};
  const script = 'read -r over || kill -s KILL -- "-$0"';
  const guard = spawn('/bin/sh', ['-c', script, `${leader}`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.on('error', () => {}); // without a shell a program is merely left behind
  guard.stdin.on('error', () => {}); // the guard is gone, and nothing is left to tell it
  return () => void guard.stdin.end('over\n');
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // gone already
  }
}

function parseTally(line: string): Tally | undefined {
  if (!line.startsWith('{') || line.length > 1000) return undefined;
  try {
    const { requests, failed } = JSON.parse(line);
    return isCount(requests) && isCount(failed) ? { requests, failed } : undefined;
  } catch {
    return undefined; // a line for people
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const signalNumber = (signal: NodeJS.Signals | null): number => (signal === null ? 0 : constants.signals[signal]);
