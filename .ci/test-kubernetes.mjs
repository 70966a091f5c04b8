import { parseArgs } from 'node:util';
import { install } from './install.mjs';
import { kubernetes } from './kubernetes.mjs';
import { turbo } from './turbo.mjs';

const usage = `Usage: npm run test:kubernetes [-- suite ...] [-- --release 1.37] [-- --save]

  suites are files of test/kubernetes, as rules or faults
  --release  of Kubernetes: 1.36 without, or what KUBERNETES_RELEASE names
  --save     writes figures to benchmarks/results`;

const { values, positionals: filters } = read();
if (values.save) process.env.MAYFLY_SAVE = '1';
if (values.release !== undefined) process.env.KUBERNETES_RELEASE = values.release;
const built = (await install()) && (await turbo('Building', 'build'));
const { passed, failed, skipped } = built ? await kubernetes(filters) : { passed: 0, failed: 1, skipped: [] };
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function read() {
  try {
    const options = { release: { type: 'string' }, save: { type: 'boolean' } };
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
