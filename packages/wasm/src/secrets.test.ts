import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEd25519 } from './ed25519.js';
import { BATCH, memory as ed25519Memory } from './ed25519-memory.js';
import type { KernelOptions } from './engine.js';
import { createP256 } from './p256.js';
import { createP384 } from './p384.js';
import { createPbkdf2 } from './pbkdf2.js';
import { scalarKernels as scalar } from './scalar.js';
import { createSha256 } from './sha256.js';
import { createSha512 } from './sha512.js';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Ed25519's layout begins there. */
  readonly io: () => number;
  /** Where ECDSA's kernels leave signatures and public keys. */
  readonly results: () => number;
}

interface Api {
  Instance: new (module: object) => { readonly exports: Exports };
}

const api = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
const { Instance } = api;
const memories: (() => Buffer)[] = [];
let latest: Exports | undefined;

beforeEach(() => {
  memories.length = 0;
  api.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      latest = this.exports;
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

/** First octet and end. */
type Range = readonly [number, number];

const results = (length: number) => (exports: Exports) =>
  [[exports.results(), exports.results() + 128 * length]] as const;

/** Kernels that use private keys, all alike, and where each leaves what it gives out. */
const signing = [
  {
    name: 'P-256',
    length: 32,
    create: (options: KernelOptions) => hedgedAsWell(createP256(options)),
    outputs: results(32),
  },
  {
    name: 'P-384',
    length: 48,
    create: (options: KernelOptions) => hedgedAsWell(createP384(options)),
    outputs: results(48),
  },
  {
    name: 'Ed25519',
    length: 32,
    create: (options: KernelOptions) => ({ ...createEd25519(options), others: {} }),
    outputs: (exports: Exports) => {
      const { publicKey, signatures } = ed25519Memory;
      const places = [[publicKey, 32] as const, [signatures, 64 * BATCH] as const];
      return places.map(([place, length]): Range => [exports.io() + place, exports.io() + place + length]);
    },
  },
] as const;

function hedgedAsWell(kernel: ReturnType<typeof createP256>) {
  const entropy = draws('entropy', 32 * 64);
  return {
    ...kernel,
    others: {
      'sign, hedged': (digest, key) => kernel.sign(digest, key, entropy.subarray(0, 32)),
      'sign, additional data': (digest, key) => kernel.signWithAdditionalData(digest, key, entropy.subarray(0, 32)),
      'signMany, hedged': (digest, key) => kernel.signMany(Array<Uint8Array>(64).fill(digest), key, entropy),
    } satisfies Record<string, (digest: Uint8Array, key: Uint8Array) => unknown>,
  };
}

/** Random octets that are the same in every run. */
const draws = (label: string, length: number): Uint8Array =>
  Uint8Array.from(createHash('shake256', { outputLength: length }).update(label).digest());

test.each(signing.flatMap((kernel) => [true, false].map((simd) => ({ ...kernel, simd }))))(
  '$name, SIMD $simd: two keys leave memory that differs in what is given out alone',
  ({ length, create, outputs, simd }) => {
    const { others, ...kernel } = create({ simd, scalar });
    const text = draws('text', length);
    const texts = (count: number) => Array.from({ length: count }, (_, i) => draws(`text ${i}`, length));
    /** Under the key that a label makes. */
    const calls: Record<string, (label: string) => unknown> = {
      getPublicKey: (label) => kernel.getPublicKey(draws(label, length)),
      sign: (label) => kernel.sign(text, draws(label, length)),
      'signMany, a batch': (label) => kernel.signMany(texts(64), draws(label, length)),
      'signMany, one by one': (label) => kernel.signMany(texts(3), draws(label, length)),
      'signMany, part of a batch': (label) => kernel.signMany(texts(11), draws(label, length)),
      generateKeyPair: (label) => kernel.generateKeyPair((octets) => draws(label, octets)),
      generateMany: (label) => kernel.generateMany(64, (octets) => draws(label, octets)),
    };
    for (const [name, call] of Object.entries(others)) calls[name] = (label) => call(text, draws(label, length));
    const snapshot = () => Buffer.from(Buffer.from(latest!.memory.buffer)); // a copy
    const places = outputs(latest!);
    for (const [name, call] of Object.entries(calls)) {
      call('one'); // makes tables
      call('one');
      const one = snapshot();
      call('other');
      const other = snapshot();
      expect(one.equals(other), `${name} has another result`).toBe(false);
      for (const [from, to] of places) other.set(one.subarray(from, to), from);
      const at = one.findIndex((octet, i) => octet !== other[i]);
      expect(one.equals(other), `${name} leaves something at ${at}`).toBe(true);
    }
  },
);
