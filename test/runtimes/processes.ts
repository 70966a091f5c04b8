import { type ChildProcess, spawn } from 'node:child_process';

/** Milliseconds; against hanging alone. */
const PATIENCE = 240_000;

/** Starts a program in a directory, in a group of its own: browsers start others, and all of them end together. */
export function start(
  program: string,
  args: readonly string[],
  cwd: string,
  control: 'pipe' | 'ignore' = 'ignore',
): ChildProcess {
  const environment = { ...process.env, DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' };
  return spawn(program, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', control],
    detached: true,
  });
}

/** Uses a program and ends it, whatever happens. */
export async function withChild<T>(child: ChildProcess, use: () => Promise<T>): Promise<T> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let timer: NodeJS.Timeout | undefined;
  try {
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      timer = setTimeout(() => reject(new Error(`Cannot finish: nothing within ${PATIENCE} ms`)), PATIENCE);
    });
    return await Promise.race([use(), failed]);
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
      await closed;
    }
  }
}

/** All that a stream has. */
export async function text(stream: AsyncIterable<Buffer | string> | null): Promise<string> {
  let all = '';
  for await (const chunk of stream ?? []) all += chunk;
  return all;
}
