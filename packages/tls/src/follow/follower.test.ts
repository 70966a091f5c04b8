import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createAuthority, filesOf, swap, temporaryDirectory, until } from '../../testing/authority.js';
import type { Credentials } from '../credentials.js';
import type { CredentialEvent } from './events.js';
import { type FollowedCredentials, type FollowOptions, followCredentials } from './follower.js';
import type { CredentialFiles } from './source.js';

const authority = createAuthority('root');
const next = createAuthority('next');
const fresh = (trustBundle = authority.pem, options = {}) => ({ ...authority.issue(options), trustBundle });
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function directory(): string {
  const path = temporaryDirectory();
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function follow(
  source: string | CredentialFiles,
  options: FollowOptions = {},
): Promise<FollowedCredentials & { readonly events: CredentialEvent[] }> {
  const events: CredentialEvent[] = [];
  const followed = await followCredentials(source, { timeout: 5, onEvent: (event) => events.push(event), ...options });
  cleanups.push(() => followed.close());
  return Object.assign(followed, { events });
}

const types = (events: readonly CredentialEvent[]): readonly string[] =>
  events.map((event) => (event.type === 'rejected' ? event.code : event.type));

test('twenty swaps of ..data are seen by the watch alone', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir, { pollInterval: 3600 });
  for (let i = 0; i < 20; i++) {
    const texts = fresh();
    swap(dir, filesOf(texts));
    await until(() => followed.current.certificateChain === texts.certificateChain);
    expect(followed.current.privateKey).toBe(texts.privateKey);
    expect(followed.current.sequence).toBe(i + 2);
  }
  expect(types(followed.events)).toEqual(['loaded', ...Array<string>(20).fill('rotated')]);
  expect(followed.explain()).toMatchObject({ sequence: 21, watching: true, valid: true, rejected: undefined });
});

test('the poll sees what the watch misses: a directory that was replaced', async () => {
  const dir = directory();
  const live = join(dir, 'live');
  mkdirSync(live);
  swap(live, filesOf(fresh()));
  const followed = await follow(live, { pollInterval: 0.1 });
  for (let i = 0; i < 3; i++) {
    const texts = fresh();
    mkdirSync(join(dir, 'new'));
    swap(join(dir, 'new'), filesOf(texts));
    renameSync(live, join(dir, `old${i}`));
    renameSync(join(dir, 'new'), live);
    await until(() => followed.current.certificateChain === texts.certificateChain);
  }
});

test('the watch moves to the directory that took the place of the first', async () => {
  const dir = directory();
  const live = join(dir, 'live');
  mkdirSync(live);
  swap(live, filesOf(fresh()));
  const followed = await follow(live, { pollInterval: 3600 });
  renameSync(live, join(dir, 'old'));
  mkdirSync(live);
  swap(live, filesOf(fresh()));
  await followed.check();
  const { sequence } = followed.current;
  swap(live, filesOf(fresh()));
  await until(() => followed.current.sequence > sequence);
});

test('a pair written one file after the other is never published torn', async () => {
  const dir = directory();
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  const first = fresh();
  for (const [name, text] of Object.entries(filesOf(first))) write(name, text);
  const followed = await follow(dir, { pollInterval: 3600 });
  const seen: Credentials[] = [];
  followed.subscribe((credentials) => seen.push(credentials));
  const pairs = new Map([[first.certificateChain, first.privateKey]]);
  for (let i = 0; i < 8; i++) {
    const texts = fresh();
    pairs.set(texts.certificateChain, texts.privateKey);
    write(i % 2 === 0 ? 'tls.key' : 'tls.crt', i % 2 === 0 ? texts.privateKey : texts.certificateChain);
    await new Promise((resolve) => setTimeout(resolve, i * 3));
    write(i % 2 === 0 ? 'tls.crt' : 'tls.key', i % 2 === 0 ? texts.certificateChain : texts.privateKey);
    await until(() => followed.current.certificateChain === texts.certificateChain);
  }
  expect(seen.length).toBe(8);
  for (const { certificateChain, privateKey } of seen) expect(privateKey).toBe(pairs.get(certificateChain));
});

test('swaps in quick succession end with the last', async () => {
  const dir = directory();
  const all = Array.from({ length: 40 }, () => fresh());
  swap(dir, filesOf(all[0]!));
  const followed = await follow(dir, { pollInterval: 3600 });
  for (const texts of all) {
    swap(dir, filesOf(texts));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => followed.current.certificateChain === all.at(-1)!.certificateChain);
  expect(types(followed.events).filter((type) => type !== 'loaded' && type !== 'rotated')).toEqual([]);
});

test.each([
  ['a key of another leaf', { 'tls.key': authority.issue().privateKey }, 'ERR_TLS_KEY_MISMATCH'],
  ['half a chain', { 'tls.crt': fresh().certificateChain.slice(0, 300) }, 'ERR_TLS_CERTIFICATE_CHAIN'],
  ['an empty key', { 'tls.key': '' }, 'ERR_TLS_PRIVATE_KEY'],
  ['an empty bundle', { 'ca.crt': '' }, 'ERR_TLS_TRUST_BUNDLE'],
  ['an expired leaf', filesOf(fresh(authority.pem, { expiresIn: -5 })), 'ERR_TLS_VALIDITY'],
  ['a leaf of tomorrow', filesOf(fresh(authority.pem, { startsIn: 600 })), 'ERR_TLS_VALIDITY'],
  ['a file without end', { 'ca.crt': 'x'.repeat(1024 * 1024 + 1) }, 'ERR_TLS_TOO_LARGE'],
])('%s keeps the last good credentials and is reported once', async (_name, files, code) => {
  const dir = directory();
  const texts = fresh();
  swap(dir, filesOf(texts));
  const followed = await follow(dir, { pollInterval: 3600 });
  swap(dir, { ...filesOf(texts), ...files });
  await until(() => followed.events.length > 1);
  await followed.check();
  expect(types(followed.events)).toEqual(['loaded', code]);
  expect(followed.current.certificateChain).toBe(texts.certificateChain);
  expect(followed.explain().rejected).toMatchObject({ code });
  swap(dir, filesOf(fresh()));
  await until(() => followed.current.sequence === 2);
  expect(followed.explain().rejected).toBeUndefined();
});

test.each([
  ['is of tomorrow', { startsIn: 600 }, {}, 'ERR_TLS_VALIDITY'],
  ['belongs to another key', {}, { 'tls.key': authority.issue().privateKey }, 'ERR_TLS_KEY_MISMATCH'],
  ['is none', {}, { 'tls.crt': '' }, 'ERR_TLS_CERTIFICATE_CHAIN'],
])('a new trust bundle takes effect though the leaf beside it %s', async (_name, leaf, files, code) => {
  const dir = directory();
  const texts = fresh();
  swap(dir, filesOf(texts));
  const followed = await follow(dir, { pollInterval: 3600 });
  swap(dir, { ...filesOf(fresh(next.pem, leaf)), ...files });
  await until(() => followed.current.sequence === 2);
  await followed.check();
  expect(types(followed.events)).toEqual(['loaded', code, 'trust-changed']);
  expect(followed.current).toMatchObject({ certificateChain: texts.certificateChain, trustAnchors: next.pem });
  expect(followed.explain().rejected).toMatchObject({ code });
  swap(dir, filesOf(texts));
  await until(() => followed.current.sequence === 3);
  expect(followed.current.trustAnchors).toBe(texts.trustBundle);
});

test('files that are taken away keep the last good credentials', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir, { pollInterval: 3600 });
  rmSync(dir, { recursive: true });
  await followed.check();
  expect(types(followed.events)).toEqual(['loaded', 'ERR_TLS_MISSING']);
  expect(followed.explain()).toMatchObject({ sequence: 1, watching: false });
});

test('expired credentials are taken while there is nothing better, and reported stale once', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh(authority.pem, { expiresIn: -30 })));
  const followed = await follow(dir);
  expect(types(followed.events)).toEqual(['loaded', 'stale']);
  await followed.check();
  swap(dir, filesOf(fresh(authority.pem, { expiresIn: -20 })));
  await until(() => followed.events.length === 4);
  swap(dir, filesOf(fresh()));
  await until(() => followed.current.sequence === 3);
  expect(types(followed.events)).toEqual(['loaded', 'stale', 'rotated', 'stale', 'rotated']);
});

test('credentials in use become stale with the clock, and a rejected finding is taken when its time comes', async () => {
  const dir = directory();
  let shift = 0;
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir, { pollInterval: 3600, now: () => Math.floor(Date.now() / 1000) + shift });
  swap(dir, filesOf(fresh(authority.pem, { startsIn: 600, expiresIn: 9000 })));
  await until(() => followed.events.length === 2);
  shift = 4000;
  await followed.check();
  expect(types(followed.events)).toEqual(['loaded', 'ERR_TLS_VALIDITY', 'rotated']);
  shift = 10_000;
  await followed.check();
  expect(types(followed.events).at(-1)).toBe('stale');
});

test('a change of anchors alone is told apart; their order is no change', async () => {
  const dir = directory();
  const texts = fresh();
  swap(dir, filesOf(texts));
  const followed = await follow(dir, { pollInterval: 3600 });
  const before = followed.current.trustHash;
  swap(dir, filesOf({ ...texts, trustBundle: authority.pem + next.pem }));
  await until(() => followed.current.sequence === 2);
  expect(followed.current.trustHash).not.toBe(before);
  swap(dir, filesOf({ ...texts, trustBundle: next.pem + authority.pem }));
  await followed.check();
  expect(types(followed.events)).toEqual(['loaded', 'trust-changed']);
});

test('a credential bundle beside a trust bundle in another directory', async () => {
  const [dir, trust] = [directory(), directory()];
  const bundle = (texts = fresh()) => ({ 'bundle.pem': texts.privateKey + texts.certificateChain });
  swap(dir, bundle());
  swap(trust, { 'roots.pem': authority.pem });
  const files = {
    directory: dir,
    credentialBundlePath: 'bundle.pem',
    trustBundlePath: join(trust, 'roots.pem'),
  };
  const followed = await follow(files, { pollInterval: 3600 });
  swap(dir, bundle());
  await until(() => followed.current.sequence === 2);
  swap(trust, { 'roots.pem': next.pem });
  await until(() => followed.current.sequence === 3);
  expect(followed.current.trustAnchors).toBe(next.pem);
  await expect(followCredentials({ ...files, keyPath: 'tls.key' })).rejects.toThrow(TypeError);
});

test('the first load waits for a directory, and names what is missing when its time is over', async () => {
  const dir = join(directory(), 'later');
  const loading = follow({ directory: dir, trustBundlePath: false });
  mkdirSync(dir);
  swap(dir, filesOf(fresh()));
  expect((await loading).current.trustAnchors).toBeUndefined();

  await expect(followCredentials(directory(), { timeout: 0 })).rejects.toMatchObject({ code: 'ERR_TLS_MISSING' });
  const broken = directory();
  swap(broken, { ...filesOf(fresh()), 'tls.key': fresh().privateKey });
  await expect(followCredentials(broken, { timeout: 0 })).rejects.toMatchObject({ code: 'ERR_TLS_KEY_MISMATCH' });
  await expect(followCredentials(broken, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await expect(followCredentials(broken, { pollInterval: 0 })).rejects.toThrow(RangeError);
});

test('iterating yields the current credentials, then changes, and ends with the signal', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const stop = new AbortController();
  const followed = await follow(dir, { signal: stop.signal });
  const sequences: number[] = [];
  for await (const { sequence } of followed) {
    sequences.push(sequence);
    if (sequence === 3) setImmediate(() => stop.abort());
    else swap(dir, filesOf(fresh()));
  }
  expect(sequences).toEqual([1, 2, 3]);
});

test('a listener that throws is an event, and the others are still called', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir);
  let called = 0;
  followed.subscribe(() => {
    throw new Error('no');
  });
  followed.subscribe(() => called++);
  swap(dir, filesOf(fresh()));
  await until(() => followed.current.sequence === 2);
  expect(called).toBe(1);
  expect(types(followed.events)).toEqual(['loaded', 'ERR_TLS_LISTENER', 'rotated']);
});

test('close leaves no handle', async () => {
  const handles = (): readonly string[] =>
    process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap' || name === 'FSReqPromise');
  const before = handles().length;
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir);
  followed.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(handles().length).toBeLessThanOrEqual(before);
  swap(dir, filesOf(fresh()));
  await followed.check();
  expect(followed.current.sequence).toBe(1);
});

test('a FIFO in place of a file is refused, not waited for', async () => {
  const dir = directory();
  swap(dir, filesOf(fresh()));
  const followed = await follow(dir, { pollInterval: 3600 });
  rmSync(join(dir, 'ca.crt'));
  rmSync(join(dir, '..data', 'ca.crt'));
  execFileSync('mkfifo', [join(dir, '..data', 'ca.crt')]);
  await followed.check();
  expect(followed.explain().rejected?.code).toBe('ERR_TLS_READ');
});
