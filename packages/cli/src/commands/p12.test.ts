import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryIo } from '../../testing/memory-io.js';
import { p12Command } from './p12.js';

const directory = mkdtempSync(join(tmpdir(), 'mayfly-p12-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }).toString();

openssl(
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
  '-nodes',
  '-keyout',
  'web.key',
  '-out',
  'web.crt',
  '-subj',
  '/CN=web',
  '-days',
  '30',
);
openssl(
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
  '-nodes',
  '-keyout',
  'ca.key',
  '-out',
  'ca.crt',
  '-subj',
  '/CN=Example CA',
  '-days',
  '30',
);
openssl('ec', '-in', 'web.key', '-aes128', '-passout', 'pass:of the key', '-out', 'locked.key');
writeFileSync(at('password'), 'pässwörd\nsecond line\n');
writeFileSync(at('key.password'), 'of the key\n');

const password = ['--password-file', at('password')];
async function mayfly(args: readonly string[], io = memoryIo()) {
  await p12Command(io).parseAsync(['node', 'p12', ...args]);
  return io;
}
const quick = ['--iterations', '1000'];
const create = (out: string, ...args: readonly string[]) =>
  mayfly(['create', '--key', at('web.key'), '--cert', at('web.crt'), '--out', at(out), ...quick, ...password, ...args]);

describe('create', () => {
  test('openssl opens what it makes, which is for nobody else to read', async () => {
    const io = await create('store.p12', '--ca', at('ca.crt'));
    expect(io.err()).toBe(
      `Note: Java opens this file only under a password in ASCII\nWrote a key with 2 certificates to ${at('store.p12')}, profile modern\n`,
    );
    expect(statSync(at('store.p12')).mode & 0o777).toBe(0o600);
    const text = openssl('pkcs12', '-in', 'store.p12', '-nodes', '-passin', 'pass:pässwörd');
    expect(text).toContain('friendlyName: web');
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(text).toContain(readFileSync(at('web.key'), 'utf8'));
  });

  test.each(['legacy-3des', 'legacy-rc2'])('with profile %s', async (profile) => {
    await create(`${profile}.p12`, '--profile', profile);
    expect(openssl('pkcs12', '-in', `${profile}.p12`, '-nodes', '-legacy', '-passin', 'pass:pässwörd')).toContain(
      'BEGIN',
    );
  });

  test('a key under a password of its own', async () => {
    await mayfly([
      'create',
      '--key',
      at('locked.key'),
      '--key-password-file',
      at('key.password'),
      '--cert',
      at('web.crt'),
      '--out',
      at('locked.p12'),
      ...quick,
      ...password,
    ]);
    expect(openssl('pkcs12', '-in', 'locked.p12', '-nodes', '-passin', 'pass:pässwörd')).toContain(
      readFileSync(at('web.key'), 'utf8'),
    );
  });

  test('a trust store without a password', async () => {
    await mayfly([
      'create',
      '--trust',
      at('ca.crt'),
      '--trust',
      at('web.crt'),
      '--out',
      at('trust.p12'),
      '--passwordless',
    ]);
    const both = readFileSync(at('ca.crt'), 'utf8') + readFileSync(at('web.crt'), 'utf8');
    const open = ['open', at('trust.p12'), '--trust-out', '-'];
    const io = await mayfly(
      [...open, '--allow-missing-mac', '--password-env', 'NONE'],
      memoryIo({ env: { NONE: '' } }),
    );
    expect(io.out()).toBe(both);
    // Nothing is under a password, so none is asked for; what is missing is told.
    await expect(mayfly(open)).rejects.toThrow(/--allow-missing-mac/);
    expect((await mayfly([...open, '--allow-missing-mac'])).out()).toBe(both);
    const inspected = await mayfly(['inspect', at('trust.p12')]);
    expect([inspected.out().match(/subject: /g)?.length, inspected.err()]).toEqual([2, '']);
  });

  test('a password that is asked for is asked for twice', async () => {
    const asked: string[] = [];
    const answers = ['one', 'one', 'one', 'two'];
    const io = memoryIo({
      askPassword: async (question) => {
        asked.push(question);
        return answers.shift();
      },
    });
    const args = ['create', '--key', at('web.key'), '--cert', at('web.crt'), ...quick];
    await mayfly([...args, '--out', at('asked.p12')], io);
    expect(asked).toEqual([`New password of ${at('asked.p12')}: `, 'The same again: ']);
    await expect(mayfly([...args, '--out', at('differ.p12')], io)).rejects.toThrow(/the two answers differ/);
  });

  test('a password in the arguments is warned of, and never told', async () => {
    const io = await mayfly([
      'create',
      '--trust',
      at('ca.crt'),
      '--out',
      at('argv.p12'),
      '--password',
      'hunter2',
      ...quick,
    ]);
    expect(io.err()).toMatch(/^Warning: --password shows the password to every user of this machine/);
    expect(io.err()).not.toContain('hunter2');
  });

  test.each([
    ['nothing to put in', ['create', '--out', 'x'], /give --key and --cert, or --trust/],
    [
      'a key without certificate',
      ['create', '--out', 'x', '--key', 'k'],
      /--key goes with its certificate; name that with --cert/,
    ],
    [
      'a key in the open',
      ['create', '--out', 'x', '--key', 'k', '--cert', 'c', '--passwordless'],
      /leaves a private key in the open/,
    ],
    [
      'a password for none',
      ['create', '--out', 'x', '--trust', 't', '--passwordless', '--password', 'p'],
      /needs no password/,
    ],
    ['a chain without a key', ['create', '--out', 'x', '--trust', 't', '--ca', 'c'], /--ca goes with --key/],
  ])('%s is a wrong call', async (_name, args, message) => {
    await expect(mayfly(args)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_CLI_USAGE', message: expect.stringMatching(message) }),
    );
  });

  test('a certificate of another key is refused, and nothing is replaced', async () => {
    await expect(
      mayfly(['create', '--key', at('ca.key'), '--cert', at('web.crt'), '--out', at('mixed.p12'), ...password]),
    ).rejects.toThrow(/is not that of the first certificate/);
    await expect(create('store.p12')).rejects.toThrow(/it exists/);
  });
});

describe('open', () => {
  test('gives back what went in', async () => {
    await mayfly(['open', at('store.p12'), '--key-out', at('out.key'), '--cert-out', at('out.crt'), ...password]);
    expect(readFileSync(at('out.key'), 'utf8')).toBe(readFileSync(at('web.key'), 'utf8'));
    expect(statSync(at('out.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('out.crt'), 'utf8')).toBe(
      readFileSync(at('web.crt'), 'utf8') + readFileSync(at('ca.crt'), 'utf8'),
    );
    const io = await mayfly(['open', at('store.p12'), ...password]);
    expect(io.out()).not.toContain('PRIVATE KEY');
    expect(io.out().match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  test('takes the password from a descriptor, or from a terminal', async () => {
    const fd = openSync(at('password'), 'r');
    expect((await mayfly(['open', at('store.p12'), '--password-fd', String(fd)])).out()).toContain('BEGIN');
    const io = memoryIo({ askPassword: async () => 'pässwörd' });
    expect((await mayfly(['open', at('store.p12')], io)).out()).toContain('BEGIN');
  });

  test.each([
    ['a wrong password', ['store.p12', '--password-env', 'WRONG'], /ERR_PKCS12_PASSWORD.*check the password/],
    ['an old file', ['legacy-3des.p12', ...password], /triple DES.*--legacy opens it/],
    ['a file without MAC', ['trust.p12', '--password-env', 'WRONG'], /ERR_PKCS12_NO_MAC.*--allow-missing-mac/],
    ['what is no PKCS#12', ['web.crt', ...password], /PEM text.*binary/],
    ['a name that is not there', ['store.p12', ...password, '--name', 'nobody'], /no key has this name; there are web/],
    ['a missing file', ['missing.p12', ...password], /no such file/],
  ])('%s is told', async (_name, [file = '', ...args], message) => {
    await expect(mayfly(['open', at(file), ...args], memoryIo({ env: { WRONG: 'hunter2' } }))).rejects.toThrow(message);
  });

  test('a descriptor for output is no place for a password', async () => {
    await expect(mayfly(['open', at('store.p12'), '--password-fd', '1'])).rejects.toThrow(/descriptor 1/);
  });
});

test('convert keeps what is in a file and changes how it is protected', async () => {
  writeFileSync(at('new.password'), 'another');
  await mayfly([
    'convert',
    at('legacy-rc2.p12'),
    '--legacy',
    '--out',
    at('modern.p12'),
    ...quick,
    ...password,
    '--new-password-file',
    at('new.password'),
  ]);
  const text = openssl('pkcs12', '-in', 'modern.p12', '-nodes', '-passin', 'pass:another');
  expect(text).toContain(readFileSync(at('web.key'), 'utf8'));
  await mayfly(['convert', at('modern.p12'), '--out', at('same.p12'), ...quick, '--password-file', at('new.password')]);
  expect(openssl('pkcs12', '-in', 'same.p12', '-nodes', '-passin', 'pass:another')).toContain('friendlyName: web');
});

describe('inspect', () => {
  test('tells structure and algorithms without a password', async () => {
    const io = await mayfly(['inspect', at('store.p12')]);
    expect(io.out()).toMatch(/scheme: HMAC \(RFC 7292\) with SHA-256/);
    expect(io.out()).toMatch(/keyDerivation: PBKDF2 with HMAC-SHA-256/);
    expect(io.out()).toMatch(/type: key, encrypted/);
    expect(io.out()).not.toContain('subject');
    expect(JSON.parse((await mayfly(['inspect', at('legacy-rc2.p12'), '--json'])).out())).toMatchObject({
      mac: { iterationCount: 1000 },
      contents: [
        { encryption: { algorithm: expect.stringContaining('40-bit RC2') } },
        { bags: [{ friendlyName: 'web' }] },
      ],
    });
  });

  test('tells what is in it with one, but no key', async () => {
    const io = await mayfly(['inspect', at('store.p12'), '--json', ...password]);
    const { opened } = JSON.parse(io.out());
    expect(opened).toMatchObject([
      { type: 'certificate', subject: 'CN=web' },
      { type: 'certificate' },
      { type: 'key', privateKey: 'not shown' },
    ]);
    const key = openssl('ec', '-in', 'web.key', '-noout', '-text')
      .match(/priv:\s+([0-9a-f:\s]+)pub/)![1]!
      .replace(/[\s:]/g, '');
    expect(io.out().replace(/[\s:]/g, '')).not.toContain(key.slice(2, 34));
  });
});

test('what cannot be written is told', async () => {
  chmodSync(directory, 0o700);
  await expect(
    mayfly(['create', '--trust', at('ca.crt'), '--out', at('none/x.p12'), ...quick, ...password]),
  ).rejects.toThrow(/there is no directory .*none$/);
});
