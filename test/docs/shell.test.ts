import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, test } from 'vitest';
import { isBuilt, mayflyWords, newDirectory, unlessBuilt } from '../main-job/command.js';
import { commandsInMarkdown } from './extract.js';

const guides = new URL('guides/', import.meta.url);

/** Programs of others that a guide may use: who lacks one skips the guide. */
const FOREIGN = ['openssl', 'keytool', 'kubectl'];

const path = (process.env['PATH'] ?? '').split(delimiter);
const isMissing = (program: string): boolean => !path.some((directory) => existsSync(join(directory, program)));

const documents = readdirSync(guides).flatMap((name) => {
  const commands = commandsInMarkdown(`test/docs/guides/${name}`, readFileSync(new URL(name, guides), 'utf8'));
  const used = commands.filter(({ runs }) => runs).map(({ code }) => code);
  const missing = FOREIGN.filter((tool) => isMissing(tool) && used.some((code) => code.includes(tool)));
  return commands.length === 0 ? [] : [{ name, commands, missing }];
});

describe.each(documents)('commands of $name', ({ commands, missing }) => {
  const state = { directory: '', bin: '' };

  beforeAll(() => {
    state.directory = newDirectory();
    state.bin = join(newDirectory(), 'bin');
    mkdirSync(state.bin);
    const shim = join(state.bin, 'mayfly');
    writeFileSync(shim, `#!/bin/sh\nexec ${mayflyWords.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(shim, 0o755);
  });

  for (const { place, runs, code } of commands) {
    const why = !runs
      ? ' (skipped: marked no-run)'
      : missing.length > 0
        ? ` (skipped: ${missing.join(', ')} is missing)`
        : unlessBuilt;
    test.skipIf(!runs || missing.length > 0 || !isBuilt)(`${place}${why}`, () => {
      execFileSync('bash', ['-euo', 'pipefail', '-c', code], {
        cwd: state.directory,
        env: { ...process.env, PATH: `${state.bin}${delimiter}${process.env['PATH']}` },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 120_000,
      });
    });
  }
});
