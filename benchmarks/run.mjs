import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install } from '../.ci/install.mjs';
import { turbo } from '../.ci/turbo.mjs';

// npm run bench -- --help tells what it takes; --page builds the page that runs the suites in a browser, and tells where it is.
// Installs and builds what is missing, telling stderr alone; then measures in a process of its own, with gc() at hand.
const directory = fileURLToPath(new URL('.', import.meta.url));

if (!((await install()) && (await turbo('Building', 'build', '--filter=@mayfly/benchmarks^...')))) process.exit(1);
const { build } = await import('esbuild');
await build({
  absWorkingDir: directory,
  entryPoints: ['main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true, // each suite loads its own peers
  packages: 'external', // Mayfly's packages as they are built and published
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
});
const args = process.argv.slice(2);
if (args.includes('--page')) {
  const { buildPage } = await import('./browser/build.mjs');
  console.log(await buildPage(fileURLToPath(new URL('dist/page', import.meta.url))));
  process.exit(0);
}
const at = args.indexOf('--node');
const [, program = process.execPath] = at < 0 ? [] : args.splice(at, 2);
const child = spawn(program, ['--expose-gc', 'dist/main.js', ...args], {
  cwd: directory,
  stdio: 'inherit',
});
child.once('error', (error) => {
  console.error(`Cannot run ${program}: ${error.message}`);
  process.exitCode = 2;
});
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
