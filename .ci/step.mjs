import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's root directory. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The environment of every program started: no telemetry, no search for updates. */
const environment = {
  ...process.env,
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};

/**
 * Starts a program that ends with this process: a signal sent to this one alone would leave it running.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').StdioOptions} stdio
 */
export function start(command, args, stdio) {
  const child = spawn(command, args, { cwd: root, env: environment, stdio });
  const end = () => {
    child.kill('SIGTERM');
    process.exit(143);
  };
  process.once('SIGTERM', end);
  child.once('close', () => process.off('SIGTERM', end));
  return child;
}

/**
 * Runs a command that says nothing unless it fails, and says that it runs when it takes longer than a second.
 * @param {string} title What the command does, for the progress line.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<boolean>} Whether it succeeded; if not, its output has been printed.
 */
export async function step(title, command, args) {
  const started = Date.now();
  let announced = false;
  const announcement = setTimeout(() => {
    announced = true;
    console.error(`${title} ...`);
  }, 1000);
  const child = start(command, args, ['ignore', 'pipe', 'pipe']);
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  clearTimeout(announcement);
  if (outcome !== 0) {
    process.stderr.write(Buffer.concat(output));
    console.error(`${title}: failed (${outcome})`);
  } else if (announced) console.error(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return outcome === 0;
}
