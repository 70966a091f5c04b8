import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RemoteContender } from './measure.js';

/** What programs of other languages can be asked to do; each does some of it. */
export type RemoteJob = 'parse' | 'csr' | 'verify-csr' | 'issue' | 'pipeline' | 'path' | 'sign' | 'verify' | 'hash';

/** A program that does jobs in slots, as `peers/go/main.go` describes it. */
export interface RemoteProgram {
  readonly impl: string;
  readonly jobs: readonly RemoteJob[];
  readonly command: string;
  /** Before the name of the job. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Removes what was made to run it. */
  readonly remove?: () => void;
}

/** What a program is given: JSON, octets as base64. */
export type RemoteInput = Readonly<Record<string, unknown>>;

/** Members of an input in the spelling of the programs; octets become base64 on any level. */
const spelled = (input: RemoteInput): string =>
  JSON.stringify(input, function (this: RemoteInput, key, value) {
    const original = this[key];
    return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value;
  });

/** A program, on one core where the system can say so. */
export interface Remote {
  readonly program: RemoteProgram;
  /** @param check - Throws unless what one run makes, read from JSON, is right. */
  contender(job: RemoteJob, input: RemoteInput, check: (result: unknown) => void): RemoteContender;
  /** Ends every process of it. */
  close(): void;
}

/** Starts a process for each contender, and ends them all when it is closed. */
export function remote(program: RemoteProgram): Remote {
  const { impl } = program;
  const children: ChildProcessWithoutNullStreams[] = [];
  return {
    program,
    close() {
      for (const child of children) child.stdin.end();
      program.remove?.();
    },
    contender(job, input, check) {
      const child = start(program, job);
      children.push(child);
      const lines = createInterface(child.stdout);
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += String(chunk);
      });
      const ended = once(child, 'close').then(() => {
        throw new Error(`Cannot measure ${impl}: ${said.trim() || 'it ended'}`);
      });
      ended.catch(() => {}); // when it ends because it is closed nobody waits for it
      child.stdin.on('error', () => {}); // of one that has ended, which is told above
      const ask = async (milliseconds: number): Promise<unknown> => {
        const answer = once(lines, 'line');
        child.stdin.write(`${milliseconds}\n`);
        const [line] = await Promise.race([answer, ended]);
        return JSON.parse(String(line));
      };
      child.stdin.write(`${spelled(input)}\n`);
      return {
        impl,
        slot: async (milliseconds) => (await ask(milliseconds)) as number[], // its answer to a length
        async check() {
          check(await ask(0)); // its answer to zero
          return undefined;
        },
      };
    },
  };
}

function start({ command, args, env }: RemoteProgram, job: RemoteJob): ChildProcessWithoutNullStreams {
  const [program, ...all] = [...pinning(), command, ...args, job];
  return spawn(program!, all, { env: { ...process.env, ...env } }); // the command at least
}

/** What in front of a command keeps it on core 0; nothing outside Linux, or where core 0 is not ours. */
export function pinning(): readonly string[] {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return ['taskset', '-c', '0'];
  } catch {
    return [];
  }
}

/** Why a toolchain cannot be used: it is not there, or what it said. */
export function reasonOf(tool: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException; // what execFileSync throws
  return code === 'ENOENT' ? `skipped: no ${tool}` : message;
}
