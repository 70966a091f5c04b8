import { install } from './install.mjs';
import { turbo } from './turbo.mjs';
import { vitest } from './vitest.mjs';

/**
 * Installs, builds, checks types, style, unused code and API reports, then runs tests. Ends with the counts on a line of
 * their own, after the name of every skipped test; sets the exit code.
 * @param {readonly string[]} filters Parts of the paths of test files; none runs all.
 */
export async function verify(filters = []) {
  const built = (await install()) && (await turbo('Building', 'build'));
  const checked =
    built && (await turbo('Checking types, style, unused code and API', 'typecheck', 'lint', 'unused', 'api'));
  const tests = built ? await vitest(filters) : { passed: 0, failed: 0, skipped: [] };

  const steps = [built, checked].filter((outcome) => outcome).length;
  const failed = tests.failed + (2 - steps);
  for (const name of tests.skipped) console.log(`skipped: ${name}`);
  console.log(`${tests.passed + steps} passed, ${failed} failed, ${tests.skipped.length} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}
