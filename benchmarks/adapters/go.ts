import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChainJob } from '../chains.js';
import type { Identity, IssueJob } from '../jobs.js';
import type { RemoteContender } from '../measure.js';

/** What Go is given; octets go as base64. */
export interface GoInput {
  readonly identity: Identity;
  readonly pkcs8: Uint8Array;
  readonly issue?: Pick<IssueJob, 'issuer' | 'lifetime' | 'spki'>;
  /** DER of the request. */
  readonly request?: Uint8Array;
}

/** The program of `peers/go`, on one core. */
export interface Go {
  /** @param check - Throws unless what one run makes is right. */
  contender(job: 'issue' | 'csr' | 'pipeline', input: GoInput, check: (der: Uint8Array) => void): RemoteContender;
  /** Validates one leaf after the other. `check` is given the leaf that was accepted. */
  chains(input: ChainJob, check: (leaf: Uint8Array) => void): RemoteContender;
  /** Ends every program. */
  close(): void;
}

const impl = 'go';

/** Builds the program; a string says why it cannot be built. */
export function openGo(): Go | string {
  const source = fileURLToPath(new URL('../peers/go/', import.meta.url)); // this runs from dist
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-benchmarks-'));
  const program = join(directory, 'peer');
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    rmSync(directory, { recursive: true });
    const { code, message } = error as NodeJS.ErrnoException; // what execFileSync throws
    return code === 'ENOENT' ? 'Go is not installed' : message;
  }
  const programs: ChildProcessWithoutNullStreams[] = [];
  return {
    contender: (job, input, check) => open(job, spelled(input), check),
    // A line of standard input takes a megabyte.
    chains: ({ root, intermediate, leaves, dNSName }, check) =>
      open(
        'path',
        {
          Root: base64(root),
          Intermediate: base64(intermediate),
          Leaves: leaves.slice(0, 200).map(base64),
          DNSName: dNSName,
        },
        check,
      ),
    close() {
      for (const child of programs) child.stdin.end();
      rmSync(directory, { recursive: true });
    },
  };

  function open(job: string, input: object, check: (der: Uint8Array) => void): RemoteContender {
    const child = start(program, job);
    programs.push(child);
    const lines = createInterface(child.stdout);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`Cannot measure ${impl}: ${String(child.stderr.read() ?? 'it ended').trim()}`);
    });
    ended.catch(() => {}); // when it ends because it is closed nobody waits for it
    const ask = async (milliseconds: number): Promise<unknown> => {
      const answer = once(lines, 'line');
      child.stdin.write(`${milliseconds}\n`);
      const [line] = await Promise.race([answer, ended]);
      return JSON.parse(String(line));
    };
    child.stdin.write(`${JSON.stringify(input)}\n`);
    return {
      impl,
      slot: async (milliseconds) => (await ask(milliseconds)) as number[], // its answer to a length
      async check() {
        check(Buffer.from((await ask(0)) as string, 'base64')); // its answer to zero
        return undefined;
      },
    };
  }
}

/** On one core, where the system can say so; with one thread that runs Go in any case. */
function start(program: string, job: string): ChildProcessWithoutNullStreams {
  const [command, args] = hasTaskset() ? ['taskset', ['-c', '0', program, job]] : [program, [job]];
  return spawn(command as string, args as string[], { env: { ...process.env, GOMAXPROCS: '1' } });
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not Linux, or core 0 is not ours
  }
}

const spelled = ({ identity, pkcs8, issue, request }: GoInput) => ({
  Organization: identity.organization,
  CommonName: identity.commonName,
  DNSNames: identity.dNSNames,
  URI: identity.uri,
  Key: base64(pkcs8),
  ...(issue && { Issuer: base64(issue.issuer), Lifetime: issue.lifetime, PublicKey: base64(issue.spki) }),
  ...(request && { Request: base64(request) }),
});

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');
