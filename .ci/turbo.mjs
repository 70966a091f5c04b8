import { join } from 'node:path';
import { root, step } from './step.mjs';

/**
 * Runs turbo tasks; what did not change since its last success comes from turbo's cache.
 * @param {string} title
 * @param {readonly string[]} args Tasks, then turbo's options.
 * @returns {Promise<boolean>} Whether all of them succeeded.
 */
export async function turbo(title, ...args) {
  const program = join(root, 'node_modules/turbo/bin/turbo');
  return step(title, process.execPath, [program, 'run', ...args, '--output-logs=errors-only', '--log-order=grouped']);
}
