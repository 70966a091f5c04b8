import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requireFree, writeOutputs } from './output-file.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-output-'));
});
afterEach(() => rm(directory, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const at = (name: string) => join(directory, name);

test('writes files with their modes and nothing beside them', async () => {
  const before = process.umask(0o077);
  try {
    await writeOutputs([{ path: at('a.key'), bytes: bytes('key'), mode: 0o600 }], false);
    await writeOutputs([{ path: at('a.crt'), bytes: bytes('crt'), mode: 0o644 }], false);
  } finally {
    process.umask(before);
  }
  expect(await readdir(directory)).toEqual(['a.crt', 'a.key']);
  expect((await stat(at('a.key'))).mode & 0o777).toBe(0o600);
  expect((await stat(at('a.crt'))).mode & 0o777).toBe(0o644);
});

test('replaces nothing, and takes back what it wrote before', async () => {
  await writeFile(at('taken'), 'old');
  const files = ['new', 'taken'].map((name) => ({ path: at(name), bytes: bytes('new'), mode: 0o600 }));
  await expect(writeOutputs(files, false)).rejects.toMatchObject({
    code: 'ERR_CLI_FILE',
    message: expect.stringContaining('taken: it exists; choose another name, or replace it with --force'),
  });
  expect(await readdir(directory)).toEqual(['taken']);
  expect(await readFile(at('taken'), 'utf8')).toBe('old');
});

test('a symbolic link is a name that is taken, and replaced by force, not followed', async () => {
  await writeFile(at('target'), 'target');
  await symlink('target', at('link'));
  await symlink('nowhere', at('dangling'));
  await expect(requireFree([at('dangling')])).rejects.toMatchObject({ code: 'ERR_CLI_FILE' });
  const file = { path: at('link'), bytes: bytes('new'), mode: 0o600 };
  await expect(writeOutputs([file], false)).rejects.toMatchObject({ code: 'ERR_CLI_FILE' });
  await writeOutputs([file], true);
  expect(await readFile(at('link'), 'utf8')).toBe('new');
  expect(await readFile(at('target'), 'utf8')).toBe('target');
});

test.each([
  ['no directory', 'missing/a', /Cannot write .*: there is no directory .*missing$/],
  ['a file as directory', 'file/a', /Cannot write .*: a part of the path is no directory$/],
])('%s', async (_name, path, message) => {
  await writeFile(at('file'), '');
  const file = { path: at(path), bytes: bytes('a'), mode: 0o600 };
  for (const force of [false, true]) {
    const error = await writeOutputs([file], force).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_CLI_FILE', message: expect.stringMatching(message) });
  }
});

test.skipIf(process.getuid?.() === 0)('a directory without write permission (not as root)', async () => {
  await mkdir(at('locked'));
  await chmod(at('locked'), 0o500);
  const file = { path: at('locked/a'), bytes: bytes('a'), mode: 0o600 };
  await expect(writeOutputs([file], false)).rejects.toMatchObject({
    message: expect.stringContaining('permission denied'),
  });
});

test('requireFree passes over names that are free', async () => {
  await requireFree([at('a'), at('b')]);
});
