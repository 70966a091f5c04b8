import { install } from './install.mjs';
import { kubernetes } from './kubernetes.mjs';
import { turbo } from './turbo.mjs';
import { vitest } from './vitest.mjs';

/**
 * Installs, builds, checks types, style, unused code and API reports, then runs tests. What did not change since it
 * passed is not done again. Ends with the counts on a line of their own, after the name of every skipped test and, where
 * some were counted from an earlier run, a line that says how many; sets the exit code.
 * @param {readonly string[]} filters Beginnings of the names of test groups; none runs all.
 * @param {{ readonly force?: boolean, readonly cluster?: boolean }} [options] `force` does everything anew; `cluster` runs the
 * suites against a real Kubernetes as well.
 */
export async function verify(filters = [], { force = false, cluster = false } = {}) {
  const again = force ? ['--force'] : [];
  const steps = [(await install()) && (await turbo('Building', 'build', ...again))];
  let tests = { passed: 0, failed: 0, skipped: [], earlier: { groups: 0, passed: 0, skipped: 0 } };
  if (steps[0]) {
    const checks = ['typecheck', 'lint', 'unused', 'api', '--continue', ...again];
    steps.push(await turbo('Checking types, style, unused code and API', ...checks));
    tests = await vitest(filters, { force });
    if (cluster) tests = sum(tests, await kubernetes());
  }
  const passed = tests.passed + steps.filter((succeeded) => succeeded).length;
  const failed = tests.failed + steps.filter((succeeded) => !succeeded).length;
  for (const name of tests.skipped) console.log(`skipped: ${name}`);
  const { earlier } = tests;
  if (earlier.groups > 0)
    console.log(
      `cached: ${earlier.passed} passed and ${earlier.skipped} skipped of these in an earlier run with the same inputs; npm test -- --force runs all`,
    );
  console.log(`${passed} passed, ${failed} failed, ${tests.skipped.length} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const sum = (tests, { passed, failed, skipped }) => ({
  ...tests,
  passed: tests.passed + passed,
  failed: tests.failed + failed,
  skipped: [...tests.skipped, ...skipped],
});
