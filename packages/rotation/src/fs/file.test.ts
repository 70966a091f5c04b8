import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { faultyFiles } from '../testing/index.js';
import { readFileIfThere, writeFileAtomic } from './file.js';
import { systemFiles } from './operations.js';

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-file-'));
  path = join(root, 'ca.key');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const mode = () => (lstatSync(path).mode & 0o7777).toString(8);

test('writes, replaces, and reads back', async () => {
  expect(await readFileIfThere(path)).toBeUndefined();
  await writeFileAtomic(path, bytes('one'));
  await writeFileAtomic(path, bytes('two'));
  expect(new TextDecoder().decode(await readFileIfThere(path))).toBe('two');
  expect(readdirSync(root)).toEqual(['ca.key']);
});

test.each([
  [0o000, 0o600, '600'],
  [0o777, 0o600, '600'],
  [0o077, 0o644, '644'],
])('umask %o, mode %o', async (umask, wanted, found) => {
  const before = process.umask(umask);
  try {
    await writeFileAtomic(path, bytes('x'), wanted);
  } finally {
    process.umask(before);
  }
  expect(mode()).toBe(found);
});

test('a link of that name is replaced, and refused for reading', async () => {
  writeFileSync(join(root, 'victim'), 'untouched');
  symlinkSync('victim', path);
  await expect(readFileIfThere(path)).rejects.toMatchObject({ code: 'ERR_ROTATION_UNSAFE' });
  await writeFileAtomic(path, bytes('mine'));
  expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('untouched');
  expect(lstatSync(path).isFile()).toBe(true);
});

test('a directory of that name is an error with its place', async () => {
  mkdirSync(path);
  await expect(writeFileAtomic(path, bytes('x'))).rejects.toMatchObject({
    code: 'ERR_ROTATION_IO',
    message: `Cannot write ${path}: EISDIR`,
  });
  expect(readdirSync(root)).toEqual(['ca.key']);
});

test('what a killed writer left is removed once it is a minute old', async () => {
  writeFileSync(join(root, '.ca.key.abc1.tmp'), 'old');
  utimesSync(join(root, '.ca.key.abc1.tmp'), new Date(0), new Date(0));
  writeFileSync(join(root, '.ca.key.abc2.tmp'), 'under way');
  writeFileSync(join(root, '.other.abc1.tmp'), 'not ours');
  utimesSync(join(root, '.other.abc1.tmp'), new Date(0), new Date(0));
  await writeFileAtomic(path, bytes('x'));
  expect(readdirSync(root).sort()).toEqual(['.ca.key.abc2.tmp', '.other.abc1.tmp', 'ca.key']);
});

test.each(['crash', 'torn', 'ENOSPC', 'EIO', 'late'] as const)('F1, F2: %s at every operation', async (fault) => {
  const count = faultyFiles(systemFiles);
  await writeFileAtomic(path, bytes('old'), 0o600, { files: count.files });
  for (let at = 0; at < count.log.length; at++) {
    await writeFileAtomic(path, bytes('old'));
    await writeFileAtomic(path, bytes('new'), 0o600, faultyFiles(systemFiles, { at, fault })).catch(() => {});
    expect(['old', 'new']).toContain(readFileSync(path, 'utf8'));
    if (fault === 'ENOSPC' || fault === 'EIO') expect(readdirSync(root)).toEqual(['ca.key']);
    await writeFileAtomic(path, bytes('next'));
    expect(readFileSync(path, 'utf8')).toBe('next');
  }
});

test('a FIFO is refused, not waited for', async () => {
  execFileSync('mkfifo', [path]);
  await expect(systemFiles.read(path)).rejects.toMatchObject({ code: 'EINVAL' });
});

test('without a sweep, a write looks at no other name', async () => {
  const listed: string[] = [];
  const list = (directory: string) => {
    listed.push(directory);
    return systemFiles.list(directory);
  };
  const files = { ...systemFiles, list };
  await writeFileAtomic(path, bytes('one'), 0o600, { files });
  expect(listed).toEqual([root]);
  await writeFileAtomic(path, bytes('two'), 0o600, { files, sweep: false });
  expect(listed).toEqual([root]);
  expect(readdirSync(root)).toEqual(['ca.key']);
});
