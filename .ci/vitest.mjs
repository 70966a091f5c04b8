import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { root, start } from './step.mjs';
import { digestOf, lookAnew, testGroups } from './test-groups.mjs';
import { earlierOutcome, forgetOutcome, keepOutcome } from './test-results.mjs';

/**
 * Runs the tests, showing vitest's own report. A group of them whose inputs are to the octet those it last passed with
 * does not run again; what it came to then is counted.
 * @param {readonly string[]} filters Beginnings of the names of groups, as `test/layers`; none takes all.
 * @param {{ readonly force?: boolean }} [options] `force` runs everything.
 * @returns {Promise<{ passed: number, failed: number, skipped: readonly string[], earlier: { groups: number, passed: number, skipped: number } }>}
 * A file that cannot be loaded and an error outside any test count as failures. `earlier` counts what did not run now.
 */
export async function vitest(filters = [], { force = false } = {}) {
  const groups = testGroups()
    .filter(({ name }) => filters.length === 0 || filters.some((filter) => name.startsWith(filter)))
    .map((group) => ({ ...group, digest: digestOf(group) }))
    .map((group) => ({ ...group, earlier: force ? undefined : earlierOutcome(group.name, group.digest) }));
  const rest = groups.filter(({ earlier }) => earlier === undefined);
  if (rest.length < groups.length)
    console.log(
      `Unchanged since they passed: the tests of ${groups.length - rest.length} of ${groups.length} directories`,
    );
  const ran = rest.length === 0 ? { outcomes: [], succeeded: true } : await runGroups(rest);

  const earlier = { groups: 0, passed: 0, skipped: 0 };
  const total = { passed: 0, failed: 0, skipped: [] };
  for (const group of groups) {
    const outcome = group.earlier ?? ran.outcomes[rest.indexOf(group)];
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped.push(...outcome.skipped);
    if (group.earlier === undefined) continue;
    earlier.groups++;
    earlier.passed += outcome.passed;
    earlier.skipped += outcome.skipped.length;
  }
  if (!ran.succeeded && total.failed === 0) total.failed++;
  return { ...total, earlier };
}

/** Runs all tests of some groups in one go, and keeps the outcomes of those that passed as a whole. */
async function runGroups(groups) {
  const names = groups.map(({ name }) => (name.endsWith('.ts') ? name : `${name}/`));
  const { succeeded, reports } = await report('test/vitest.config.ts', ['--maxWorkers=100%', ...names]);
  lookAnew();
  const outcomes = groups.map(({ name, digest, files }) => {
    const own = reports.filter((file) => files.includes(relative(root, file.name).split(sep).join('/')));
    const outcome = count(own);
    const isWhole = own.length === files.length && outcome.failed === 0;
    // An error outside any test may be of any group. Files that were changed meanwhile may have been read before or after.
    const unclear = !succeeded && reports.every((file) => count([file]).failed === 0);
    if (isWhole && !unclear && digestOf({ name, files }) === digest) keepOutcome(name, digest, outcome);
    else forgetOutcome(name);
    return outcome;
  });
  return { outcomes, succeeded };
}

/**
 * Runs tests of a configuration of their own, always anew.
 * @param {string} config Path from the root.
 * @param {readonly string[]} filters Parts of the paths of test files.
 * @returns {Promise<import('./test-results.mjs').Outcome>}
 */
export async function vitestOf(config, filters) {
  const { succeeded, reports } = await report(config, filters);
  const outcome = count(reports);
  return !succeeded && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

/** Runs vitest, which shows its own report; what it found comes by file. */
async function report(config, args) {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-test-'));
  try {
    const results = join(directory, 'results.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
    const succeeded = await run(['run', '--config', config, ...reporters, ...args]);
    return { succeeded, reports: readResults(results) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(args) {
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const child = start(process.execPath, [program, ...args], ['ignore', 'inherit', 'inherit']);
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    if (error.code === 'ENOENT') return []; // vitest ended before its report; it said why
    throw error;
  }
}

/** Sums up files of vitest's report. */
function count(files) {
  let passed = 0;
  let failed = 0;
  const skipped = [];
  for (const file of files) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failed++;
      else skipped.push(`${relative(root, file.name)}: ${test.fullName}`);
    }
    if (file.status === 'failed' && failed === failedBefore) failed++;
  }
  return { passed, failed, skipped };
}
