import { amount, OURS, type Report } from './report.js';
import { readResult } from './results.js';
import { measureApart } from './run.js';
import { type SuiteEntry, suites } from './suites.js';
import { times } from './table.js';

/** What both runs have in common, whatever the machine did meanwhile. */
const YARDSTICK = 'node:crypto';
/** Shares by which Mayfly may have become slower. */
const WARN = 0.1;
const FAIL = 0.25;
/** What looks slower is measured again so often; the middle one of all counts. */
const MORE_RUNS = 2;
const ROUNDS = 8;

/** How one case stands to what was saved. */
export interface Change {
  readonly name: string;
  readonly impl: string;
  /** Our time over that of node:crypto in the same run. */
  readonly before: number;
  readonly now: number;
  /** 0.1 is ten percent slower. */
  readonly slower: number;
}

/**
 * Our cases that have node:crypto beside them in both reports.
 * @param now - One or more measurements of the same suite; the middle one counts.
 */
export function changes(before: Report, now: readonly Report[]): readonly Change[] {
  return before.cases
    .filter(({ impl }) => impl.startsWith(OURS))
    .flatMap(({ name, impl }): Change[] => {
      const then = shareOf(before, name, impl);
      const shares = now.flatMap((report) => shareOf(report, name, impl) ?? []).sort((a, b) => a - b);
      const middle = shares[Math.floor(shares.length / 2)];
      if (then === undefined || middle === undefined) return [];
      return [{ name, impl, before: then, now: middle, slower: middle / then - 1 }];
    });
}

function shareOf({ cases }: Report, name: string, impl: string): number | undefined {
  const [ours, theirs] = [impl, YARDSTICK].map((wanted) =>
    cases.find((one) => one.name === name && one.impl === wanted),
  );
  return ours && theirs && amount(ours) / amount(theirs);
}

/**
 * Measures suites anew and holds them against what was saved. Only ratios count, because another machine is as much faster for
 * one as for the other; what looks slower is measured twice more first.
 * @param chosen - Suites; if none, all that have node:crypto in them.
 * @returns False where a case is slower by a quarter or more.
 */
export async function compareAll(chosen: readonly SuiteEntry[]): Promise<boolean> {
  let isWell = true;
  for (const suite of chosen.length > 0 ? chosen : suites) {
    const before = await readResult(suite.name);
    if (before === undefined || changes(before, [before]).length === 0) {
      if (chosen.length > 0) console.log(`${suite.name}: nothing was saved that has ${YARDSTICK} beside it`);
      continue;
    }
    if (before.node.split('.')[0] !== process.versions.node.split('.')[0])
      console.log(
        `${suite.name}: saved with Node ${before.node}, whose OpenSSL may be another than that of ${process.versions.node}`,
      );
    const now = [await measureApart(suite, 'full', ROUNDS)];
    for (let i = 0; i < MORE_RUNS && changes(before, now).some(({ slower }) => slower >= WARN); i++)
      now.push(await measureApart(suite, 'full', ROUNDS));
    for (const change of changes(before, now)) {
      console.log(tell(change));
      isWell &&= change.slower < FAIL;
    }
  }
  return isWell;
}

/** A line of the outcome; the word in front is for whoever searches a log. */
export function tell({ name, impl, before, now, slower }: Change): string {
  const verdict = slower >= FAIL ? 'FAIL' : slower >= WARN ? 'WARN' : 'ok';
  const sign = slower < 0 ? '' : '+';
  const change = `${sign}${(slower * 100).toFixed(0)} %`;
  return `${verdict.padEnd(5)}${name}, ${impl}: ${times(now)} the time of ${YARDSTICK}, was ${times(before)} (${change})`;
}
