import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePem } from '@mayfly/der/pem';
import { fromPkcs8, verifyWithNode } from '@mayfly/keys/node';
import { parseCertificates } from '@mayfly/x509';
import { basicConstraints } from '@mayfly/x509/extensions';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { validatePath } from '@mayfly/x509/path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MemoryIo, memoryIo, NOW } from '../../testing/memory-io.js';
import { caCommand } from './ca-init.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-ca-'));
});
afterEach(() => rm(directory, { recursive: true }));
const at = (...names: string[]) => join(directory, ...names);

const run = async (args: readonly string[], io: MemoryIo = memoryIo()): Promise<MemoryIo> => {
  await caCommand(io).parseAsync(['init', ...args], { from: 'user' });
  return io;
};
const certificate = async (name: string) => parseCertificates(await readFile(at('pki', name)))[0]!;

test('a root that is its own issuer, and a key that only its owner reads', async () => {
  const io = await run(['--out', at('pki'), '--name', 'Example Root', '--lifetime', '10d', '--key-type', 'P-384']);
  expect((await readdir(at('pki'))).sort()).toEqual(['ca.crt', 'ca.key']);
  expect((await stat(at('pki'))).mode & 0o777).toBe(0o700);
  expect((await stat(at('pki', 'ca.key'))).mode & 0o777).toBe(0o600);
  const root = await certificate('ca.crt');
  expect(formatDistinguishedName(parseName(root.subject))).toBe('CN=Example Root');
  expect(root.validity).toEqual({ notBefore: NOW, notAfter: NOW + 10 * 86_400 - 1 });
  expect(await validatePath(root, { anchors: [root], at: NOW, verify: verifyWithNode })).toMatchObject({ ok: true });
  const keyText = await readFile(at('pki', 'ca.key'), 'utf8');
  expect(fromPkcs8(decodePem(keyText, 'PRIVATE KEY')).subjectPublicKeyInfo).toEqual(root.subjectPublicKeyInfo);
  expect(io.out()).toContain(at('pki', 'ca.crt'));
  for (const line of keyText.split('\n').filter((text) => text.length > 10 && !text.startsWith('-')))
    expect(io.out() + io.err()).not.toContain(line);
});

test('an intermediate signs leaves alone; the openssl line that is printed says OK', async () => {
  const now = () => Math.floor(Date.now() / 1000) - 60;
  const io = await run(['--out', at('pki'), '--name', 'Root', '--intermediate', 'Issuing'], memoryIo({ now }));
  expect(basicConstraints(await certificate('intermediate.crt'))).toEqual({ cA: true, pathLenConstraint: 0 });
  const [, ...args] = io.out().trim().split('\n').at(-1)!.trim().split(' ');
  expect(execFileSync('openssl', args, { encoding: 'utf8' })).toMatch(/intermediate\.crt: OK\n$/);
  const serials = [(await certificate('ca.crt')).serialNumber, (await certificate('intermediate.crt')).serialNumber];
  expect(new Set(serials).size).toBe(2);
});

test('an authority that is there stays, unless it is to be replaced', async () => {
  await run(['--out', at('pki'), '--name', 'Old']);
  const old = await readFile(at('pki', 'ca.key'), 'utf8');
  await rm(at('pki', 'ca.crt'));
  await expect(run(['--out', at('pki'), '--name', 'New'])).rejects.toMatchObject({
    code: 'ERR_CLI_FILE',
    message: expect.stringMatching(/ca\.key: it exists; .*--force$/),
  });
  expect(await readFile(at('pki', 'ca.key'), 'utf8')).toBe(old);
  expect(await readdir(at('pki'))).toEqual(['ca.key']);
  await run(['--out', at('pki'), '--name', 'New', '--force']);
  expect(await readFile(at('pki', 'ca.key'), 'utf8')).not.toBe(old);
});

test('a directory that others may enter is refused before a key is made', async () => {
  await mkdir(at('pki'));
  await chmod(at('pki'), 0o755);
  const io = memoryIo({ generateKey: () => expect.unreachable() });
  await expect(run(['--out', at('pki'), '--name', 'Root'], io)).rejects.toMatchObject({
    code: 'ERR_CLI_FILE',
    message: expect.stringMatching(/its mode is 0755 .*chmod 700/),
  });
  expect(await readdir(at('pki'))).toEqual([]);
});

test('a key that cannot be made leaves nothing', async () => {
  const io = memoryIo({ generateKey: () => Promise.reject(new Error('no entropy')) });
  await expect(run(['--out', at('pki'), '--name', 'Root'], io)).rejects.toThrow('no entropy');
  expect(await readdir(at('pki'))).toEqual([]);
});

test.each([
  ['empty name', ['--name', ''], /Cannot use --name: .*empty$/],
  ['long name', ['--name', 'a'.repeat(65)], /Cannot use --name: .*at most 64 fit$/],
  ['both alike', ['--name', 'a', '--intermediate', 'a'], /are the same/],
  ['no lifetime', ['--name', 'a', '--lifetime', '0s'], /--lifetime/],
  ['past the year 9999', ['--name', 'a', '--lifetime', '9999999d'], /after 9999/],
])('%s', async (_name, args, message) => {
  await expect(run(['--out', at('pki'), ...args])).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
    message: expect.stringMatching(message),
  });
  expect(await readdir(directory)).toEqual([]);
});

test('a file in the place of the directory', async () => {
  await writeFile(at('pki'), '');
  await expect(run(['--out', at('pki'), '--name', 'Root'])).rejects.toMatchObject({
    code: 'ERR_CLI_FILE',
    message: expect.stringContaining('Cannot make the directory'),
  });
});

test('names and paths cannot steer a terminal or a shell', async () => {
  const io = await run(['--out', at("it's"), '--name', 'Root \u001b[2J\u202e']);
  expect(io.out()).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(io.out()).toContain(`'${directory}/it'\\''s/ca.crt'`);
});
