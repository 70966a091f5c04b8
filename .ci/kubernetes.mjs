import { spawnSync } from 'node:child_process';
import { root, start } from './step.mjs';
import { vitestOf } from './vitest.mjs';

/**
 * Runs the suites against a real control plane, after it was built where that has not happened yet.
 * @param {readonly string[]} filters Names of suites; none takes those that end in minutes.
 * @returns {Promise<import('./test-results.mjs').Outcome>}
 */
export async function kubernetes(filters = []) {
  const { error } = spawnSync('go', ['version'], { cwd: root });
  if (error?.code === 'ENOENT')
    return { passed: 0, failed: 0, skipped: ['test/kubernetes: Go is not installed, which builds Kubernetes'] };
  if (!(await build())) return { passed: 0, failed: 1, skipped: [] };
  return await vitestOf('test/kubernetes/vitest.config.ts', filters.length > 0 ? filters : ['.suite.ts']);
}

/** Shows how far it is, for it takes long. */
function build() {
  const main = ['--import', './test/typescript.mjs', 'test/kubernetes/main.ts'];
  const child = start(process.execPath, main, ['ignore', 'inherit', 'inherit']);
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
}
