import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Releases of Kubernetes that can be built, by the module files that pin them. */
export const releases = { '1.36': 'go.mod', '1.37': 'go.1.37.mod' } as const;

export type Release = keyof typeof releases;

/** A control plane in one program. */
export interface Binary {
  readonly path: string;
  /** For example 36 of v1.36.3. */
  readonly minor: number;
}

const directory = fileURLToPath(new URL('server', import.meta.url));
const PROGRESS_MS = 30_000;

/** Whether a control plane can be built here. */
function goVersion(): string | undefined {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', cwd: directory }).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The program for a release: from the cache of the user, which `XDG_CACHE_HOME` names, or built into it. What decides
 * is the module with its pinned sums, its source and the version of Go.
 * @param report - Gets lines on a build that takes long.
 * @returns `undefined` where there is no Go.
 */
export async function buildBinary(release: Release, report: (line: string) => void): Promise<Binary | undefined> {
  const go = goVersion();
  if (go === undefined) return undefined;
  const modules = readFileSync(join(directory, releases[release]), 'utf8');
  const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(modules);
  if (version?.[1] === undefined) throw new Error(`Cannot build Kubernetes: ${releases[release]} names no version`);
  const [, tag, minor] = version;
  const hash = createHash('sha256').update(`${go}\0${modules}`);
  for (const name of [sums(release), 'main.go']) hash.update('\0').update(readFileSync(join(directory, name)));
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mayfly', 'kubernetes');
  const place = join(cache, `${tag}-${hash.digest('hex').slice(0, 16)}`);
  const path = join(place, 'kubernetes');
  if (!existsSync(path)) {
    mkdirSync(place, { recursive: true });
    await build(release, tag, `${path}.${process.pid}`, report);
    renameSync(`${path}.${process.pid}`, path);
  }
  return { path, minor: Number(minor) };
}

const sums = (release: Release): string => releases[release].replace(/mod$/, 'sum');

async function build(release: Release, tag: string, output: string, report: (line: string) => void): Promise<void> {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(tag)!;
  const set = (name: string, value: string | undefined) => `-X k8s.io/component-base/version.${name}=${value}`;
  const ldflags = ['-s -w', set('gitVersion', tag), set('gitMajor', major), set('gitMinor', minor)].join(' ');
  const args = [
    ...['build', '-v', '-trimpath', '-buildvcs=false', '-p', String(availableParallelism())],
    ...['-modfile', releases[release], '-ldflags', ldflags, '-o', output, '.'],
  ];
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  report(`Building Kubernetes ${tag}: for the first time here, which takes from ten minutes to half an hour`);
  const from = Date.now();
  const child = spawn('nice', ['-n', '10', 'go', ...args], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const last: string[] = [];
  let packages = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!line.includes(' ')) packages++; // -v names a package a line; all else are downloads and errors
    last.push(line);
    if (last.length > 20) last.shift();
  });
  const minutes = () => ((Date.now() - from) / 60_000).toFixed(1);
  const progress = setInterval(() => report(`  ${packages} packages compiled in ${minutes()} min`), PROGRESS_MS);
  try {
    const [code, signal] = await once(child, 'close');
    if (code !== 0) throw new Error(`Cannot build Kubernetes ${tag}: ${signal ?? code}\n${last.join('\n')}`);
    report(`Building Kubernetes ${tag}: done in ${minutes()} min`);
  } catch (error) {
    rmSync(output, { force: true });
    throw error;
  } finally {
    clearInterval(progress);
  }
}
