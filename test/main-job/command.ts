import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(repository, 'packages/cli/bin/mayfly.js');
export const examples: string = join(repository, 'packages/cli/examples');

/** The command runs from what was built; `npm test` builds first. */
export const isBuilt: boolean = existsSync(join(repository, 'packages/cli/dist/main.js'));
/** For the names of tests that are skipped without it. */
export const unlessBuilt: string = isBuilt ? '' : ' (skipped: packages/cli/dist is missing, run npm run build)';

/** Whether there is a `script` that makes terminals as that of util-linux does. */
export const hasScript: boolean = ((): boolean => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false; // no such command, or another system's
  }
})();

/** The command, started in a directory of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until standard output matches; rejects when the command ends before. */
  seen(pattern: RegExp): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const directories: string[] = [];

/** A new empty directory, removed after the last test of the file. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-main-job-'));
  directories.push(directory);
  return directory;
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Starts `mayfly`; its input is empty. */
export function mayfly(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Running {
  return start(process.execPath, [bin, ...args], cwd, env);
}

/** Starts `mayfly`, and ends it by SIGTERM once every pod has its certificates. */
export async function mayflyUntilReady(args: readonly string[], cwd: string): Promise<Running> {
  const run = mayfly(args, cwd);
  await run.seen(/\bReady\b/);
  run.child.kill('SIGTERM');
  return run;
}

/** The words by which a shell starts `mayfly`. */
export const mayflyWords: readonly string[] = [process.execPath, bin];

/** Starts any command and collects what it prints. */
export function start(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stdout)) resolve();
        };
        look();
        child.stdout.on('data', look);
        void ended.then(() => reject(new Error(`No ${pattern} in:\n${stdout}\n${stderr}`)));
      }),
  };
}

/** A port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(address)));
    });
  });

/** Waits until a process is gone; rejects when it is still there after a while. */
export async function gone(pid: number): Promise<void> {
  await vi.waitFor(
    () => {
      if (isAlive(pid)) throw new Error(`Process ${pid} is still there`);
    },
    { timeout: 3000 },
  );
}

/** Whether a process is there; one that has ended and that nobody asked about is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // ESRCH
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

/** A pod in the popular form whose container runs a command. */
export const podRunning = (
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  source = '',
): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop }
spec:
  containers:
  - name: main
    image: none
    command: ${JSON.stringify(command)}
    env: ${JSON.stringify([
      { name: 'TLS_CERT_PATH', value: '/tls/tls.crt' },
      ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ])}
    volumeMounts: [{ name: tls, mountPath: /tls }]
  volumes:
  - name: tls
    projected:
      sources:
      - podCertificate: { signerName: mayfly.dev/workload, expirationSeconds: 3600${source} }
---
`;
