import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultPlan, faultyFiles } from '../testing/index.js';
import { type FileOperations, systemFiles } from './operations.js';
import { readVolume, type VolumeFile, writeVolume } from './volume.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-volume-'));
  directory = join(root, 'volume');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const file = (path: string, text: string, mode?: number): VolumeFile => ({
  path,
  bytes: new TextEncoder().encode(text),
  ...(mode !== undefined && { mode }),
});
const pair = (generation: string) => [file('tls.crt', `crt ${generation}`), file('tls.key', `key ${generation}`)];
const texts = async () =>
  (await readVolume(directory))?.map(({ path, bytes }) => `${path}: ${new TextDecoder().decode(bytes)}`);
/** The system's files without the wait for the disk, where a test writes hundreds of volumes. */
const quick: FileOperations = {
  ...systemFiles,
  create: async (path) => ({ ...(await systemFiles.create(path)), sync: async () => {} }),
  syncDirectory: async () => {},
};
const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);

describe('layout', () => {
  test('visible names are links into ..data, itself a link to a directory with a timestamp', async () => {
    const now = () => Date.UTC(2026, 10, 24, 11, 12, 13);
    expect(await writeVolume(directory, pair('1'), { now, random: () => 0.25 })).toBe('written');
    expect(readlinkSync(join(directory, '..data'))).toBe('..2026_11_24_11_12_13.2500000000');
    expect(readlinkSync(join(directory, 'tls.key'))).toBe('..data/tls.key');
    expect(readFileSync(join(directory, 'tls.key'), 'utf8')).toBe('key 1');
    expect(readdirSync(directory).sort()).toEqual(['..2026_11_24_11_12_13.2500000000', '..data', 'tls.crt', 'tls.key']);
  });

  test('a new set replaces the old one whole, and names that went away are gone', async () => {
    await writeVolume(directory, [...pair('1'), file('sub/dir/ca.pem', 'ca')]);
    expect(readFileSync(join(directory, 'sub/dir/ca.pem'), 'utf8')).toBe('ca');
    await writeVolume(directory, [file('tls.crt', 'crt 2'), file('other', 'o')]);
    expect(await texts()).toEqual(['other: o', 'tls.crt: crt 2']);
    expect(
      readdirSync(directory)
        .filter((name) => !/^\.\.\d/.test(name))
        .sort(),
    ).toEqual(['..data', 'other', 'tls.crt']);
    expect(readdirSync(directory).length).toBe(4);
  });

  test('equal content is left alone, a changed mode is not', async () => {
    await writeVolume(directory, pair('1'));
    const before = readlinkSync(join(directory, '..data'));
    expect(await writeVolume(directory, pair('1').reverse())).toBe('unchanged');
    expect(readlinkSync(join(directory, '..data'))).toBe(before);
    expect(await writeVolume(directory, [file('tls.crt', 'crt 1', 0o644), file('tls.key', 'key 1')])).toBe('written');
    expect(modeOf(join(directory, '..data', 'tls.crt'))).toBe('644');
  });

  test('nothing was ever written', async () => {
    expect(await readVolume(directory)).toBeUndefined();
  });

  test('files of the volume that are not ours stay', async () => {
    await writeVolume(directory, pair('1'));
    writeFileSync(join(directory, 'notes'), 'mine');
    symlinkSync('elsewhere', join(directory, 'link'));
    await writeVolume(directory, pair('2'));
    expect(readFileSync(join(directory, 'notes'), 'utf8')).toBe('mine');
    expect(readlinkSync(join(directory, 'link'))).toBe('elsewhere');
  });
});

describe('S1: private', () => {
  test.each([0o000, 0o022, 0o077, 0o777])('modes are as given under any umask', async (umask) => {
    const before = process.umask(umask);
    try {
      await writeVolume(directory, [file('a/key', 'k'), file('crt', 'c', 0o644)]);
    } finally {
      process.umask(before);
    }
    const data = join(directory, readlinkSync(join(directory, '..data')));
    expect([directory, data, join(data, 'a'), join(data, 'a/key'), join(data, 'crt')].map(modeOf)).toEqual([
      '700',
      '700',
      '700',
      '600',
      '644',
    ]);
  });

  test('a file is 0600 until it is complete, and only then given its mode', async () => {
    const { files, log } = faultyFiles(systemFiles);
    await writeVolume(directory, [file('crt', 'c', 0o644)], { files });
    const steps = log
      .filter((line) => line.includes('/crt') && !line.startsWith('look'))
      .map((line) => line.split(' ')[0]);
    expect(steps.slice(0, 5)).toEqual(['create', 'write', 'fchmod', 'sync', 'close']);
  });

  test('everything is durable before the swap, and the swap before this returns', async () => {
    const { files, log } = faultyFiles(systemFiles);
    await writeVolume(directory, [file('a/key', 'k')], { files });
    const short = log.filter((line) => /^(sync|rename|symlink)/.test(line)).map((line) => line.replaceAll(root, ''));
    const generation = readlinkSync(join(directory, '..data'));
    expect(short).toEqual([
      'syncDirectory ',
      `sync /volume/${generation}/a/key`,
      `syncDirectory /volume/${generation}/a`,
      `syncDirectory /volume/${generation}`,
      'symlink /volume/..data_tmp',
      'syncDirectory /volume',
      'rename /volume/..data_tmp',
      'syncDirectory /volume',
      'symlink /volume/a',
      'syncDirectory /volume',
    ]);
  });

  test.each<[string, () => void]>([
    ['a link at a visible name', () => symlinkSync(join(root, 'victim'), join(directory, 'tls.key'))],
    ['a file at a visible name', () => writeFileSync(join(directory, 'tls.key'), 'theirs')],
    ['..data is a directory', () => mkdirSync(join(directory, '..data'))],
    ['..data leads elsewhere', () => symlinkSync(root, join(directory, '..data'))],
  ])('refuses to write where something else has the name: %s', async (_name, plant) => {
    writeFileSync(join(root, 'victim'), 'untouched');
    mkdirSync(directory);
    plant();
    const before = readdirSync(directory);
    await expect(writeVolume(directory, pair('1'))).rejects.toMatchObject({ code: 'ERR_ROTATION_UNSAFE' });
    expect(readdirSync(directory)).toEqual(before);
    expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('untouched');
  });

  test('refuses a volume that is a link, and a data directory that is one', async () => {
    mkdirSync(join(root, 'real'));
    symlinkSync('real', directory);
    await expect(writeVolume(directory, pair('1'))).rejects.toMatchObject({ code: 'ERR_ROTATION_UNSAFE' });
    symlinkSync('/etc', join(root, 'real', '..2026_01_01_00_00_00.1'));
    symlinkSync('..2026_01_01_00_00_00.1', join(root, 'real', '..data'));
    await expect(readVolume(join(root, 'real'))).rejects.toMatchObject({ code: 'ERR_ROTATION_UNSAFE' });
  });

  test('leftovers that are links are removed, not followed', async () => {
    mkdirSync(join(root, 'victim'));
    writeFileSync(join(root, 'victim', 'file'), 'untouched');
    mkdirSync(join(directory, '..2026_01_01_00_00_00.1'), { recursive: true });
    symlinkSync(join(root, 'victim'), join(directory, '..2026_01_01_00_00_00.1', 'down'));
    symlinkSync(join(root, 'victim'), join(directory, '..data_tmp'));
    await writeVolume(directory, pair('1'));
    expect(readFileSync(join(root, 'victim', 'file'), 'utf8')).toBe('untouched');
    expect(existsSync(join(directory, '..2026_01_01_00_00_00.1'))).toBe(false);
  });
});

test.each(['', '/etc/passwd', '../up', 'a/../b', 'a//b', './a', '..data', '..x/y', 'a\0b', 'x'.repeat(256)])(
  'refuses the path %j before anything is written',
  async (path) => {
    await expect(writeVolume(directory, [file(path, 'x')])).rejects.toThrow(TypeError);
    expect(existsSync(directory)).toBe(false);
  },
);

test.each([
  ['twice', [file('a', '1'), file('a', '2')]],
  ['as file and directory', [file('a', '1'), file('a/b/c', '2')]],
])('refuses one path %s', async (_name, files) => {
  await expect(writeVolume(directory, files)).rejects.toThrow(TypeError);
});

test('a data directory that a power cut took is written anew', async () => {
  await writeVolume(directory, pair('1'));
  rmSync(join(directory, readlinkSync(join(directory, '..data'))), { recursive: true });
  await writeVolume(directory, pair('2'));
  expect(await texts()).toEqual(['tls.crt: crt 2', 'tls.key: key 2']);
});

describe('F1, F2: a fault at every single operation', () => {
  const faults: [string, FaultPlan['fault']][] = [
    ['killed', 'crash'],
    ['killed while it writes', 'torn'],
    ['disk full', 'ENOSPC'],
    ['input/output error', 'EIO'],
    ['done, yet reported as failed', 'late'],
  ];
  const before = [...pair('1'), file('gone/away', 'x')];
  const after = [...pair('2'), file('new/name', 'y')];

  test.each(faults)('%s: a reader sees the old set or the new, and the next write recovers', async (_name, fault) => {
    const count = faultyFiles(quick);
    await writeVolume(directory, before, { files: quick });
    await writeVolume(directory, after, { files: count.files });
    expect(count.log.length).toBeGreaterThan(40);
    const outcomes = new Set<string>();
    for (let at = 0; at < count.log.length; at++) {
      rmSync(directory, { recursive: true });
      await writeVolume(directory, before, { files: quick });
      const old = await texts();
      const faulty = faultyFiles(quick, { at, fault });
      const failed = await writeVolume(directory, after, { files: faulty.files }).then(
        () => false,
        () => true,
      );
      expect(failed || fault === 'late').toBe(true);
      const seen = await texts();
      const isOld = JSON.stringify(seen) === JSON.stringify(old);
      if (!isOld) expect(seen).toEqual(['new/name: y', 'tls.crt: crt 2', 'tls.key: key 2']);
      outcomes.add(isOld ? 'old' : 'new');
      await writeVolume(directory, after, { files: quick });
      expect(await texts()).toEqual(['new/name: y', 'tls.crt: crt 2', 'tls.key: key 2']);
      expect(readdirSync(directory).length).toBe(5);
      expect(readdirSync(directory)).toEqual(expect.arrayContaining(['..data', 'new', 'tls.crt', 'tls.key']));
    }
    expect([...outcomes].sort()).toEqual(['new', 'old']);
  });

  test('the first write leaves nothing or everything', async () => {
    const count = faultyFiles(quick);
    await writeVolume(directory, after, { files: count.files });
    for (let at = 0; at < count.log.length; at++) {
      rmSync(directory, { recursive: true, force: true });
      await writeVolume(directory, after, faultyFiles(quick, { at, fault: 'crash' })).catch(() => {});
      const seen = await texts();
      if (seen !== undefined) expect(seen).toEqual(['new/name: y', 'tls.crt: crt 2', 'tls.key: key 2']);
      await writeVolume(directory, after, { files: quick });
      expect(readFileSync(join(directory, 'new/name'), 'utf8')).toBe('y');
      expect(readdirSync(directory).length).toBe(5);
    }
  });

  test('a full disk leaves nothing of the new set behind, and its error says so', async () => {
    await writeVolume(directory, before);
    const names = readdirSync(directory);
    const count = faultyFiles(systemFiles);
    await writeVolume(join(root, 'other'), after, { files: count.files });
    const at = count.log.findIndex((line) => line.startsWith('write '));
    const { files } = faultyFiles(systemFiles, { at: at + 6, fault: 'ENOSPC' });
    await expect(writeVolume(directory, after, { files })).rejects.toMatchObject({
      code: 'ERR_ROTATION_IO',
      message: `Cannot write the volume ${directory}: ENOSPC`,
    });
    expect(readdirSync(directory)).toEqual(names);
  });
});

test('a reader under a busy writer never sees a torn set', async () => {
  await writeVolume(directory, pair('0'));
  const done = new AbortController();
  const writer = (async () => {
    for (let i = 1; i <= 40; i++) await writeVolume(directory, pair(String(i)));
    done.abort();
  })();
  let reads = 0;
  for (; !done.signal.aborted; reads++) {
    const [crt, key] = (await texts()) ?? [];
    expect(crt!.replace('tls.crt: crt', '')).toBe(key!.replace('tls.key: key', ''));
  }
  await writer;
  expect(reads).toBeGreaterThan(5);
});

test('F1: a writer killed at random points leaves whole sets', { timeout: 20_000 }, async () => {
  const script = join(root, 'writer.mjs');
  await build({
    stdin: {
      contents: `
        import { writeVolume } from './volume.ts';
        const bytes = (text) => new TextEncoder().encode(text);
        for (let i = 0; ; i++) {
          await writeVolume(process.argv[2], [
            { path: 'tls.crt', bytes: bytes('crt ' + process.pid + '.' + i) },
            { path: 'tls.key', bytes: bytes('key ' + process.pid + '.' + i) },
          ]);
          if (i === 0) process.stdout.write('.');
        }`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@mayfly/source'],
  });
  let whole = 0;
  for (const life of [0, 3, 7, 11, 16, 22]) {
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, life));
    child.kill('SIGKILL');
    await exit;
    const seen = await texts();
    if (seen !== undefined) {
      expect(seen[0]!.replace('tls.crt: crt', '')).toBe(seen[1]!.replace('tls.key: key', ''));
      whole++;
    }
  }
  await writeVolume(directory, pair('last'));
  expect(readdirSync(directory).length).toBe(4);
  expect(whole).toBeGreaterThan(0);
});
