import { verify } from './verify.mjs';

const options = process.argv.slice(2);
const known = ['--force', '--kubernetes'];
if (!options.every((option) => known.includes(option))) {
  console.error(
    `Usage: npm test [-- --force] [-- --kubernetes]

  --force       do everything, also what passed before and has not changed since
  --kubernetes  run the suites of test/kubernetes too; where Kubernetes was not built before, that takes long`,
  );
  process.exit(2);
}
await verify([], { force: options.includes('--force'), cluster: options.includes('--kubernetes') });
