import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPbkdf2 } from './pbkdf2.js';
import { scalarKernels as scalar } from './scalar.js';
import { createSha256 } from './sha256.js';
import { createSha512 } from './sha512.js';

interface Api {
  Instance: new (module: object) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } };
}

const api = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
const { Instance } = api;
const memories: (() => Buffer)[] = [];

beforeEach(() => {
  memories.length = 0;
  api.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      memories.push(() => Buffer.from(this.exports.memory.buffer));
    }
  };
});

afterEach(() => {
  api.Instance = Instance;
});

/** Sixteen octets that stand nowhere by accident, and what pads, lanes and byte orders make of them. */
const canary = Buffer.from('c0ffee5ec4e7da7a0ddba11cab1e5eed', 'hex');
const disguises = [canary, xored(0x36), xored(0x5c)].flatMap((octets) => [
  octets.subarray(0, 8),
  Buffer.from(octets.subarray(0, 8)).swap32(),
  Buffer.from(octets.subarray(0, 8)).swap64(),
  Buffer.from(octets.subarray(8, 12)).swap32(),
]);

function xored(mask: number): Buffer {
  return Buffer.from(canary.map((octet) => octet ^ mask));
}

const holds = (secrets: readonly Uint8Array[]): boolean =>
  memories.some((memory) => secrets.some((secret) => memory().includes(Buffer.from(secret))));

/** A derived key in the order of octets, and in the machine's. */
const forms = (secret: Uint8Array): readonly Uint8Array[] => [
  secret.subarray(0, 8),
  Buffer.from(secret.subarray(0, 8)).swap32(),
  Buffer.from(secret.subarray(0, 8)).swap64(),
];

const message = (length: number): Uint8Array => Buffer.alloc(length, canary);

describe.each([true, false])('SIMD %s', (simd) => {
  test('the scan finds what is there', () => {
    createSha256({ simd, scalar }).hash(Buffer.of(1));
    expect(holds([createSha256({ simd, scalar }).hash(Buffer.of(1)).subarray(0, 8)])).toBe(true);
    expect(holds(disguises)).toBe(false);
  });

  test.each([
    ['SHA-256', createSha256],
    ['SHA-512', createSha512],
  ])('%s and HMAC leave nothing of what they read', (_, create) => {
    const hash = create({ simd, scalar });
    for (const length of [16, 55, 64, 112, 200, 8192, 9000]) {
      hash.hash(message(length));
      hash.hashMany([message(length), message(length), message(length), message(length)]);
      const pieces = hash.create().update(message(length)).update(message(16));
      pieces.digest();
      expect(holds(disguises)).toBe(false);
      expect(holds(forms(hash.hmac(message(length), message(16))))).toBe(false);
      expect(holds(disguises)).toBe(false);
    }
  });

  test.each(['SHA-256', 'SHA-384', 'SHA-512'] as const)('PBKDF2 with %s leaves nothing', async (hash) => {
    const pbkdf2 = createPbkdf2(hash, { simd, scalar });
    const between: boolean[] = [];
    for (const length of [20, 64, 200]) {
      const key = pbkdf2.derive(canary, message(16), 300, length);
      expect(holds([...disguises, ...forms(key)])).toBe(false);
      const onProgress = () => between.push(holds([...disguises, ...forms(key)]));
      await pbkdf2.deriveAsync(canary, message(16), 300, length, { onProgress });
      expect(holds([...disguises, ...forms(key)])).toBe(false);
    }
    expect(between.length).toBeGreaterThan(3);
    expect(between).not.toContain(true);
  });

  test('no error repeats a secret', () => {
    const wrong = canary.toString('latin1') as unknown as Uint8Array;
    const calls = [
      () => createSha256({ simd, scalar }).hmac(wrong, message(1)),
      () => createSha256({ simd, scalar }).hash(wrong),
      () => createPbkdf2('SHA-256', { simd, scalar }).derive(wrong, message(1), 1, 1),
      () => createPbkdf2('SHA-256', { simd, scalar }).derive(canary, message(1), 0, 1),
    ];
    for (const call of calls) {
      let text = '';
      try {
        call();
      } catch (error) {
        text = `${error} ${JSON.stringify(error)}`;
      }
      expect(text).not.toBe('');
      for (const encoding of ['latin1', 'hex', 'base64'] as const)
        expect(text).not.toContain(canary.toString(encoding));
    }
  });
});
