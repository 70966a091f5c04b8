import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One package as `npm publish` would send it. */
export interface Tarball {
  /** For example `der`. */
  readonly name: string;
  /** Paths inside, for example `dist/index.js`. */
  readonly files: readonly string[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface PackReport {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs the packages named, all at once: npm takes longer to start than to pack. */
export function packTarballs(names: readonly string[]): readonly Tarball[] {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-pack-'));
  try {
    const workspaces = names.map((name) => `--workspace=packages/${name}`);
    const args = ['pack', '--json', '--ignore-scripts', `--pack-destination=${directory}`, ...workspaces];
    const output = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const reports: Readonly<Record<string, PackReport>> = JSON.parse(output);
    return Object.values(reports).map(({ name, filename, files }) => ({
      name: name.replace('@mayfly/', ''),
      files: files.map(({ path }) => path),
      bytes: new Uint8Array(readFileSync(join(directory, filename))),
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
