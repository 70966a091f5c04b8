import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { directory as benchmarks } from './directory.js';
import type { Report } from './report.js';

/** What was saved, by suite; committed. */
export const directory: URL = new URL('results/', benchmarks);

const HALF_A_DAY = 12 * 3600 * 1000;

/** What was saved of a suite, if anything was. */
export async function readResult(suite: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(new URL(`${suite}.json`, directory), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All that was saved, in the order of the names. */
export async function readResults(): Promise<readonly Report[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(new URL(name, directory), 'utf8'))));
}

/** Replaces what was saved of a suite, whole. */
export async function saveResult(result: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  const target = new URL(`${result.suite}.json`, directory);
  const temporary = new URL(`${result.suite}.json.new`, directory);
  await writeFile(temporary, `${JSON.stringify(result, undefined, 2)}\n`);
  await rename(temporary, target);
}

/** Whether it was measured at length with this Node on a processor like this one, not long ago. */
export const isRecent = (result: Report | undefined, now: number = Date.now()): boolean =>
  result !== undefined &&
  result.effort === 'full' &&
  result.node === process.versions.node &&
  result.cpu === (cpus()[0]?.model ?? 'unknown') &&
  now - Date.parse(result.date) < HALF_A_DAY;
