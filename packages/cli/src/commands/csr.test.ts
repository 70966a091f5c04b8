import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePem } from '@mayfly/der/pem';
import { fromPkcs8, verifyWithNode } from '@mayfly/keys/node';
import { parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltName } from '@mayfly/x509/extensions';
import { formatGeneralName } from '@mayfly/x509/general-name';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MemoryIo, memoryIo } from '../../testing/memory-io.js';
import { keyTypes } from '../key-types.js';
import { csrCommand } from './csr.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-csr-'));
});
afterEach(() => rm(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

const run = async (args: readonly string[], io: MemoryIo = memoryIo()): Promise<MemoryIo> => {
  await csrCommand(io).exitOverride().parseAsync(args, { from: 'user' });
  return io;
};
const requestOf = (pem: string) => parseCertificationRequest(decodePem(pem, 'CERTIFICATE REQUEST'));

test('a new key goes to its file alone, the request to standard output', async () => {
  const args = [
    '--subject',
    'CN=web,O=Shop',
    '--san',
    'DNS:web.example',
    '--san',
    'IP:10.0.0.7',
    '--key-out',
    at('key'),
  ];
  const io = await run(args);
  const request = requestOf(io.out());
  expect(formatDistinguishedName(parseName(request.subject))).toBe('CN=web,O=Shop');
  expect(subjectAltName(request)!.map(formatGeneralName)).toEqual(['DNS:web.example', 'IP:10.0.0.7']);
  expect(request.extensions[0]!.critical).toBe(false);
  expect(await verifyCertificationRequest(request, verifyWithNode)).toBe(true);
  expect((await stat(at('key'))).mode & 0o777).toBe(0o600);
  const key = fromPkcs8(decodePem(await readFile(at('key'), 'utf8'), 'PRIVATE KEY'));
  expect(key.subjectPublicKeyInfo).toEqual(request.subjectPublicKeyInfo);
  expect(io.out()).not.toContain('PRIVATE KEY');
  expect(io.err()).toBe(`Wrote the private key to ${at('key')}\n`);
});

test('openssl reads requests of every kind of key and accepts their signatures', async () => {
  for (const type of keyTypes.filter((name) => name !== 'RSA-4096')) {
    await run([
      '--key-type',
      type,
      '--san',
      'URI:spiffe://example.org/web',
      '--key-out',
      at(`${type}.key`),
      '--out',
      at(type),
    ]);
    const text = execFileSync('openssl', ['req', '-in', at(type), '-verify', '-noout', '-text'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(text).toContain('X509v3 Subject Alternative Name: critical');
    const publicKey = execFileSync('openssl', ['pkey', '-in', at(`${type}.key`), '-pubout'], { encoding: 'utf8' });
    expect(execFileSync('openssl', ['req', '-in', at(type), '-pubkey', '-noout'], { encoding: 'utf8' })).toBe(
      publicKey,
    );
  }
});

test('the key is printed where that is asked for', async () => {
  const io = await run(['--subject', 'CN=web', '--key-out', '-']);
  expect(io.out()).toMatch(/^-----BEGIN PRIVATE KEY-----\n.*-----END CERTIFICATE REQUEST-----\n$/s);
  expect(io.err()).toBe('');
});

describe('an existing key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = (key: typeof publicKey) => Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const encrypted = privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'canary-7391' })
    .toString();

  test.each([
    ['PKCS#8', pem, spki(publicKey)],
    ['SEC 1', privateKey.export({ format: 'pem', type: 'sec1' }).toString(), spki(publicKey)],
    ['PKCS#1', rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString(), spki(rsa.publicKey)],
  ])('%s', async (_name, text, expected) => {
    await writeFile(at('key'), text);
    const request = requestOf((await run(['--key', at('key')])).out());
    expect(request.subjectPublicKeyInfo).toEqual(expected);
    expect(await verifyCertificationRequest(request, verifyWithNode)).toBe(true);
    expect(await readFile(at('key'), 'utf8')).toBe(text);
  });

  test.each([
    ['a file', ['--password-file', 'password'], {}],
    ['the environment', ['--password-env', 'PASSWORD'], { env: { PASSWORD: 'canary-7391' } }],
    ['a person', [], { askPassword: async () => 'canary-7391' }],
  ])('encrypted, with the password from %s', async (_name, args, io) => {
    await writeFile(at('key'), encrypted);
    await writeFile(at('password'), 'canary-7391\n');
    const given = args.map((arg) => (arg === 'password' ? at('password') : arg));
    const result = await run(['--key', at('key'), ...given], memoryIo(io));
    expect(requestOf(result.out()).subjectPublicKeyInfo).toEqual(spki(publicKey));
    expect(result.out() + result.err()).not.toContain('canary');
  });

  test.each([
    [
      'wrong password',
      encrypted,
      ['--password-env', 'WRONG'],
      'ERR_CLI_INPUT',
      /ERR_PKCS8_PASSWORD\); check the password$/,
    ],
    ['no password', encrypted, [], 'ERR_CLI_USAGE', /encrypted and there is no terminal .* --password-file/],
    ['variable that is not set', encrypted, ['--password-env', 'UNSET'], 'ERR_CLI_USAGE', /UNSET is not set$/],
    ['no key', '', [], 'ERR_CLI_INPUT', /ERR_PKCS8_PEM\); give a PEM file/],
    ['two keys', pem + pem, [], 'ERR_CLI_INPUT', /a second private key/],
    ['cut', pem.replace(/\n.{64}\n/, '\n'), [], 'ERR_CLI_INPUT', /ERR_(?:DER|PKCS8)_/],
    [
      'unsupported kind',
      generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      [],
      'ERR_CLI_INPUT',
      /ERR_KEYS_UNSUPPORTED_ALGORITHM\); use an EC key/,
    ],
  ])('%s', async (_name, text, args, code, message) => {
    await writeFile(at('key'), text);
    const io = memoryIo({ env: { WRONG: 'canary-wrong' } });
    const error = await run(['--key', at('key'), ...args], io).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(error) + io.out() + io.err()).not.toContain('canary');
    expect(String(error)).not.toContain(text.split('\n')[1] || 'canary');
  });

  test('a password that nobody needed is told', async () => {
    await writeFile(at('key'), pem);
    const io = await run(['--key', at('key'), '--password-env', 'PASSWORD'], memoryIo({ env: { PASSWORD: 'canary' } }));
    expect(io.err()).toMatch(/is not encrypted; its password was not needed\n/);
  });
});

test('nothing is replaced without --force, and nothing is written then', async () => {
  await writeFile(at('out'), 'old');
  const args = ['--key-out', at('key'), '--out', at('out')];
  await expect(run(args)).rejects.toMatchObject({ code: 'ERR_CLI_FILE' });
  expect(await readdir(directory)).toEqual(['out']);
  await run([...args, '--force']);
  expect(createPublicKey(await readFile(at('key'), 'utf8')).asymmetricKeyType).toBe('ec');
  requestOf(await readFile(at('out'), 'utf8'));
});

test.each([
  ['no place for the key', [], /--key-out/],
  ['a place for a key that exists', ['--key', 'a', '--key-out', 'b'], /leave one of them out/],
  ['one file for both', ['--key-out', './a', '--out', 'a'], /the same file/],
  ['a password without a key', ['--key-out', '-', '--password-env', 'A'], /add --key/],
  ['openssl subject', ['--key-out', '-', '--subject', '/CN=web'], /character 1: .*not \/O=Shop\/CN=web/],
  ['unknown attribute', ['--key-out', '-', '--subject', 'CN=a,X=b'], /character 6: unknown attribute type X/],
  ['long country', ['--key-out', '-', '--subject', 'C=Germany'], /--subject: C has 7 characters, at most 2 fit$/],
  ['escape sequence', ['--key-out', '-', '--subject', 'CN=a,\u001b[2J=b'], /^\P{Cc}*$/u],
  ['URI without prefix', ['--key-out', '-', '--san', 'https://a.example'], /write URI:/],
  ['mailbox without prefix', ['--key-out', '-', '--san', 'a@a.example'], /write email:/],
  ['no name', ['--key-out', '-', '--san', 'DNS:a b'], /--san DNS:a b: write DNS:web\.example/],
  ['broken SPIFFE ID', ['--key-out', '-', '--san', 'URI:spiffe://Example.org/a'], /BadTrustDomainCharacter/],
])('%s', async (_name, args, message) => {
  await expect(run(args)).rejects.toMatchObject({ code: 'ERR_CLI_USAGE', message: expect.stringMatching(message) });
});

test('help shows examples', () => {
  let help = '';
  csrCommand(memoryIo())
    .configureOutput({ writeOut: (text) => (help += text) })
    .outputHelp();
  expect(help).toContain('mayfly csr --subject CN=web,O=Shop');
});

test.each([
  ['neither', [], true],
  ['a subject', ['--subject', 'CN=web'], false],
  ['a SAN', ['--san', 'DNS:web.example'], false],
])('a request with %s is told to name nobody: %s', async (_name, args, isTold) => {
  const io = await run([...args, '--key-out', at('key')]);
  expect(requestOf(io.out()).extensions).toHaveLength(args[0] === '--san' ? 1 : 0);
  expect(io.err().includes('The request names nobody')).toBe(isTold);
});
