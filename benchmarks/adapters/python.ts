import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { directory } from '../directory.js';
import { type RemoteJob, type RemoteProgram, reasonOf } from '../remote.js';
import type { Missing } from './missing.js';

const impl = 'python';
const jobs: readonly RemoteJob[] = [
  ...(['parse', 'csr', 'verify-csr', 'issue', 'pipeline', 'path', 'sign', 'verify', 'hash'] as const),
];

/** `peers/python`: pyca/cryptography, where it is installed. */
export function findPython(): RemoteProgram | Missing {
  try {
    execFileSync('python3', ['-c', 'import cryptography'], { stdio: 'ignore' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== 'ENOENT';
    return { impl, jobs, reason: isThere ? 'skipped: no cryptography in python3' : reasonOf('python3', error) };
  }
  return { impl, jobs, command: 'python3', args: [fileURLToPath(new URL('peers/python/peer.py', directory))] };
}
