import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Case, measure } from './measure.js';
import { report, table } from './report.js';
import { type SuiteEntry, suites } from './suites.js';

const usage = `Usage: npm run -s bench -- <suite> [--json] [--save] [--rounds <count>] [--node <program>]

Suites:
${suites.map(({ name, question }) => `  ${name.padEnd(10)}${question}`).join('\n')}

  --json    print one JSON object
  --save    also write it to benchmarks/results/<suite>.json
  --rounds  slots for each implementation, default 12; more take longer and wobble less
  --node    another Node to measure with`;

/** Ends with 2 after telling what is wrong with the arguments. */
function refuse(state: string): never {
  console.error(`Cannot run benchmarks: ${state}\n\n${usage}`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, save: { type: 'boolean' }, rounds: { type: 'string', default: '12' } },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { positionals, values } = readArguments();
const [name] = positionals;
const rounds = Number(values.rounds);
const chosen = suites.find((suite) => suite.name === name);
if (name === undefined) console.log(usage);
else if (positionals.length > 1) refuse(`${positionals.length} suites, one at a time is measured`);
else if (chosen === undefined) refuse(`no suite ${JSON.stringify(name)}`);
else if (!Number.isInteger(rounds) || rounds < 1) refuse(`${values.rounds} rounds`);
else await run(chosen);

/** Times a case, and tells a waiting person which. */
function told(aCase: Case, rounds: number): ReturnType<typeof measure> {
  console.error(`${aCase.name}: ${aCase.contenders.map(({ impl }) => impl).join(', ')}`);
  return measure(aCase, { rounds });
}

async function run({ name: suite, load }: SuiteEntry): Promise<void> {
  const { outcomes } = await load();
  const circumstances = {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    date: new Date().toISOString(),
  };
  const result = report(suite, circumstances, await outcomes((aCase) => told(aCase, rounds)));
  const json = JSON.stringify(result, undefined, 2);
  if (values.save) {
    const directory = new URL('../results/', import.meta.url); // this runs from dist
    await mkdir(directory, { recursive: true });
    await writeFile(new URL(`${suite}.json`, directory), `${json}\n`);
  }
  console.log(values.json ? json : table(result));
}
