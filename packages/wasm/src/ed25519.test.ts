import { createHash, createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Eddsa } from '@mayfly/keys/backend';
import { ed25519 as noble } from '@noble/curves/ed25519.js';
import { describe, expect, test, vi } from 'vitest';
import { createEd25519 } from './ed25519.js';
import { memory } from './ed25519-memory.js';
import { scalarKernels as scalar } from './scalar.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const base64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
/** Random octets that are the same in every run. */
const octets = (label: string, length: number): Uint8Array =>
  Uint8Array.from(createHash('shake256', { outputLength: length }).update(label).digest());
const PKCS8 = '302e020100300506032b657004220420';
const SPKI = '302a300506032b6570032100';
const nodeKey = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([hex(PKCS8), seed]), format: 'der', type: 'pkcs8' });
const nodePublicKey = (publicKey: Uint8Array) =>
  createPublicKey({ key: Buffer.concat([hex(SPKI), publicKey]), format: 'der', type: 'spki' });

const folder = new URL('../../../../shared/vectors/', import.meta.url);
const suite = (name: string) => {
  const file = new URL(`${name}/cases.json.gz`, folder);
  return existsSync(file) ? JSON.parse(gunzipSync(readFileSync(file)).toString()) : undefined;
};
interface SignCase {
  readonly id: string;
  readonly pkcs8: string;
  readonly spki: string;
  readonly msg: string;
  readonly sig: string;
}
interface VerifyCase {
  readonly id: string;
  readonly k: number;
  readonly msg: string;
  readonly sig: string;
  readonly expect: 'accept' | 'reject';
}
const signSuite: { readonly cases: readonly SignCase[] } | undefined = suite('ed25519-sign');
const verifySuite:
  | {
      readonly keys: readonly { readonly alg: { readonly name: string }; readonly spki: string }[];
      readonly cases: readonly VerifyCase[];
    }
  | undefined = suite('wycheproof-eddsa');

const L = noble.Point.Fn.ORDER;
const littleEndian = (value: bigint, length: number): Uint8Array =>
  hex(value.toString(16).padStart(2 * length, '0')).reverse();
const number = (value: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(value).reverse())}`);
const sha512 = (...parts: readonly Uint8Array[]): Uint8Array =>
  createHash('sha512').update(Buffer.concat(parts)).digest();

describe.each([
  ['with SIMD', true],
  ['without SIMD', false],
])('Ed25519 %s', (_, simd) => {
  const ed25519 = createEd25519({ simd, scalar }) satisfies Eddsa;

  /** Verifies both ways: once, and with the key's table. */
  const verifiers = new Map<string, ReturnType<typeof ed25519.verifier>>();
  function verdict(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    const once = ed25519.verify(signature, message, publicKey);
    const known = verifiers.get(toHex(publicKey)) ?? ed25519.verifier(publicKey);
    verifiers.set(toHex(publicKey), known);
    for (let i = 0; i < 10; i++) expect(known(signature, message)).toBe(once);
    return once;
  }

  // RFC 8032 §7.1.
  test.each([
    [
      'TEST 1',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'TEST 2',
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'TEST 3',
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('RFC 8032 %s', (_name, seed, publicKey, message, signature) => {
    expect(toHex(ed25519.getPublicKey(hex(seed)))).toBe(publicKey);
    expect(toHex(ed25519.sign(hex(message), hex(seed)))).toBe(signature);
    expect(verdict(hex(signature), hex(message), hex(publicKey))).toBe(true);
  });

  test.skipIf(!signSuite)(`suite ed25519-sign${signSuite ? '' : ' (missing: ../shared/vectors/ed25519-sign)'}`, () => {
    for (const { id, pkcs8, spki, msg, sig } of signSuite!.cases) {
      const seed = base64(pkcs8).subarray(16, 48);
      const publicKey = base64(spki).subarray(12);
      expect(toHex(ed25519.getPublicKey(seed)), id).toBe(toHex(publicKey));
      expect(toHex(ed25519.sign(base64(msg), seed)), id).toBe(toHex(base64(sig)));
      expect(verdict(base64(sig), base64(msg), publicKey), id).toBe(true);
    }
  });

  test.skipIf(!verifySuite)(
    `suite wycheproof-eddsa, no difference${verifySuite ? '' : ' (missing: ../shared/vectors/wycheproof-eddsa)'}`,
    () => {
      const cases = verifySuite!.cases.filter(({ k }) => verifySuite!.keys[k]!.alg.name === 'Ed25519');
      expect(cases.length).toBeGreaterThan(80);
      for (const { id, k, msg, sig, expect: expected } of cases) {
        const publicKey = base64(verifySuite!.keys[k]!.spki).subarray(12);
        expect(verdict(base64(sig), base64(msg), publicKey), id).toBe(expected === 'accept');
      }
    },
  );

  test('signs as node:crypto does, messages of every length that changes the path', () => {
    const lengths = [
      0, 1, 32, 46, 47, 48, 78, 79, 80, 95, 96, 97, 4031, 4032, 4033, 4063, 4064, 4065, 4096, 8128, 8129, 20_000,
    ];
    for (let i = 0; i < 300; i++) {
      const seed = octets(`seed ${i}`, 32);
      const message = octets(`message ${i}`, lengths[i] ?? i % 200);
      const signature = ed25519.sign(message, seed);
      expect(toHex(signature)).toBe(nodeSign(null, message, nodeKey(seed)).toString('hex'));
      expect(ed25519.verify(signature, message, ed25519.getPublicKey(seed))).toBe(true);
    }
  });

  test('agrees with node:crypto on signatures with one bit turned', () => {
    const seed = octets('turned', 32);
    const signer = ed25519.signer(seed);
    const known = ed25519.verifier(signer.publicKey);
    for (let i = 0; i < 512; i++) {
      const message = octets(`turned ${i}`, 40);
      const signature = signer.sign(message);
      expect(known(signature, message)).toBe(true);
      signature[i >> 3]! ^= 1 << (i & 7);
      expect(nodeVerify(null, message, nodePublicKey(signer.publicKey), signature)).toBe(false);
      expect(known(signature, message)).toBe(false);
      if (i % 4 === 0) expect(ed25519.verify(signature, message, signer.publicKey)).toBe(false);
    }
  });

  test.each([0, 1, 5, 6, 15, 16, 17, 22, 33])('a batch of %i equals its parts', (count) => {
    const seed = octets('batch', 32);
    const messages = Array.from({ length: count }, (_unused, i) => octets(`batch ${i}`, i === 3 ? 5000 : 5 * i));
    const signatures = ed25519.signMany(messages, seed);
    expect(signatures.map(toHex)).toEqual(messages.map((each) => toHex(ed25519.sign(each, seed))));
  });

  test('generates keys one by one and in batches', () => {
    let drawn = 0;
    const draw = (length: number) => octets(`draw ${drawn++}`, length);
    const keys = [...ed25519.generateMany(20, draw), ed25519.generateKeyPair(draw), ed25519.generateKeyPair()];
    expect(drawn).toBe(21);
    expect(new Set(keys.map(({ secretKey }) => toHex(secretKey))).size).toBe(22);
    for (const { secretKey, publicKey } of keys) expect(toHex(noble.getPublicKey(secretKey))).toBe(toHex(publicKey));
  });

  test('S has to be below the order', () => {
    const seed = octets('malleable', 32);
    const [message, publicKey] = [octets('m', 10), ed25519.getPublicKey(seed)];
    const signature = ed25519.sign(message, seed);
    const s = number(signature.subarray(32));
    expect(verdict(signature, message, publicKey)).toBe(true);
    signature.set(littleEndian(s + L, 32), 32);
    expect(verdict(signature, message, publicKey)).toBe(false);
  });

  test('keys that are no key verify nothing', () => {
    const p = 2n ** 255n - 19n;
    const encodings = [
      ...Array.from({ length: 19 }, (_unused, i) => littleEndian(p + BigInt(i), 32)), // y not below p
      littleEndian(2n, 32), // no x
      littleEndian(1n + 2n ** 255n, 32), // x = -0
      littleEndian(p - 1n + 2n ** 255n, 32),
      littleEndian(1n, 32), // orders 1, 2, 4, 8
      littleEndian(p - 1n, 32),
      littleEndian(0n, 32),
      littleEndian(2n ** 255n, 32),
      hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
      hex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
      new Uint8Array(31),
      new Uint8Array(33),
    ];
    // R = B·0 and S = 0 fit every key of order 1, whatever the message.
    const signature = Buffer.concat([littleEndian(1n, 32), new Uint8Array(32)]);
    for (const publicKey of encodings)
      expect(verdict(signature, octets('m', 3), publicKey), toHex(publicKey)).toBe(false);
    expect(ed25519.verify(new Uint8Array(63), new Uint8Array(), octets('k', 32))).toBe(false);
  });

  test('the equation is the one without the cofactor, as in node:crypto', () => {
    const torsion = noble.Point.fromBytes(
      hex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
      true,
    );
    const [a, r] = [number(octets('a', 31)), number(octets('r', 31))];
    const publicKey = noble.Point.BASE.multiply(a).add(torsion).toBytes();
    const found = { accept: 0, reject: 0 };
    for (let i = 0; i < 48; i++) {
      const message = octets(`torsion ${i}`, 20);
      const R = noble.Point.BASE.multiply(r)
        .subtract(torsion.multiplyUnsafe(BigInt(i % 8)))
        .toBytes();
      const k = number(sha512(R, publicKey, message)) % L;
      const signature = Buffer.concat([R, littleEndian((r + k * a) % L, 32)]);
      const accepted = nodeVerify(null, message, nodePublicKey(publicKey), signature);
      expect(verdict(signature, message, publicKey)).toBe(accepted);
      found[accepted ? 'accept' : 'reject']++;
    }
    expect(found.accept).toBeGreaterThan(0);
    expect(found.reject).toBeGreaterThan(0);
  });

  test('more known keys than there are tables', () => {
    const signers = Array.from({ length: 7 }, (_unused, i) => ed25519.signer(octets(`known ${i}`, 32)));
    const known = signers.map(({ publicKey }) => ed25519.verifier(publicKey));
    for (let round = 0; round < 40; round++)
      for (const [i, signer] of signers.entries()) {
        const message = octets(`${i} ${round}`, 16);
        const signature = signer.sign(message);
        expect(known[i]!(signature, message)).toBe(true);
        expect(known[(i + 1) % 7]!(signature, message)).toBe(false);
      }
  });

  test('input that is refused', () => {
    const coded = (code: string) => expect.objectContaining({ name: 'WasmError', code });
    for (const length of [0, 31, 33, 64]) {
      expect(() => ed25519.sign(new Uint8Array(), new Uint8Array(length))).toThrow(coded('ERR_WASM_LENGTH'));
      expect(() => ed25519.getPublicKey(new Uint8Array(length))).toThrow(coded('ERR_WASM_LENGTH'));
    }
    expect(() => ed25519.generateKeyPair(() => new Uint8Array(31))).toThrow(coded('ERR_WASM_RANDOM'));
    const signer = ed25519.signer(octets('gone', 32));
    signer.destroy();
    expect(() => signer.sign(new Uint8Array())).toThrow(coded('ERR_WASM_SECRET_KEY'));
    expect(() => signer.signMany([new Uint8Array()])).toThrow(coded('ERR_WASM_SECRET_KEY'));
  });

  test('a signer answers for its own public key, whatever becomes of the one it shows', () => {
    const signer = ed25519.signer(octets('shown', 32));
    const expected = signer.sign(octets('m', 5));
    signer.publicKey.fill(0);
    expect(toHex(signer.sign(octets('m', 5)))).toBe(toHex(expected));
  });

  test('no secret stays in memory', () => {
    const { own, exports } = withMemory(() => createEd25519({ simd, scalar }));
    const seed = octets('canary', 32);
    const digest = sha512(seed);
    // Of the seed, of the scalar and of the prefix, in the order of octets that they are given in and the machine's words.
    const secrets = [seed, digest.subarray(0, 31), digest.subarray(32)].flatMap((secret) =>
      [0, 8, 16].flatMap((at) => [
        secret.subarray(at + 1, at + 7),
        Uint8Array.from(secret.subarray(at + 1, at + 7)).reverse(),
      ]),
    );
    const found = () => {
      const whole = Buffer.from(exports.memory.buffer);
      return secrets.filter((secret) => whole.includes(Buffer.from(secret))).length;
    };
    new Uint8Array(exports.memory.buffer).set(seed, exports.io() + memory.seed);
    exports.expand();
    expect(found()).toBeGreaterThan(6); // the scan sees what is there
    exports.wipe();
    expect(found()).toBe(0);
    own.sign(octets('m', 40), seed);
    expect(found()).toBe(0);
    own.signMany(
      Array.from({ length: 20 }, () => octets('m', 40)),
      seed,
    );
    own.signMany([octets('m', 9000)], seed);
    own.getPublicKey(seed);
    own.generateMany(8, () => seed);
    expect(found()).toBe(0);
    expect(() => own.signMany([octets('m', 4), undefined as never], seed)).toThrow(TypeError);
    expect(found()).toBe(0);
  });
});

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly io: () => number;
  readonly expand: () => void;
  readonly wipe: () => void;
}

/** What a kernel keeps from everybody. */
function withMemory<T>(create: () => T): { readonly own: T; readonly exports: KernelExports } {
  const api = (
    globalThis as unknown as { WebAssembly: { Instance: new (module: object) => { exports: KernelExports } } }
  ).WebAssembly;
  const { Instance } = api;
  let exports: KernelExports | undefined;
  api.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      exports = this.exports;
    }
  };
  try {
    return { own: create(), exports: exports! };
  } finally {
    api.Instance = Instance;
  }
}

test('memory that another thread may write is read once', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(64));
  let reads = 0;
  const watched = new Proxy(Uint8Array.prototype.set, {
    apply(set, self, [source, ...rest]) {
      if (source.buffer === shared.buffer) reads++;
      return Reflect.apply(set, self, [source, ...rest]);
    },
  });
  const signer = createEd25519().signer(new Uint8Array(32).fill(7));
  const expected = signer.sign(new Uint8Array(64));
  vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(watched);
  try {
    expect(signer.sign(shared)).toEqual(expected);
    expect(signer.signMany([shared])).toEqual([expected]);
  } finally {
    vi.restoreAllMocks();
  }
  expect(reads).toBe(0); // copied by the constructor alone
});

test.each(['hello', [104, 101], { length: 2 }])('%o is no message and no seed', (value) => {
  const kernel = createEd25519();
  const octets = value as unknown as Uint8Array;
  expect(() => kernel.sign(octets, new Uint8Array(32))).toThrow(TypeError);
  expect(() => kernel.signMany([octets], new Uint8Array(32))).toThrow(TypeError);
  expect(() => kernel.sign(new Uint8Array(1), octets)).toThrow(TypeError);
});
