import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DerError } from '@mayfly/der';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryIo } from '../testing/memory-io.js';
import { CliError } from './errors.js';
import { inputError, MAX_INPUT_LENGTH, readInput } from './input-file.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-input-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('reads a file and standard input whole', async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i & 0xff);
  const path = join(directory, 'file');
  await writeFile(path, bytes);
  expect(Buffer.compare(await readInput(path, memoryIo()), bytes)).toBe(0);
  expect(Buffer.compare(await readInput('-', memoryIo({ stdin: bytes })), bytes)).toBe(0);
  expect(await readInput('-', memoryIo())).toEqual(new Uint8Array(0));
});

test.each([
  ['missing', 'missing', /missing: there is no such file$/],
  ['directory', '.', /: it is a directory$/],
  ['name with an escape sequence', 'a\u001b[2J', /a\\u\{1b\}\[2J: there is no such file$/],
])('%s', async (_name, path, message) => {
  const error = await readInput(join(directory, path), memoryIo()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'ERR_CLI_FILE', message: expect.stringMatching(message) });
});

test('reads no more than the limit', async () => {
  expect(MAX_INPUT_LENGTH).toBe(33_554_432);
  const stdin = new Uint8Array(100_001);
  await expect(readInput('-', memoryIo({ stdin }), 100_000)).rejects.toMatchObject({
    code: 'ERR_CLI_FILE',
    message: 'Cannot read standard input: more than 100000 octets; is it the file you mean?',
  });
  expect((await readInput('-', memoryIo({ stdin }), 100_001)).length).toBe(100_001);
});

test('faults of an input get its name and their code, others stay', () => {
  const error = inputError('a.crt', new DerError('ERR_DER_TAG', 7, 'certificate', 'expected \u001b'), 'look at it');
  expect(error).toMatchObject({
    code: 'ERR_CLI_INPUT',
    message: 'In a.crt: Cannot read certificate at byte 7: expected \\u{1b} (ERR_DER_TAG); look at it',
  });
  const bug = new TypeError('x');
  expect(inputError('a', bug)).toBe(bug);
  const known = new CliError('ERR_CLI_FILE', 'x');
  expect(inputError('a', known)).toBe(known);
});
