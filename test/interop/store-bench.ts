import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePem } from '@mayfly/der/pem';
import type { KeyEntry } from '@mayfly/pkcs12';

/** ASCII: Java takes no other for PBES2. */
export const PASSWORD = 'pass word';

/** A directory for key stores, and programs that work in it. */
export interface StoreBench {
  readonly directory: string;
  readonly at: (name: string) => string;
  readonly run: (program: string, ...args: readonly string[]) => string;
  /** Makes `NAME.key` and `NAME.crt` with openssl: what `keyStore` takes. */
  readonly pair: (name: string, ...algorithm: readonly string[]) => KeyEntry;
  readonly remove: () => void;
}

export function openStoreBench(): StoreBench {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-stores-'));
  const at = (name: string): string => join(directory, name);
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  return {
    directory,
    at,
    run,
    pair(name, ...algorithm) {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
      run(
        'openssl',
        'req',
        '-x509',
        '-newkey',
        ...algorithm,
        '-nodes',
        ...files,
        '-subj',
        `/CN=${name}`,
        '-days',
        '30',
      );
      const [key] = parsePem(readFileSync(at(`${name}.key`), 'utf8'));
      const [certificate] = parsePem(readFileSync(at(`${name}.crt`), 'utf8'));
      return { friendlyName: name, privateKeyInfo: key!.bytes, certificates: [certificate!.bytes] };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** A program is missing when it cannot be started at all. */
export const isMissing = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).error !== undefined;

/** For the name of a group of tests that is skipped. */
export const orMissing = (program: string, missing: boolean): string => (missing ? ` (missing: ${program})` : '');

export const java = (source: string): string => fileURLToPath(new URL(`java/${source}`, import.meta.url));
