import { join } from 'node:path';
import { install } from './install.mjs';
import { root } from './step.mjs';
import { turbo } from './turbo.mjs';

// npm keeps options for itself, and leaves their values.
const [first] = process.argv.slice(2);
if (first !== undefined && !first.startsWith('-')) {
  console.error(`Cannot use ${JSON.stringify(first)}: options go behind --, as in npm start -- --for 2m`);
  process.exit(2);
}

const built = (await install()) && (await turbo('Building', 'build', '--filter=@mayfly/cli...'));
if (!built) process.exit(1);

// In this process, so that the terminal, signals and the exit code are the command's own.
const mayfly = join(root, 'packages/cli/bin/mayfly.js');
process.argv.splice(1, 1, mayfly, 'up');
await import(mayfly);
