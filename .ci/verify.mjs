import { install } from './install.mjs';
import { turbo } from './turbo.mjs';
import { vitest } from './vitest.mjs';

/**
 * Installs, builds, checks types, style, unused code and API reports, then runs tests. Ends with the counts on a line of
 * their own, after the name of every skipped test; sets the exit code.
 * @param {readonly string[]} filters Parts of the paths of test files; none runs all.
 */
export async function verify(filters = []) {
  const steps = [(await install()) && (await turbo('Building', 'build'))];
  let tests = { passed: 0, failed: 0, skipped: [] };
  if (steps[0]) {
    steps.push(
      await turbo('Checking types, style, unused code and API', 'typecheck', 'lint', 'unused', 'api', '--continue'),
    );
    tests = await vitest(filters);
  }
  const passed = tests.passed + steps.filter((succeeded) => succeeded).length;
  const failed = tests.failed + steps.filter((succeeded) => !succeeded).length;
  for (const name of tests.skipped) console.log(`skipped: ${name}`);
  console.log(`${passed} passed, ${failed} failed, ${tests.skipped.length} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}
