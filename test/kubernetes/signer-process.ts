import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from './certificates.js';
import type { Json } from './client.js';
import { freePort, kubeconfigOf } from './cluster.js';
import type { Installation } from './installation.js';
import { MAYFLY, startProgram } from './program.js';
import { eventually } from './wait.js';

/** `mayfly signer` in a process of its own, as it was built. */
export interface SignerProcess {
  /** Of `/livez`, `/readyz` and `/metrics`. */
  readonly url: string;
  /** Its log so far. */
  readonly log: readonly Json[];
  /** `undefined` while it runs. */
  readonly exitCode: () => number | undefined;
  /** What the process has taken so far. */
  usage(): Usage;
  /** Waits until it is ready to sign. */
  ready(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

export interface Usage {
  /** Milliseconds of processor time, of all threads. */
  readonly cpuMs: number;
  /** Octets of memory at most, until now. */
  readonly peakBytes: number;
}

export interface SignerProcessOptions {
  /** Of the API server or of what stands before it, and who vouches for it. */
  readonly server: string;
  readonly authority: Credential;
  /** For its kubeconfig. */
  readonly directory: string;
  /** Flags that name the authority. Default: the Secret of the installation. */
  readonly authorityFlags?: readonly string[];
  readonly flags?: readonly string[];
}

/** Writes the kubeconfig of an installation's service account. */
export function kubeconfigFile(
  { namespace, token }: Pick<Installation, 'namespace' | 'token'>,
  { server, authority, directory }: Pick<SignerProcessOptions, 'authority' | 'directory' | 'server'>,
): string {
  const path = join(directory, `${namespace}.kubeconfig`);
  writeFileSync(path, JSON.stringify(kubeconfigOf(server, authority, { token })), { mode: 0o600 });
  return path;
}

/** Starts it as the service account of an installation. */
export async function startSignerProcess(
  installation: Pick<Installation, 'isManaged' | 'namespace' | 'signerName' | 'token'>,
  options: SignerProcessOptions,
): Promise<SignerProcess> {
  const { signerName, namespace, isManaged } = installation;
  const kubeconfig = kubeconfigFile(installation, options);
  const port = await freePort();
  const args = [
    ...['signer', '--signer-name', signerName, '--kubeconfig', kubeconfig],
    ...(options.authorityFlags ?? [isManaged ? '--ca-managed' : '--ca-secret', `${namespace}/mayfly-ca`]),
    ...['--lease', `${namespace}/mayfly.${signerName.replace('/', '.')}`],
    ...['--trust-domain', 'example.com', '--listen', `127.0.0.1:${port}`],
    ...(options.flags ?? []),
  ];
  const { pid, lines, hasEnded, exitCode, stop } = startProgram([MAYFLY, ...args]);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    log: lines,
    exitCode,
    stop,
    usage: () => usageOf(pid),
    async ready() {
      await eventually('the signer is ready', async () => {
        if (hasEnded()) throw new Error(`Cannot start the signer: ${JSON.stringify(lines.at(-1))}`);
        const isReady = await fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false, // nobody listens yet
        );
        return isReady || undefined;
      });
    },
  };
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, peakBytes: Number(peak?.[1]) * 1024 };
}
