import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { RandomBytes } from '@mayfly/keys/backend';
import { generateKey, softwareKey, verifyWith } from '@mayfly/keys/software';
import { p256 as nobleP256, p384 as nobleP384 } from '@noble/curves/nist.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { initWasmBackend, WasmError, wasmBackend } from './index.js';
import { createP256, initP256 } from './p256.js';
import { scalarKernels } from './scalar.js';

afterEach(() => vi.unstubAllGlobals());

const asItComes = { prehash: false, lowS: false } as const;
const octets = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31 + 1) & 0xff);
const messages = Array.from({ length: 70 }, (_, i) => octets(100 + i, i));

describe.each([
  ['with SIMD', {}],
  ['without SIMD', { simd: false, scalar: scalarKernels }],
])('the backend %s', (_, options) => {
  const backend = wasmBackend(options);

  test.each(['P-256', 'P-384', 'Ed25519'] as const)('%s: batches that node:crypto accepts', (algorithm) => {
    const key = generateKey(algorithm, backend);
    const publicKey = createPublicKey({ key: Buffer.from(key.subjectPublicKeyInfo), format: 'der', type: 'spki' });
    const hash = algorithm === 'Ed25519' ? null : algorithm === 'P-256' ? 'sha256' : 'sha384';
    const signatures = key.signMany!(messages);
    for (const [i, message] of messages.entries()) {
      expect(verify(hash, message, publicKey, signatures[i]!)).toBe(true);
      expect(signatures[i]).toEqual(key.sign(message)); // deterministic, alone or not
    }
  });

  test.each(['prime256v1', 'secp384r1', 'ed25519'])('%s: signatures that node:crypto made', (curve) => {
    const { privateKey, publicKey } =
      curve === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: curve });
    const hash = curve === 'ed25519' ? null : curve === 'prime256v1' ? 'sha256' : 'sha384';
    const { signatureAlgorithm, subjectPublicKeyInfo } = softwareKey(
      new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
      backend,
    );
    expect(Buffer.from(subjectPublicKeyInfo)).toEqual(publicKey.export({ format: 'der', type: 'spki' }));
    const check = verifyWith(backend);
    // Often enough for tables.
    for (const message of messages) {
      const signatureValue = new Uint8Array(sign(hash, message, privateKey));
      expect(check({ tbs: message, signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(true);
      expect(check({ tbs: octets(9, 9), signatureAlgorithm, signatureValue }, subjectPublicKeyInfo)).toBe(false);
    }
  });

  test('hashes are the platform’s', () => {
    for (const message of messages) {
      expect(Buffer.from(backend.sha256(message))).toEqual(createHash('sha256').update(message).digest());
      expect(Buffer.from(backend.sha384(message))).toEqual(createHash('sha384').update(message).digest());
      expect(Buffer.from(backend.sha512(message))).toEqual(createHash('sha512').update(message).digest());
    }
    expect(backend.sha256Many(messages)).toEqual(messages.map((message) => backend.sha256(message)));
  });

  test.each([
    ['P-256', 32, nobleP256, () => backend.p256],
    ['P-384', 48, nobleP384, () => backend.p384],
  ] as const)('%s: points in either form, additional data', (_name, length, noble, kernel) => {
    const secretKey = octets(length, 5);
    const compressed = noble.getPublicKey(secretKey, true);
    const point = kernel().getPublicKey(secretKey);
    expect(point).toEqual(noble.getPublicKey(secretKey, false));
    expect(kernel().compress(point)).toEqual(compressed);
    expect(kernel().decompress(compressed)).toEqual(point);
    const [digest, extraEntropy] = [octets(length, 6), octets(32, 7)];
    const expected = noble.sign(digest, secretKey, { ...asItComes, extraEntropy });
    expect(kernel().signWithAdditionalData(digest, secretKey, extraEntropy)).toEqual(expected);
    const hedged = kernel().sign(digest, secretKey, extraEntropy);
    expect(noble.verify(hedged, digest, compressed, asItComes)).toBe(true);
    expect(kernel().signMany(Array(20).fill(digest), secretKey, new Uint8Array(640).fill(7))[19]).toEqual(
      kernel().sign(digest, secretKey, new Uint8Array(32).fill(7)),
    );
  });

  test('keys made in batches are keys', () => {
    let draws = 0;
    const drawn = (length: number) => octets(length, ++draws);
    for (const { secretKey, publicKey } of backend.p256.generateMany(41, drawn))
      expect(publicKey).toEqual(nobleP256.getPublicKey(secretKey, false));
  });
});

test('compiled beforehand it is the same', async () => {
  const [secretKey, digest] = [octets(32, 1), octets(32, 2)];
  const expected = nobleP256.sign(digest, secretKey, asItComes);
  expect((await initWasmBackend()).p256.sign(digest, secretKey)).toEqual(expected);
  expect((await initP256({ simd: false })).sign(digest, secretKey)).toEqual(expected);
});

describe('octets are read', () => {
  const native = Uint8Array as unknown as { fromHex?: (text: string) => Uint8Array };
  const platform = native.fromHex;
  afterEach(() => {
    if (platform === undefined) delete native.fromHex;
    else native.fromHex = platform;
  });

  test.each([
    ['by the language', () => (native.fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex')))],
    ['by Node', () => delete native.fromHex],
    ['by this package', () => [delete native.fromHex, vi.stubGlobal('Buffer', undefined)]],
  ])('%s', (_, arrange) => {
    const expected = nobleP256.sign(octets(32, 2), octets(32, 1), asItComes);
    arrange();
    expect(createP256().sign(octets(32, 2), octets(32, 1))).toEqual(expected);
  });
});

test('without SIMD, and without the builds for that, a kernel does not start, and says what it wants', () => {
  const unavailable = expect.objectContaining({ code: 'ERR_WASM_UNAVAILABLE' });
  expect(() => createP256({ simd: false })).toThrow(unavailable);
  const { validate: _, ...others } = Object.getOwnPropertyDescriptors(Reflect.get(globalThis, 'WebAssembly'));
  vi.stubGlobal('WebAssembly', Object.defineProperties({ validate: () => false }, others));
  expect(() => createP256()).toThrow(unavailable);
  expect(() => createP256()).toThrow('@mayfly/wasm/scalar');
  expect(createP256({ scalar: scalarKernels }).getPublicKey(octets(32, 1))).toHaveLength(65);
});

describe('what is refused', () => {
  const kernel = createP256({ tables: 1 });
  const [secretKey, digest] = [octets(32, 1), octets(32, 2)];
  const point = kernel.getPublicKey(secretKey);
  const order = Uint8Array.from(Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'));
  const changed = Uint8Array.from(point);
  changed[40]! ^= 1;

  test.each([
    ['a short private key', () => kernel.sign(digest, secretKey.subarray(1)), 'ERR_WASM_LENGTH'],
    ['a private key of zero', () => kernel.sign(digest, new Uint8Array(32)), 'ERR_WASM_SECRET_KEY'],
    ['a private key that is the order', () => kernel.signMany(Array(20).fill(digest), order), 'ERR_WASM_SECRET_KEY'],
    ['the public key of such a key', () => kernel.getPublicKey(order), 'ERR_WASM_SECRET_KEY'],
    ['entropy of another length', () => kernel.sign(digest, secretKey, new Uint8Array(31)), 'ERR_WASM_LENGTH'],
    ['a point off the curve', () => kernel.verifier(changed), 'ERR_WASM_PUBLIC_KEY'],
    ['infinity', () => kernel.verify(new Uint8Array(64), digest, Uint8Array.of(0)), 'ERR_WASM_PUBLIC_KEY'],
    ['a hybrid point', () => kernel.decompress(Uint8Array.from([6, ...point.subarray(1)])), 'ERR_WASM_PUBLIC_KEY'],
    [
      'an x without a point',
      () => kernel.decompress(Uint8Array.from([2, ...new Uint8Array(31), 4])),
      'ERR_WASM_PUBLIC_KEY',
    ],
    [
      'an x above the modulus',
      () => kernel.decompress(new Uint8Array(33).fill(255).fill(2, 0, 1)),
      'ERR_WASM_PUBLIC_KEY',
    ],
  ])('%s', (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ name: 'WasmError', code }));
    // and nothing is left behind that disturbs what comes next
    expect(kernel.sign(digest, secretKey)).toEqual(nobleP256.sign(digest, secretKey, asItComes));
  });

  test('a number of tables out of range', () => {
    for (const tables of [0, 101, 1.5]) expect(() => createP256({ tables })).toThrow(RangeError);
  });

  test('random octets that are none', () => {
    expect(() => kernel.generateKeyPair((length) => new Uint8Array(length))).toThrow('randomBytes is not random');
    for (const generate of [kernel.generateKeyPair, (draw: RandomBytes) => kernel.generateMany(20, draw)]) {
      // A view of what the caller keeps would change with it.
      expect(() => generate((length) => new ArrayBuffer(length) as never)).toThrow(
        new TypeError('Cannot use random octets: it is no Uint8Array'),
      );
      expect(() => generate((length) => new Uint8Array(length - 1))).toThrow(
        /^Cannot use random octets on p256: \d+ octets/,
      );
    }
  });

  test('signatures of another length, and r and s out of range, are false', () => {
    const signature = kernel.sign(digest, secretKey);
    for (const wrong of [
      signature.subarray(1),
      new Uint8Array(64),
      Uint8Array.from([...order, ...signature.subarray(32)]),
    ])
      expect(kernel.verify(wrong, digest, point)).toBe(false);
  });

  test('a runtime without WebAssembly, and one that refuses the kernel', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(() => wasmBackend()).toThrow(expect.objectContaining({ code: 'ERR_WASM_UNAVAILABLE' }));
    vi.stubGlobal('WebAssembly', {
      validate: () => true,
      Module: class {
        constructor() {
          throw new Error('Wasm code generation disallowed by embedder');
        }
      },
    });
    expect(() => createP256()).toThrow(expect.objectContaining({ code: 'ERR_WASM_COMPILE' }));
    expect(() => createP256()).toThrow(WasmError);
  });
});

test('more keys than tables are verified all the same', () => {
  const kernel = createP256({ tables: 2 });
  const signers = [1, 2, 3, 4].map((seed) => {
    const secretKey = octets(32, seed);
    const digest = octets(32, seed + 100);
    return {
      verify: kernel.verifier(kernel.getPublicKey(secretKey)),
      signature: kernel.sign(digest, secretKey),
      digest,
    };
  });
  for (let round = 0; round < 40; round++)
    for (const { verify: check, signature, digest } of signers) {
      expect(check(signature, digest)).toBe(true);
      expect(check(signature, octets(32, 77))).toBe(false);
    }
});
