import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { directory } from '../directory.js';
import { type RemoteJob, type RemoteProgram, reasonOf } from '../remote.js';
import type { Missing } from './missing.js';

const impl = 'rust';
const jobs: readonly RemoteJob[] = [
  ...(['parse', 'csr', 'verify-csr', 'issue', 'pipeline', 'sign', 'verify', 'hash'] as const),
];

/** Builds `peers/rust`: rcgen and x509-parser on ring. The first time fetches its crates and takes a minute. */
export function buildRust(): RemoteProgram | Missing {
  const target = fileURLToPath(new URL('dist/rust', directory));
  if (!existsSync(`${target}/release/peer`))
    process.stderr.write('Building the Rust peer, which takes a minute the first time ...\n');
  try {
    execFileSync('cargo', ['build', '--quiet', '--release', '--target-dir', target], {
      cwd: new URL('peers/rust/', directory),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    return { impl, jobs, reason: reasonOf('cargo', error) };
  }
  return { impl, jobs, command: `${target}/release/peer`, args: [] };
}
