import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorCode } from './paths.js';

/** One process of one machine, so that its number can be told from the same number used again. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Changes with every boot. Linux only. */
  readonly boot?: string;
  /** Where `pid` counts. Linux only. */
  readonly namespace?: string;
  /** When the process began, in ticks since boot. Linux only. */
  readonly started?: string;
}

/** What a lock asks about processes. */
export interface Processes {
  self(): Promise<ProcessIdentity>;
  /** `unknown` when this machine, or this container, cannot tell. */
  state(process: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'>;
}

/** The processes of this machine. */
export const systemProcesses: Processes = {
  self: () => identify(process.pid),
  async state(other) {
    const own = await identify(process.pid);
    if (other.boot !== own.boot) return other.host === own.host ? 'dead' : 'unknown';
    if (own.boot === undefined && other.host !== own.host) return 'unknown';
    if (other.namespace !== own.namespace) return 'unknown';
    try {
      process.kill(other.pid, 0);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return 'dead';
      // EPERM: it exists and belongs to somebody else.
    }
    const stat = await processStat(other.pid);
    if (other.started === undefined || stat === undefined) return 'alive';
    return stat.started === other.started && stat.state !== 'Z' ? 'alive' : 'dead';
  },
};

async function identify(pid: number): Promise<ProcessIdentity> {
  const boot = (await readIfThere('/proc/sys/kernel/random/boot_id'))?.trim();
  const namespace = await readlink('/proc/self/ns/pid').catch(() => undefined); // not Linux
  const started = (await processStat(pid))?.started;
  return {
    pid,
    host: hostname(),
    ...(boot !== undefined && { boot }),
    ...(namespace !== undefined && { namespace }),
    ...(started !== undefined && { started }),
  };
}

/** proc(5): the command in parentheses may contain anything, so fields are counted from the last parenthesis. */
async function processStat(pid: number): Promise<{ readonly state: string; readonly started: string } | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[0];
  const started = fields?.[19];
  return state === undefined || started === undefined ? undefined : { state, started };
}

/** `undefined` where there is no such file: not Linux, or the process is gone. */
const readIfThere = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);
