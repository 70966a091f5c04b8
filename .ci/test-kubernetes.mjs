import { install } from './install.mjs';
import { kubernetes } from './kubernetes.mjs';
import { turbo } from './turbo.mjs';

const args = process.argv.slice(2);
const filters = args.filter((argument) => argument !== '--save');
if (filters.some((filter) => filter.startsWith('-'))) {
  console.error(
    `Usage: npm run test:kubernetes [-- suite ...] [-- --save]

  suites are files of test/kubernetes, as rules or faults
  --save  writes figures to benchmarks/results`,
  );
  process.exit(2);
}
if (filters.length < args.length) process.env.MAYFLY_SAVE = '1';
const built = (await install()) && (await turbo('Building', 'build'));
const { passed, failed, skipped } = built ? await kubernetes(filters) : { passed: 0, failed: 1, skipped: [] };
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
