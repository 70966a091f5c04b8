/**
 * Makes `vectors/`: `npm run vectors`. Files whose inputs are as they were stay as they are, since openssl draws
 * random numbers for ECDSA, RSASSA-PSS and salts.
 *
 *   --check     writes nothing; exit code 1 when the committed files are not what the definitions say
 *   --facts     asks openssl again what is in the files that stay
 *   --new-keys  makes new keys, and so everything anew
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collect, type Options } from './collect.js';

const root = fileURLToPath(new URL('../../vectors/', import.meta.url));
const args = process.argv.slice(2);
const unknown = args.find((arg) => !['--check', '--facts', '--new-keys'].includes(arg));
if (unknown !== undefined) {
  process.stderr.write(`Cannot make vectors: unknown option ${unknown}; known are --check, --facts and --new-keys\n`);
  process.exit(2);
}
const check = args.includes('--check');
const options: Options = { root, facts: args.includes('--facts'), newKeys: args.includes('--new-keys') };
const { files, made, kept } = collect(options);

const committed = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
  .filter((file) => file !== 'README.md');
const changed = [...files].filter(
  ([file, text]) => !committed.includes(file) || readFileSync(root + file, 'utf8') !== text,
);
const strangers = committed.filter((file) => !files.has(file));

if (check) {
  for (const [file] of changed) process.stdout.write(`not what it is made from: ${file}\n`);
  for (const file of strangers) process.stdout.write(`made by nothing: ${file}\n`);
  process.stdout.write(`${files.size} files, ${changed.length + strangers.length} out of date\n`);
  process.exitCode = changed.length + strangers.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of changed) {
    mkdirSync(dirname(root + file), { recursive: true });
    writeFileSync(root + file, text);
  }
  for (const file of strangers) rmSync(root + file);
  process.stdout.write(
    `${made} made, ${kept} kept; ${changed.length} files written, ${strangers.length} removed of ${files.size}\n`,
  );
}
