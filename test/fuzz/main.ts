/**
 * Tries mutants of the vectors: `npm run fuzz`.
 *
 *   --count N      inputs to try, 10,000,000 unless given
 *   --seed N       where the random numbers begin, 1 unless given; the same seed tries the same inputs
 *   --format NAME  one format alone, for example certificate or "extension subjectAltName"
 *
 * The first input that fails is written to a file, and the exit code is 1.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, tryOut } from './formats.js';
import { mutate, mutationFrom } from './mutation.js';
import { targets } from './sources.js';

const { values } = parseArgs({
  options: { count: { type: 'string' }, seed: { type: 'string' }, format: { type: 'string' } },
});
const count = naturalNumber('count', values.count ?? '10000000');
const seed = naturalNumber('seed', values.seed ?? '1');
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

/** Numbers of [0, 1) that a seed determines (mulberry32). */
function randomNumbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
