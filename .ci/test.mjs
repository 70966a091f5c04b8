import { verify } from './verify.mjs';

const [option, ...others] = process.argv.slice(2);
if (others.length > 0 || (option !== undefined && option !== '--force')) {
  console.error(
    'Usage: npm test [-- --force]\n\n  --force  do everything, also what passed before and has not changed since',
  );
  process.exit(2);
}
await verify([], { force: option === '--force' });
