import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directory } from '../directory.js';
import { type RemoteJob, type RemoteProgram, reasonOf } from '../remote.js';
import type { Missing } from './missing.js';

const impl = 'go';
const jobs: readonly RemoteJob[] = [
  ...(['parse', 'csr', 'verify-csr', 'issue', 'pipeline', 'path', 'sign', 'verify', 'hash'] as const),
];

/** Builds `peers/go`: crypto/x509, with one thread that runs Go. */
export function buildGo(): RemoteProgram | Missing {
  const made = mkdtempSync(join(tmpdir(), 'mayfly-benchmarks-'));
  const remove = (): void => rmSync(made, { recursive: true });
  const program = join(made, 'peer');
  try {
    const cwd = new URL('peers/go/', directory);
    execFileSync('go', ['build', '-o', program, '.'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    remove();
    return { impl, jobs, reason: reasonOf('go', error) };
  }
  return { impl, jobs, command: program, args: [], env: { GOMAXPROCS: '1' }, remove };
}
