import { inspect } from 'node:util';
import { signingKeyChecks } from '@mayfly/keys/compliance';
import { generateKey, nobleBackend, softwareKey } from '@mayfly/keys/noble';
import { verifyWithNode } from '@mayfly/keys/node';
import type { Piscina } from 'piscina';
import { afterEach, describe, expect, test } from 'vitest';
import { wasmBackend } from '../index.js';
import { openPoolOn, type PoolOptions, type SigningPool } from './pool.js';

const opened: SigningPool[] = [];
afterEach(async () => {
  for (const pool of opened.splice(0)) await pool.close();
});

/** What is published runs `worker.js`; threads of tests run its source. */
const execArgv = ['--import', new URL('../../../../test/typescript.mjs', import.meta.url).href];

/** A pool whose threads sign with noble. */
function open(options: PoolOptions = {}, onStart: (threads: Piscina) => void = () => {}): SigningPool {
  const worker = new URL('../../testing/noble-worker.ts', import.meta.url);
  const pool = openPoolOn(nobleBackend, { worker, execArgv, onStart }, { threads: 2, chunkLength: 4, ...options });
  opened.push(pool);
  return pool;
}

const made = generateKey('P-256');
const pkcs8 = made.exportPkcs8();
const messages = (count: number) => Array.from({ length: count }, (_, i) => new TextEncoder().encode(`message ${i}`));
const refusal = (code: string) => expect.objectContaining({ code });
const secret = Buffer.from(pkcs8.slice(36, 68));

test.each(['P-256', 'P-384', 'Ed25519'] as const)(
  'a key of %s is a key like any other',
  { timeout: 120_000 },
  async (algorithm) => {
    const key = open().softwareKey(generateKey(algorithm).exportPkcs8());
    const show = (value: unknown) => inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null });
    const subject = { key, verify: verifyWithNode, inspect: show, destroy: () => key.destroy() };
    for (const check of signingKeyChecks(subject)) await check.run();
  },
);

test('a batch is signed in order, as one thread would have signed it', async () => {
  const batch = messages(50);
  const key = open().softwareKey(pkcs8);
  expect(await key.signMany(batch)).toEqual(batch.map((tbs) => made.sign(tbs)));
  expect(await key.signMany([])).toEqual([]);
  expect(await key.sign(batch[0]!)).toEqual(made.sign(batch[0]!));
});

test('what is signed is what was given, whatever the caller writes there afterwards', async () => {
  const batch = messages(50);
  const expected = batch.map((tbs) => made.sign(tbs));
  const signed = open().softwareKey(pkcs8).signMany(batch);
  for (const tbs of batch) tbs.fill(0);
  expect(await signed).toEqual(expected);
});

test.each(['P-256', 'P-384', 'Ed25519'] as const)('threads with kernels sign as noble does: %s', async (algorithm) => {
  const given = generateKey(algorithm).exportPkcs8();
  const pool = openPoolOn(wasmBackend(), { worker: new URL('./worker.ts', import.meta.url), execArgv }, { threads: 2 });
  opened.push(pool);
  const batch = messages(200);
  const noble = softwareKey(given);
  expect(await pool.softwareKey(given).signMany(batch)).toEqual(batch.map((tbs) => noble.sign(tbs)));
});

test('nothing is lost when threads are killed in the midst of it', { timeout: 60_000 }, async () => {
  let threads: Piscina | undefined;
  const key = open({}, (started) => {
    threads = started;
  }).softwareKey(pkcs8);
  await key.sign(messages(1)[0]!); // they run
  const batch = messages(300);
  const signed = key.signMany(batch);
  for (let killed = 0; killed < 3; killed++) {
    const [victim] = threads!.threads;
    await victim!.terminate();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await signed).toEqual(batch.map((tbs) => made.sign(tbs)));
  expect(threads!.threads.length).toBe(2);
});

test('what kills one thread after the other is given up, and the next is signed', { timeout: 60_000 }, async () => {
  const key = open().softwareKey(pkcs8);
  await expect(key.sign(new TextEncoder().encode('die'))).rejects.toEqual(refusal('ERR_WASM_POOL'));
  expect(await key.signMany(messages(9))).toEqual(messages(9).map((tbs) => made.sign(tbs)));
});

test.each([
  ['is not there', new URL('../../testing/missing-worker.js', import.meta.url)],
  ['ends its thread', new URL('../../testing/ending-worker.ts', import.meta.url)],
])('a worker that %s is an error, not a wait without end', async (_, worker) => {
  const pool = openPoolOn(nobleBackend, { worker, execArgv }, { threads: 2, chunkLength: 4 });
  opened.push(pool);
  const key = pool.softwareKey(pkcs8);
  await expect(key.signMany(messages(40))).rejects.toEqual(refusal('ERR_WASM_POOL'));
  await expect(key.sign(messages(1)[0]!)).rejects.toEqual(refusal('ERR_WASM_POOL'));
});

describe('back-pressure', () => {
  test('more than may wait is refused, and room is made again', async () => {
    const key = open({ maxWaiting: 20 }).softwareKey(pkcs8);
    const first = key.signMany(messages(20));
    await expect(key.sign(messages(1)[0]!)).rejects.toEqual(refusal('ERR_WASM_LIMIT'));
    expect(await first).toHaveLength(20);
    expect(await key.signMany(messages(20))).toHaveLength(20);
    await expect(key.signMany(messages(21))).rejects.toEqual(refusal('ERR_WASM_LIMIT'));
  });

  test('what was given up counts until its turn has come', async () => {
    const key = open({ maxWaiting: 20 }).softwareKey(pkcs8);
    const end = new AbortController();
    const givenUp = key.signMany(messages(20), { signal: end.signal });
    end.abort(new Error('enough'));
    await expect(givenUp).rejects.toThrow('enough');
    await expect(key.sign(messages(1)[0]!)).rejects.toEqual(refusal('ERR_WASM_LIMIT'));
    await expect.poll(() => key.sign(messages(1)[0]!).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
  });

  test('the threads have no more at hand than they need', async () => {
    let threads: Piscina | undefined;
    const key = open({}, (started) => {
      threads = started;
    }).softwareKey(pkcs8);
    const signed = key.signMany(messages(200));
    await new Promise((resolve) => setImmediate(resolve));
    expect(threads!.queueSize).toBeLessThanOrEqual(4);
    expect(await signed).toHaveLength(200);
  });
});

describe('an aborted signal', () => {
  test('gives the rest up with its reason', async () => {
    const key = open().softwareKey(pkcs8);
    const end = new AbortController();
    const signed = key.signMany(messages(400), { signal: end.signal });
    end.abort(new Error('enough'));
    await expect(signed).rejects.toThrow('enough');
    await expect(key.sign(messages(1)[0]!, { signal: end.signal })).rejects.toThrow('enough');
    expect(await key.signMany(messages(9))).toEqual(messages(9).map((tbs) => made.sign(tbs)));
  });
});

describe('the end', () => {
  test('of a key: it signs nothing more, the others do', async () => {
    const pool = open();
    const [key, other] = [pool.softwareKey(pkcs8), pool.softwareKey(pkcs8)];
    key.destroy();
    await expect(key.sign(messages(1)[0]!)).rejects.toEqual(refusal('ERR_KEYS_PRIVATE_KEY'));
    expect(await other.sign(messages(1)[0]!)).toEqual(made.sign(messages(1)[0]!));
  });

  test('of the pool: what is being signed is finished, what waits fails, keys are wiped', async () => {
    const seen: Uint8Array[] = [];
    const pool = open({}, (threads) => {
      const run = threads.run.bind(threads);
      threads.run = (task, options) => {
        seen.push(task.pkcs8);
        return run(task, options);
      };
    });
    const key = pool.softwareKey(pkcs8);
    const [begun, waiting] = [key.signMany(messages(16)), key.signMany(messages(40))];
    const failing = expect(waiting).rejects.toEqual(refusal('ERR_WASM_POOL'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(Buffer.from(seen[0]!).includes(secret)).toBe(true);
    await pool.close();
    expect(await begun).toHaveLength(16);
    await failing;
    for (const bytes of seen) expect(Buffer.from(bytes).equals(Buffer.alloc(bytes.length))).toBe(true);
    await expect(key.sign(messages(1)[0]!)).rejects.toThrow();
    expect(() => pool.softwareKey(pkcs8)).toThrow(refusal('ERR_WASM_POOL'));
  });
});

test('hedged keys sign differently each time', async () => {
  const key = open().softwareKey(pkcs8, { nonce: 'hedged' });
  const [tbs] = messages(1);
  const signatures = await key.signMany(Array.from({ length: 9 }, () => tbs!));
  expect(new Set(signatures.map((signature) => Buffer.from(signature).toString('hex'))).size).toBe(9);
  const { signatureAlgorithm, subjectPublicKeyInfo } = key;
  for (const signatureValue of signatures)
    expect(verifyWithNode({ tbs: tbs!, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
});

test('the key given is left as it was', async () => {
  const given = Uint8Array.from(pkcs8);
  open().softwareKey(given).destroy();
  expect(given).toEqual(pkcs8);
  expect(softwareKey(given).subjectPublicKeyInfo).toEqual(made.subjectPublicKeyInfo);
});

test.each([{ threads: 0 }, { chunkLength: 1.5 }, { maxWaiting: -1 }])(
  'options out of range are refused: %o',
  (options) => {
    expect(() => open(options)).toThrow(RangeError);
  },
);
