/**
 * Tries mutants of the vectors: `npm run fuzz`.
 *
 *   --count N      inputs to try, 10,000,000 unless given
 *   --seed N       where the random numbers begin, 1 unless given; the same seed tries the same inputs
 *   --format NAME  one format alone, for example certificate or "extension subjectAltName"
 *   --kernel NAME  instead of formats, a WebAssembly kernel against the definition: P-256, P-384, Ed25519, or all of them
 *                  one after the other; 1,000,000 cases of each unless counted
 *
 * The first input that fails is written to a file, and the exit code is 1.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomNumbers } from '../differential/random.js';
import { type Outcome, tryOut } from './formats.js';
import { compareKernel, kernelComparisons } from './kernels.js';
import { mutate, mutationFrom } from './mutation.js';
import { targets } from './sources.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    seed: { type: 'string' },
    format: { type: 'string' },
    kernel: { type: 'string' },
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
  const outcome = tryOut(format, input);
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
