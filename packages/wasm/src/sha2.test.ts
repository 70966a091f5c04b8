import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPbkdf2 } from './pbkdf2.js';
import { scalarKernels as scalar } from './scalar.js';
import { createSha256 } from './sha256.js';
import { createSha384, createSha512 } from './sha512.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** Octets that no test could mistake for others: a linear congruence. */
function octets(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
}

const builds = [true, false].flatMap(
  (simd) =>
    [
      ['sha256', simd, createSha256({ simd, scalar })],
      ['sha384', simd, createSha384({ simd, scalar })],
      ['sha512', simd, createSha512({ simd, scalar })],
    ] as const,
);

/** FIPS 180-2 appendices B, C and D; the million a of B.3, C.3 and D.3. */
test.each([
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'sha256',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['sha256', 'a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ['sha384', 'abc', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'sha512',
    'abc',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  [
    'sha512',
    'a'.repeat(1_000_000),
    'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
  ],
])('%s of a standard message', (name, message, digest) => {
  for (const [of, , hash] of builds) if (of === name) expect(hex(hash.hash(text(message)))).toBe(digest);
});

describe.each(builds)('%s, SIMD %s', (name, _simd, hash) => {
  const expected = (data: Uint8Array) => createHash(name).update(data).digest('hex');

  test('every length to 300, and around the length of the input', () => {
    const lengths = [...Array(301).keys(), 4095, 4096, 8100, 8191, 8192, 8193, 8255, 16_384, 20_001];
    for (const length of lengths) {
      const data = octets(length, length + 1);
      expect(hex(hash.hash(data)), `${length} octets`).toBe(expected(data));
    }
  });

  test('many messages, in order', () => {
    for (const count of [0, 1, 3, 4, 5, 9, 64]) {
      const messages = Array.from({ length: count }, (_, i) => octets((i * 37) % 251, i));
      expect(hash.hashMany(messages).map(hex)).toEqual(messages.map(expected));
    }
    const edges = [1900, 1919, 1920, 1921, 3839, 3840, 3841, 4096, 9000];
    const messages = edges.flatMap((length) => [0, 1, 2, 3].map((i) => octets(length, length + i)));
    expect(hash.hashMany(messages).map(hex)).toEqual(messages.map(expected));
  });

  test('a message in pieces, others between', () => {
    const pieces = fc.array(fc.nat(700), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.nat(), (lengths, seed) => {
        const [one, other] = [hash.create(), hash.create()];
        let all = new Uint8Array();
        for (const [i, length] of lengths.entries()) {
          const piece = octets(length, seed + i);
          all = Uint8Array.from([...all, ...piece]);
          one.update(piece);
          other.update(octets(i));
          piece.fill(0xff);
          expect(hex(one.digest())).toBe(expected(all));
        }
        expect(hex(one.digest())).toBe(expected(all));
      }),
      { numRuns: 40, seed: 180 },
    );
    expect(hex(hash.create().update(octets(20_000)).update(octets(8192)).digest())).toBe(
      expected(Buffer.concat([octets(20_000), octets(8192)])),
    );
  });

  test('HMAC with keys of every length', () => {
    for (const keyLength of [0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 200, 8192, 9000])
      for (const length of [0, 1, 55, 56, 111, 112, 200, 8192, 9000]) {
        const [key, data] = [octets(keyLength, 3), octets(length, 4)];
        expect(hex(hash.hmac(key, data))).toBe(createHmac(name, key).update(data).digest('hex'));
      }
  });

  test('anything but octets is refused', () => {
    const wrong = 'abc' as unknown as Uint8Array;
    expect(() => hash.hash(wrong)).toThrow(new TypeError('Cannot use message: it is no Uint8Array'));
    expect(() => hash.hashMany([octets(1), wrong])).toThrow('message 1');
    expect(() => hash.hmac(wrong, octets(1))).toThrow('key');
    expect(() => hash.create().update(wrong)).toThrow(TypeError);
  });
});

test('messages above a length are the platform’s', () => {
  const seen: number[] = [];
  const bulk = (data: Uint8Array): Uint8Array => {
    seen.push(data.length);
    return createHash('sha256').update(data).digest();
  };
  createSha256({ bulk }).hashMany([octets(512), octets(513)]);
  createSha256({ bulk, bulkLength: 8192 }).hash(octets(8192));
  createSha256({ bulk, bulkLength: 0 }).hash(octets(1));
  expect(seen).toEqual([513, 1]);
});

describe.each([
  ['SHA-256', true],
  ['SHA-256', false],
  ['SHA-384', true],
  ['SHA-384', false],
  ['SHA-512', true],
  ['SHA-512', false],
] as const)('PBKDF2 with %s, SIMD %s', (hash, simd) => {
  const pbkdf2 = createPbkdf2(hash, { simd, scalar });
  const expected = (password: Uint8Array, salt: Uint8Array, iterations: number, length: number) =>
    pbkdf2Sync(password, salt, iterations, length, hash.replace('-', '')).toString('hex');

  test('keys as node:crypto derives them', async () => {
    const parameters = fc.tuple(
      fc.uint8Array({ maxLength: 150 }),
      fc.uint8Array({ maxLength: 150 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(parameters, async ([password, salt, iterations, length]) => {
        const key = expected(password, salt, iterations, length);
        expect(hex(pbkdf2.derive(password, salt, iterations, length))).toBe(key);
        expect(hex(await pbkdf2.deriveAsync(password, salt, iterations, length))).toBe(key);
      }),
      { numRuns: 60, seed: 8018 },
    );
  });

  test('slices of several at once', async () => {
    const [password, salt] = [text('password'), text('salt')];
    const progress: (readonly [number, number])[] = [];
    const keys = await Promise.all([
      pbkdf2.deriveAsync(password, salt, 3000, 100, { onProgress: (...state) => progress.push(state) }),
      pbkdf2.deriveAsync(salt, password, 2000, 20),
    ]);
    expect(keys.map(hex)).toEqual([expected(password, salt, 3000, 100), expected(salt, password, 2000, 20)]);
    expect(progress.length).toBeGreaterThan(2);
    const dones = progress.map(([done]) => done);
    expect(dones).toEqual([...dones].sort((a, b) => a - b));
    expect(new Set(progress.map(([, total]) => total))).toEqual(new Set([dones.at(-1)]));
  });

  test('an aborted derivation ends with the reason', async () => {
    const controller = new AbortController();
    const derivation = pbkdf2.deriveAsync(text('password'), text('salt'), 2 ** 31 - 1, 20, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(derivation).rejects.toThrow('enough');
    await expect(
      pbkdf2.deriveAsync(text('password'), text('salt'), 1, 20, { signal: controller.signal }),
    ).rejects.toThrow('enough');
  });

  test.each([
    ['no iteration', 0, 20, 'Cannot derive with 0 iterations: 1 to 2147483647 are possible'],
    ['half an iteration', 0.5, 20, 'Cannot derive with 0.5 iterations: 1 to 2147483647 are possible'],
    ['too many iterations', 2 ** 31, 20, 'Cannot derive with 2147483648 iterations: 1 to 2147483647 are possible'],
    ['no octet', 1, 0, 'Cannot derive with 0 octets: 1 to 1024 are possible'],
    ['too many octets', 1, 1025, 'Cannot derive with 1025 octets: 1 to 1024 are possible'],
  ])('%s', async (_, iterations, length, message) => {
    const refusal = expect.objectContaining({ code: 'ERR_WASM_LIMIT', message });
    expect(() => pbkdf2.derive(text('p'), text('s'), iterations, length)).toThrow(refusal);
    await expect(pbkdf2.deriveAsync(text('p'), text('s'), iterations, length)).rejects.toThrow(refusal);
  });
});

/** RFC 6070 with the hash of RFC 7914 §11. */
test('PBKDF2 of RFC 7914', () => {
  const key = createPbkdf2('SHA-256').derive(text('passwd'), text('salt'), 1, 64);
  expect(hex(key)).toBe(
    '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
  );
});
