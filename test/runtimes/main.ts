import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runtimes } from './programs.js';
import type { Outcome } from './suite.js';

// npm run test:runtimes [-- --write] [names]: installs the runtimes, runs the suite in each, and prints a table; --write puts
// it into the README at the root. Fails when a case does.
const here = fileURLToPath(new URL('.', import.meta.url));
const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
const args = process.argv.slice(2);
const isWriting = args.includes('--write');
const names = args.filter((arg) => arg !== '--write');

const npm = (...args: readonly string[]): boolean =>
  spawnSync('npm', args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
const isComplete = runtimes.every(({ find }) => !('installable' in find())) && npm('ls', '--loglevel=silent');
if (!isComplete && !npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'))
  console.error('Some runtimes could not be installed');

interface Row {
  readonly runtime: string;
  readonly version: string;
  readonly outcomes: readonly Outcome[];
}

const rows: Row[] = [];
const skipped: string[] = [];
for (const { name, find, version, run } of runtimes) {
  if (names.length > 0 && !names.some((each) => name.toLowerCase().startsWith(each.toLowerCase()))) continue;
  const found = find();
  if ('missing' in found) {
    skipped.push(`${name}: ${found.missing}`);
    continue;
  }
  const outcomes = await run(found.program).catch((error: Error) => [{ name: 'the suite', fault: error.message }]);
  rows.push({ runtime: name, version: version(found.program), outcomes });
}

const table = [
  '| runtime | version | passed | failed |',
  '| --- | --- | --- | --- |',
  ...rows.map(({ runtime, version, outcomes }) => {
    const failed = outcomes.filter(({ fault }) => fault !== undefined);
    const failures = failed.length === 0 ? '0' : failed.map(({ name }) => name).join('; ');
    return `| ${runtime} | ${version} | ${outcomes.length - failed.length} of ${outcomes.length} | ${failures} |`;
  }),
];
console.log(table.join('\n'));
for (const { runtime, outcomes } of rows)
  for (const { name, fault } of outcomes) if (fault !== undefined) console.error(`${runtime}: ${name}: ${fault}`);
for (const each of skipped) console.log(`skipped: ${each}`);
if (isWriting) {
  const [before, after] = ['<!-- runtimes -->', '<!-- end of runtimes -->'];
  const text = readFileSync(readme, 'utf8');
  const [head, rest] = text.split(before);
  const tail = rest?.split(after)[1];
  if (tail === undefined) throw new Error(`Cannot write ${readme}: ${before} or ${after} is missing`);
  writeFileSync(readme, `${head}${before}\n\n${table.join('\n')}\n\n${after}${tail}`);
}
process.exitCode = rows.every(({ outcomes }) => outcomes.every(({ fault }) => fault === undefined)) ? 0 : 1;
