/**
 * Tries mutants of the vectors: `npm run fuzz`.
 *
 *   --count N      inputs to try, 10,000,000 unless given
 *   --seed N       where the random numbers begin, 1 unless given; the same seed tries the same inputs
 *   --shards N     as many processes that share the count, 1 unless given; each begins at a seed of its own and names it
 *   --format NAME  one format alone, for example certificate or "extension subjectAltName"
 *   --kernel NAME  instead of formats, a WebAssembly kernel against the definition: P-256, P-384, Ed25519, or all of them
 *                  one after the other; 1,000,000 cases of each unless counted
 *
 * The first input that fails, or takes longer than 50 ms each time it is tried, is written to a file, and the exit code is 1.
 * Coverage does not guide it: Jazzer.js, the one such fuzzer for Node that ships its binaries, wants glibc 2.38, and Debian 12 has 2.36.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomNumbers } from '../differential/random.js';
import { type Outcome, tryOut } from './formats.js';
import { compareKernel, kernelComparisons } from './kernels.js';
import { mutate, mutationFrom } from './mutation.js';
import { targets } from './sources.js';

/** Milliseconds that one input may take, of the processor: the machine may have other work. */
const LONGEST = 50;

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    seed: { type: 'string' },
    format: { type: 'string' },
    kernel: { type: 'string' },
    shards: { type: 'string' },
  },
});
const count = naturalNumber('count', values.count ?? (values.kernel === undefined ? '10000000' : '1000000'));
const seed = naturalNumber('seed', values.seed ?? '1');
if (values.kernel !== undefined) {
  const names = Object.keys(kernelComparisons);
  const kernels = values.kernel === 'all' ? names : [values.kernel];
  if (!kernels.every((name) => names.includes(name)))
    stop(`no kernel "${values.kernel}"; there are ${names.join(', ')}, or all`);
  process.exit(kernels.every((name) => compareKernel(name, kernelComparisons[name]!, count, seed)) ? 0 : 1);
}
const shards = naturalNumber('shards', values.shards ?? '1');
if (shards > 1) process.exit(await runShards());

const all = targets();
const chosen = all.filter(({ format }) => values.format === undefined || format.name === values.format);
if (chosen.length === 0)
  stop(`no format "${values.format}"; there are ${all.map(({ format }) => format.name).join(', ')}`);

const random = randomNumbers(seed);
const outcomes: Record<Outcome['type'], number> = { refused: 0, same: 0, tolerated: 0, failed: 0 };
const started = performance.now();
let told = started;
for (let i = 0; i < count; i++) {
  const { format, sources } = chosen[i % chosen.length]!;
  const mutation = mutationFrom(sources, [random(), random(), random(), random()]);
  const input = mutate(sources, mutation);
  const outcome = quickly(() => tryOut(format, input));
  outcomes[outcome.type]++;
  if (outcome.type === 'failed') {
    const file = join(process.env['INIT_CWD'] ?? process.cwd(), `fuzz-failure-${format.name.replaceAll(' ', '-')}.der`);
    writeFileSync(file, input);
    process.stdout.write(`input ${i} of seed ${seed}, ${format.name}: ${outcome.why}\n${file}\n`);
    process.exit(1);
  }
  if (i % 1024 === 0 && performance.now() - told > 5000) {
    told = performance.now();
    process.stdout.write(`${i} of ${count}, ${perSecond(i)} a second\n`);
  }
}
const { refused, same, tolerated } = outcomes;
process.stdout.write(
  `${count} inputs of ${chosen.length} formats, seed ${seed}, ${perSecond(count)} a second: ` +
    `${refused} refused, ${same} came out as they went in, ${tolerated} tolerated, 0 failed\n`,
);

/** What came out, or that it took too long three times: once may be the collector of garbage. */
function quickly(work: () => Outcome): Outcome {
  for (let tries = 0; tries < 3; tries++) {
    const begun = process.cpuUsage();
    const outcome = work();
    const { user, system } = process.cpuUsage(begun);
    if (user + system <= LONGEST * 1000) return outcome;
  }
  return { type: 'failed', why: `takes longer than ${LONGEST} ms` };
}

/** Runs this program as often as there are shards. @returns The largest of their exit codes. */
async function runShards(): Promise<number> {
  const share = Math.ceil(count / shards);
  const format = values.format === undefined ? [] : ['--format', values.format];
  const codes = Array.from({ length: shards }, (_, i) => {
    const args = ['--count', `${share}`, '--seed', `${seed + i}`, ...format];
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], { stdio: 'inherit' });
    return new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  });
  return Math.max(...(await Promise.all(codes)));
}

function perSecond(done: number): number {
  return Math.round((done * 1000) / (performance.now() - started));
}

function naturalNumber(name: string, text: string): number {
  const number = Number(text.replaceAll('_', ''));
  if (!Number.isSafeInteger(number) || number < 0) stop(`--${name} ${text} is no natural number`);
  return number;
}

function stop(state: string): never {
  process.stderr.write(`Cannot fuzz: ${state}\n`);
  process.exit(2);
}
