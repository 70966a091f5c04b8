import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Measuring } from './arguments.js';
import { circumstances } from './circumstances.js';
import { writeDocuments } from './documents.js';
import { type Case, measure } from './measure.js';
import { type Effort, type Report, report } from './report.js';
import { isRecent, readResult, saveResult } from './results.js';
import type { SuiteEntry } from './suites.js';
import { table } from './table.js';

/** Milliseconds of a slot and of what comes before it, in a quick look. */
const QUICK = { slotTime: 30, warmUpTime: 150 };

/**
 * Measures suites one after the other. A single one is measured here, so that its errors are seen where they happen; of several each has
 * a process of its own, whose code and heap are no other's.
 * @returns False where one failed; the others are measured all the same.
 */
export async function measureAll(options: Measuring): Promise<boolean> {
  const { chosen, effort, rounds, json, save, resume } = options;
  const failed: string[] = [];
  const started = performance.now();
  for (const suite of chosen) {
    if (resume && isRecent(await readResult(suite.name))) {
      console.error(`${suite.name}: saved before, passed over`);
      continue;
    }
    const result =
      chosen.length === 1
        ? await measureHere(suite, effort, rounds)
        : await measureApart(suite, effort, rounds).catch((error: unknown) => void tell(suite, error));
    if (result === undefined) failed.push(suite.name);
    else {
      if (save) await saveResult(result);
      console.log(json ? JSON.stringify(result, undefined, chosen.length === 1 ? 2 : 0) : `${table(result)}\n`);
    }
  }
  if (save) await writeDocuments();
  if (chosen.length > 1) console.error(`${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
  if (failed.length > 0) console.error(`Failed: ${failed.join(', ')}`);
  return failed.length === 0;
}

const tell = ({ name }: SuiteEntry, error: unknown): void =>
  console.error(`Cannot measure ${name}: ${error instanceof Error ? error.message : String(error)}`);

/** Measures a suite in this process. */
async function measureHere({ name, load }: SuiteEntry, effort: Effort, rounds: number): Promise<Report> {
  const { outcomes } = await load();
  const told = (aCase: Case): ReturnType<typeof measure> => {
    console.error(`${aCase.name}: ${aCase.contenders.map(({ impl }) => impl).join(', ')}`);
    return measure(aCase, { rounds, ...(effort === 'quick' && QUICK) });
  };
  const found = await outcomes(told, effort);
  return report(name, circumstances(effort, found), found);
}

/** Measures a suite in a process of its own. */
export async function measureApart({ name }: SuiteEntry, effort: Effort, rounds: number): Promise<Report> {
  const program = fileURLToPath(new URL('main.js', import.meta.url));
  const args = [...process.execArgv, program, name, '--json', '--rounds', `${rounds}`];
  const child = promisify(execFile)(process.execPath, effort === 'quick' ? [...args, '--quick'] : args, {
    maxBuffer: 2 ** 24,
  });
  child.child.stderr?.pipe(process.stderr);
  return JSON.parse((await child).stdout);
}
