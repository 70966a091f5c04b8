import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import { TIMEOUT } from './verdict.js';

/** The first line that a command prints, or nothing where there is none. */
export function firstLine(command: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return undefined; // not installed
  }
}

/** Whether a command ends with success, within the time. */
export const succeeds = (command: string, args: readonly string[], input?: Uint8Array): boolean =>
  spawnSync(command, args, { ...(input && { input }), stdio: ['pipe', 'ignore', 'ignore'], timeout: TIMEOUT })
    .status === 0;

/** Runs `body` with a way to write PEM files, which are gone afterwards. */
export function withFiles<T>(
  body: (write: (name: string, label: string, octets: readonly Uint8Array[]) => string) => T,
): T {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-conformance-'));
  try {
    return body((name, label, octets) => {
      const file = join(directory, name);
      writeFileSync(file, octets.map((der) => encodePem(label, der)).join(''));
      return file;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
