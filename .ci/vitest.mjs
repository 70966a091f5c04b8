import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, start } from './step.mjs';

/**
 * Runs the tests, showing vitest's own report.
 * @param {readonly string[]} filters Parts of the paths of test files; none runs all.
 * @returns {Promise<{ passed: number, failed: number, skipped: readonly string[] }>} A file that cannot be loaded and an
 * error outside any test count as failures.
 */
export async function vitest(filters = []) {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-test-'));
  try {
    const results = join(directory, 'results.json');
    const succeeded = await run([
      ...['run', '--config', 'test/vitest.config.ts', '--maxWorkers=100%'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${results}`],
      ...filters,
    ]);
    return count(readResults(results), succeeded);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(args) {
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const child = start(process.execPath, [program, ...args], ['ignore', 'inherit', 'inherit']);
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    if (error.code === 'ENOENT') return []; // vitest ended before its report; it said why
    throw error;
  }
}

function count(files, succeeded) {
  let passed = 0;
  let failed = 0;
  const skipped = [];
  for (const file of files) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failed++;
      else skipped.push(`${relative(root, file.name)}: ${test.fullName}`);
    }
    if (file.status === 'failed' && failed === failedBefore) failed++;
  }
  if (!succeeded && failed === 0) failed++;
  return { passed, failed, skipped };
}
