import { parseArgs } from 'node:util';
import { measure, type Verdict } from './measure.js';
import { plantedSubjects } from './planted.js';
import { kernelSubjects } from './subjects.js';

// npm run timing [-- --count 100000] [--seed 1] [--only TEXT]: whether times tell secrets apart, in the style of dudect.
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const [count, seed] = [values.count, values.seed].map(Number) as [number, number];
if (!Number.isInteger(count) || count < 1000)
  throw new RangeError(`Cannot time ${values.count} calls: need 1000 or more`);
if (!Number.isInteger(seed)) throw new RangeError(`Cannot seed with ${values.seed}`);

/** Beyond it a difference is certain; random order alone gives less than 5. */
const CERTAIN = 10;

const width = 34;
console.log(`${'subject'.padEnd(width)}     calls    median   largest t   of the fastest`);

const tell = (verdict: Verdict): boolean => {
  const { name, counts, medianNs, t, share } = verdict;
  const leaks = Math.abs(t) > CERTAIN;
  const [calls, median] = [`${counts[0] + counts[1]}`.padStart(8), `${(medianNs / 1000).toFixed(1)} us`.padStart(10)];
  console.log(
    `${name.padEnd(width)} ${calls}${median}${t.toFixed(1).padStart(12)}${`${100 * share} %`.padStart(17)}${leaks ? '  differs' : ''}`,
  );
  return leaks;
};

const planted = plantedSubjects();
const time = (subjects: readonly Parameters<typeof measure>[0][]) =>
  subjects.map((subject) => tell(measure(subject, { count, seed })));
if (time(planted.leaky).includes(false)) {
  console.error('A planted leak is not found: this machine is too busy, or more calls are needed. Nothing is proven.');
  process.exitCode = 2;
} else if (
  [...time(planted.tight), ...time(kernelSubjects().filter(({ name }) => name.includes(values.only)))].includes(true)
) {
  console.error('Times depend on secrets.');
  process.exitCode = 1;
}
