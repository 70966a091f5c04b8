import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One case of a suite of conformance vectors, as far as all kinds share it. */
export interface Case {
  readonly id: string;
  readonly expect?: 'accept' | 'reject' | 'either' | 'any';
  readonly level?: 'strict';
}

/** Cases that Mayfly answers otherwise than the suite expects, and why, by id. */
export type Differences = Readonly<Record<string, string>>;

const folder = new URL('../../../shared/vectors/', import.meta.url);

/** The file of a suite, compressed or not; `undefined` where there is none. */
const fileOf = (suite: string): URL | undefined =>
  ['cases.json.gz', 'cases.json'].map((name) => new URL(`${suite}/${name}`, folder)).find((file) => existsSync(file));

/** Whether the vectors of a suite are on this machine. */
export const isPresent = (suite: string): boolean => fileOf(suite) !== undefined;

/** What to put into a test's name, so that a skip says what is missing. */
export const orMissing = (suite: string): string => (isPresent(suite) ? '' : ` (missing: ../shared/vectors/${suite})`);

/** The cases of a suite, of the shape that its kind has. */
export const loadCases = <T extends Case>(suite: string): readonly T[] => loadFile<T>(suite).cases;

/** The keys that the cases of a suite point to, of the shape that its kind has. */
export const loadKeys = <T>(suite: string): readonly T[] => loadFile(suite).keys as readonly T[];

/** A suite with what its cases point into. */
export interface SuiteFile<T extends Case> {
  readonly pool: readonly string[];
  /** Of the shape that the suite's kind has; absent from kinds without. */
  readonly keys?: readonly unknown[];
  readonly cases: readonly T[];
}

/** The whole file of a suite. */
export function loadFile<T extends Case>(suite: string): SuiteFile<T> {
  const file = fileOf(suite);
  if (file === undefined) throw new Error(`Cannot load ${suite}: no cases.json in ${folder.pathname}${suite}`);
  const text = file.pathname.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString() : readFileSync(file, 'utf8');
  return JSON.parse(text) as SuiteFile<T>; // the format is the suite's README's
}

export const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/** The differences of a suite, from the list beside this file. */
export const loadDifferences = (suite: string): Differences =>
  JSON.parse(readFileSync(new URL(`${suite}-differences.json`, import.meta.url), 'utf8')) as Differences; // committed

/**
 * Compares what went wrong with what is known to: a failure that is not listed and a listed case that passes both count.
 * @param failures - What is wrong with each case that failed, by id.
 */
export const unexpected = (
  failures: ReadonlyMap<string, string>,
  differences: Differences,
): { readonly failures: readonly string[]; readonly passes: readonly string[] } => ({
  failures: [...failures].filter(([id]) => !Object.hasOwn(differences, id)).map(([id, state]) => `${id}: ${state}`),
  passes: Object.keys(differences).filter((id) => !failures.has(id)),
});
