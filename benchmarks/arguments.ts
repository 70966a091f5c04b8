import { parseArgs } from 'node:util';
import type { Effort } from './report.js';
import { type SuiteEntry, suites } from './suites.js';

export const usage: string = `Usage: npm run -s bench -- [<suite> ...] [options]

Without a suite: a quick look at all that fit into three minutes. With suites: those, at length.

  --full     every suite, at length (half an hour)
  --quick    the suites that are named in few slots, and without the cases that take long
  --json     print one JSON object for each suite, a line each where there are several
  --save     also write results/<suite>.json, the report and the tables of the READMEs; not of a quick look
  --resume   pass over suites that were saved on this machine, with this Node, in the last 12 hours
  --rounds   slots for each implementation, default 12; more take longer and wobble less
  --node     another Node to measure with
  --report   only write report and tables anew from what was saved
  --check    only tell whether report and tables are those of what was saved
  --page     build the page that runs suites in a browser, and tell where it is
  --compare  hold the ratios to node:crypto against those that were saved; 10 % slower is told, 25 % ends with 1

Suites:
${suites.map(({ name, question, quick }) => `  ${name.padEnd(12)}${question}${quick ? '' : ' *'}`).join('\n')}

  * not part of a quick look`;

/** What was asked for. */
export type Task =
  | { readonly kind: 'help' }
  | { readonly kind: 'report'; readonly check: boolean }
  | { readonly kind: 'compare'; readonly chosen: readonly SuiteEntry[] }
  | ({ readonly kind: 'measure' } & Measuring);

/** What to measure, how, and where the outcome goes. */
export interface Measuring {
  readonly chosen: readonly SuiteEntry[];
  readonly effort: Effort;
  readonly rounds: number;
  readonly json: boolean;
  readonly save: boolean;
  readonly resume: boolean;
}

/** Slots of a quick look. */
const QUICK_ROUNDS = 4;
const FULL_ROUNDS = 12;

/**
 * Reads the command line.
 * @throws Error that says what is wrong with it.
 */
export function readArguments(args: readonly string[]): Task {
  const boolean = { type: 'boolean', default: false } as const;
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ full: boolean, quick: boolean, json: boolean, save: boolean, resume: boolean },
      ...{ report: boolean, check: boolean, compare: boolean, help: boolean },
      rounds: { type: 'string' },
    },
  });
  if (values.help) return { kind: 'help' };
  const named = positionals.map(suiteNamed);
  if (values.report || values.check) return { kind: 'report', check: values.check };
  if (values.compare) return { kind: 'compare', chosen: named };
  if (values.full && (values.quick || named.length > 0))
    throw new Error('--full is every suite at length: name suites, or ask for --quick, without it');
  const effort = values.quick || (!values.full && named.length === 0) ? 'quick' : 'full';
  if (values.save && effort === 'quick')
    throw new Error('--save keeps what was measured at length: add --full, or name suites');
  if (values.resume && !values.save) throw new Error('--resume goes on with what --save has written: add --save');
  const rounds = Number(values.rounds ?? (effort === 'quick' ? QUICK_ROUNDS : FULL_ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${values.rounds} rounds`);
  const chosen = named.length > 0 ? named : suites.filter(({ quick }) => quick || values.full);
  const { json, save, resume } = values;
  return { kind: 'measure', chosen, effort, rounds, json, save, resume };
}

function suiteNamed(name: string): SuiteEntry {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new Error(`no suite ${JSON.stringify(name)}`);
  return found;
}
