import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createAuthority } from '../testing/authority.js';
import { isValidAt, parseCredentials, serialNumber } from './credentials.js';

const authority = createAuthority('root');
const other = createAuthority('other');
const good = { ...authority.issue(), trustBundle: authority.pem };
const encrypted = good.privateKey.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');

test('a key, its chain and the anchors become credentials', () => {
  const credentials = parseCredentials(good, 7);
  expect(credentials.sequence).toBe(7);
  expect(credentials.privateKey).toBe(good.privateKey);
  expect(credentials.certificateChain).toBe(good.certificateChain);
  expect(credentials.trustAnchors).toBe(authority.pem);
  expect(serialNumber(credentials.leaf)).toMatch(/^7F[0-9A-F]{24}$/);
  const { notBefore, notAfter } = credentials.leaf.validity;
  expect([notBefore - 1, notBefore, notAfter, notAfter + 1].map((at) => isValidAt(credentials, at))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('one text may hold key and chain', () => {
  const bundle = good.privateKey + good.certificateChain;
  const credentials = parseCredentials({ privateKey: bundle, certificateChain: bundle }, 1);
  expect(credentials.certificateChain).toBe(good.certificateChain);
  expect(credentials.trustAnchors).toBeUndefined();
});

test.each([
  ['no key', { ...good, privateKey: '' }, 'ERR_TLS_PRIVATE_KEY'],
  ['two keys', { ...good, privateKey: good.privateKey + other.issue().privateKey }, 'ERR_TLS_PRIVATE_KEY'],
  ['an encrypted key', { ...good, privateKey: encrypted }, 'ERR_TLS_PRIVATE_KEY'],
  ['a truncated key', { ...good, privateKey: good.privateKey.slice(0, 90) }, 'ERR_TLS_PRIVATE_KEY'],
  ['another key', { ...good, privateKey: other.issue().privateKey }, 'ERR_TLS_KEY_MISMATCH'],
  ['no chain', { ...good, certificateChain: '' }, 'ERR_TLS_CERTIFICATE_CHAIN'],
  [
    'a truncated chain',
    { ...good, certificateChain: good.certificateChain.slice(0, 200) },
    'ERR_TLS_CERTIFICATE_CHAIN',
  ],
  ['an empty bundle', { ...good, trustBundle: '\n' }, 'ERR_TLS_TRUST_BUNDLE'],
  [
    'a broken anchor',
    { ...good, trustBundle: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n' },
    'ERR_TLS_TRUST_BUNDLE',
  ],
])('%s is refused', (_name, texts, code) => {
  expect(() => parseCredentials(texts, 1)).toThrow(expect.objectContaining({ name: 'TlsError', code }));
});

test('the trust hash is that of the set', () => {
  const hash = (trustBundle: string): string => parseCredentials({ ...good, trustBundle }, 1).trustHash;
  const both = hash(authority.pem + other.pem);
  expect(hash(`text\r\n${other.pem}${authority.pem}${other.pem}`)).toBe(both);
  expect(hash(authority.pem)).not.toBe(both);
});

test('the private key is in no rendering of the credentials or of an error', () => {
  const secret = good.privateKey.split('\n')[1]!;
  const credentials = parseCredentials(good, 1);
  expect(credentials.privateKey).toContain(secret);
  for (const text of [
    inspect(credentials, { depth: 9 }),
    JSON.stringify(credentials, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
    inspect({ ...credentials }),
  ])
    expect(text.includes(secret)).toBe(false);
  for (const privateKey of [encrypted, good.privateKey.slice(0, -40), good.privateKey + good.privateKey]) {
    let thrown: unknown;
    try {
      parseCredentials({ ...good, privateKey }, 1);
    } catch (error) {
      thrown = error;
    }
    expect(inspect(thrown, { depth: 9 }).includes(secret)).toBe(false);
  }
});
