import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty directory to run openssl in. */
export interface Workshop {
  /** Runs openssl with the directory as its current one; gives back what it printed. */
  openssl(...args: readonly string[]): Buffer;
  /** The same, with text on standard input. */
  opensslOn(input: string | Buffer, ...args: readonly string[]): Buffer;
  write(name: string, text: string): void;
  path(name: string): string;
}

/** Runs `body` in a new directory that is removed afterwards. */
export function inWorkshop<T>(body: (workshop: Workshop) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-vectors-'));
  const opensslOn = (input: string | Buffer, ...args: readonly string[]): Buffer => {
    const { status, stdout, stderr, error } = spawnSync('openssl', args, {
      cwd: directory,
      input,
      maxBuffer: 1 << 24,
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', OPENSSL_CONF: '/dev/null' },
    });
    if (error !== undefined) throw new Error(`Cannot run openssl: ${error.message}`, { cause: error });
    if (status !== 0) throw new Error(`Cannot run openssl ${args.join(' ')}: ${stderr.toString()}`);
    return stdout;
  };
  try {
    return body({
      openssl: (...args) => opensslOn('', ...args),
      opensslOn,
      write: (name, text) => writeFileSync(join(directory, name), text, { mode: 0o600 }),
      path: (name) => join(directory, name),
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Sections in the order given, as an openssl configuration file. */
export function configuration(sections: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(sections)
    .map(([name, lines]) => [`[ ${name} ]`, ...lines, ''].join('\n'))
    .join('\n');
}

/** Hexadecimal SHA-256. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
