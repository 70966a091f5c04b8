import type { KeyAlgorithm } from '@mayfly/keys';
import type { Backend } from '@mayfly/keys/backend';
import { nobleBackend } from '@mayfly/keys/noble';
import { generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { UpEvent } from './event.js';
import { type Keys, openKeys } from './keys.js';
import { loadWasmBackend } from './wasm-backend.js';

const stay = new AbortController().signal;
const silent = (): void => {};
/** Stands in for the kernels: noble, with the batches that they have, and without P-521. */
const { p521: _, ...elliptic } = nobleBackend;
const signMany = vi.fn<NonNullable<Backend['p256']['signMany']>>((digests, secretKey) =>
  digests.map((digest) => nobleBackend.p256.sign(digest, secretKey)),
);
const kernels: Backend = { ...elliptic, name: 'kernels', p256: { ...nobleBackend.p256, signMany } };
const opened: readonly [string, () => Promise<Keys>][] = [
  ['node', () => openKeys('node', silent)],
  ['noble', () => openKeys('noble', silent)],
  ['wasm', () => openKeys('wasm', silent)],
];
const algorithms: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'];

describe.each(opened)('keys by %s', (name, open) => {
  test.each(algorithms)('%s: made, kept as PKCS#8, and believed by node:crypto', async (algorithm) => {
    const keys = await open();
    expect(keys.name).toBe(name);
    const made = await keys.generateKey(algorithm);
    const kept = keys.fromPkcs8(made.exportPkcs8());
    expect(kept.subjectPublicKeyInfo).toEqual(made.subjectPublicKeyInfo);
    const tbs = new TextEncoder().encode(algorithm);
    const { signatureAlgorithm, subjectPublicKeyInfo } = kept;
    for (const signatureValue of [made.sign(tbs), kept.sign(tbs)])
      for (const verify of [keys.verify, verifyWithNode]) {
        expect(verify({ tbs, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
        expect(verify({ tbs: tbs.subarray(1), signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(false);
      }
  });

  test('takes keys that another choice has kept', async () => {
    const keys = await open();
    for (const algorithm of algorithms) {
      const made = generateKeySync(algorithm);
      expect(keys.fromPkcs8(made.exportPkcs8()).subjectPublicKeyInfo).toEqual(made.subjectPublicKeyInfo);
    }
  });
});

test('a warm-up signs some hundred times in batches, and ends when it is told to', async () => {
  const keys = await openKeys('wasm', silent, async () => kernels);
  signMany.mockClear();
  await keys.warmUp(AbortSignal.abort());
  expect(signMany).not.toHaveBeenCalled();
  await keys.warmUp(stay);
  const signed = signMany.mock.calls.reduce((sum, [digests]) => sum + digests.length, 0);
  expect(signed).toBeGreaterThanOrEqual(200);
  for (const name of ['node', 'noble'] as const) await (await openKeys(name, silent)).warmUp(stay);
});

describe('where WebAssembly does not run', () => {
  const failing = (code: string) => Object.assign(new Error('no WebAssembly here'), { code });
  const broken: Backend = {
    ...kernels,
    p256: {
      ...kernels.p256,
      generateKeyPair() {
        throw failing('ERR_WASM_COMPILE');
      },
    },
  };

  afterEach(() => vi.unstubAllGlobals());
  /** What a runtime without just-in-time compilation lacks, and one that refuses each kernel. */
  const loadWhere = (webAssembly: object | undefined) => () => {
    vi.stubGlobal('WebAssembly', webAssembly);
    return loadWasmBackend();
  };
  class Refusing {
    constructor() {
      throw new Error('no WebAssembly here');
    }
  }

  test.each<[string, () => Promise<Backend>]>([
    ['at all', () => Promise.reject(failing('ERR_WASM_UNAVAILABLE'))],
    ['when it is first used', async () => broken],
    ['because there is none', loadWhere(undefined)],
    ['because it refuses the kernels', loadWhere({ validate: () => true, Module: Refusing, Instance: Refusing })],
  ])('%s, noble does, and an event says so once', async (_name, load) => {
    const events: Omit<UpEvent, 'at'>[] = [];
    const keys = await openKeys('wasm', (event) => void events.push(event), load);
    expect(keys.name).toBe('noble');
    expect((await keys.generateKey('P-256')).sign(new Uint8Array(1))).toBeInstanceOf(Uint8Array);
    await keys.warmUp(stay);
    expect(events).toEqual([
      {
        type: 'Warning',
        reason: 'WebAssemblyUnavailable',
        message: expect.stringMatching(/no WebAssembly|the runtime refuses it/),
      },
    ]);
  });

  test('any other fault is no reason to go on', async () => {
    await expect(openKeys('wasm', silent, () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
  });
});
