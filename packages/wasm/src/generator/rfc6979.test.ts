import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ValueType } from './asm/expression.js';
import { ModuleBuilder } from './asm/module-builder.js';
import { HEDGED_NONCE_LENGTH, hedgedNonce } from './hedged-nonce.js';
import { instantiate } from './instance.js';
import { type HashFunction, rfc6979 } from './rfc6979.js';
import { compression, roundConstantTable } from './sha2/compression.js';
import { SHA256_INITIAL, SHA384_INITIAL, SHA512_INITIAL } from './sha2/constants.js';
import { type Words, words32, words32x4, words64, words64x2 } from './sha2/words.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const X = 2048;
const H = 2112;
const DATA = 2560;
const OUT = 3072;

/** RFC 6979 §3.2 and §3.6 as it is written: the candidates for k in turn. */
function* candidates(hash: string, x: Uint8Array, h: Uint8Array, data: Uint8Array): Generator<Buffer> {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) => createHmac(hash, key).update(Buffer.concat(parts)).digest();
  let v: Uint8Array = new Uint8Array(x.length).fill(1);
  let k: Uint8Array = new Uint8Array(x.length);
  for (const octet of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(octet), x, h, data);
    v = hmac(k, v);
  }
  for (;;) {
    const next = hmac(k, v);
    v = next;
    yield next;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

const take = (count: number, from: Iterator<Buffer>): string[] =>
  Array.from({ length: count }, () => (from.next().value as Buffer).toString('hex'));

function setUp<T extends ValueType>(words: Words<T>, initial: readonly bigint[], digestLength: number, length: number) {
  const module = new ModuleBuilder();
  module.allocate(8192);
  const compress = compression(module, 'compress', words, roundConstantTable(module, words.size));
  const hash: HashFunction<T> = { words, compress, initial, digestLength };
  const full = words.size === 4 ? hash : { ...hash, initial: SHA512_INITIAL, digestLength: 64 };
  const { secrets, ...drbg } = rfc6979(module, 'drbg', hash);
  const hedged = hedgedNonce(module, 'hedged', full, length);
  for (const defined of [...Object.values(drbg), hedged.nonce]) if (defined !== undefined) module.export(defined);
  const { functions, memory } = instantiate(module.finish());
  const read = (address: number, size: number) => Buffer.from(memory.subarray(address, address + size)).toString('hex');
  return { functions, memory, read, secrets: [secrets, hedged.secrets] };
}

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe.each([
  ['sha256', 32, setUp(words32, SHA256_INITIAL, 32, 32), 1],
  ['sha256', 32, setUp(words32x4, SHA256_INITIAL, 32, 32), 4],
  ['sha384', 48, setUp(words64, SHA384_INITIAL, 48, 48), 1],
  ['sha384', 48, setUp(words64x2, SHA384_INITIAL, 48, 48), 2],
])('%s, x of %i octets', (hash, length, { functions, memory, read, secrets }, lanes) => {
  const none = new Uint8Array();
  const inputs = fc.tuple(octets(length), octets(lanes * length), octets(lanes * 32));
  const eachLane = (whole: Uint8Array, size: number) =>
    Array.from({ length: lanes }, (_, i) => whole.subarray(i * size, (i + 1) * size));

  test(`nonces of ${lanes} lanes`, () => {
    fc.assert(
      fc.property(inputs, octets(lanes * length), ([x, h], again) => {
        memory.set(x, X);
        functions['drbgSetKey']!(X);
        for (const digests of [h, again]) {
          memory.set(digests, H);
          functions['drbgNonce']!(OUT, H);
          const expected = eachLane(digests, length).flatMap((each) => take(1, candidates(hash, x, each, none)));
          expect(read(OUT, lanes * length)).toBe(expected.join(''));
        }
      }),
      { numRuns: 50, seed: 6979 },
    );
  });

  if (lanes === 1)
    test('candidates in turn, with additional data and without', () => {
      fc.assert(
        fc.property(inputs, fc.boolean(), ([x, h, data], withData) => {
          memory.set(x, X);
          memory.set(h, H);
          memory.set(data, DATA);
          functions['drbgSetKey']!(X);
          if (withData) functions['drbgNonceWithData']!(OUT, H, DATA);
          else functions['drbgNonce']!(OUT, H);
          const got = [read(OUT, length)];
          for (let i = 0; i < 3; i++) {
            functions['drbgRetry']!(OUT);
            got.push(read(OUT, length));
          }
          expect(got).toEqual(take(4, candidates(hash, x, h, withData ? data : none)));
        }),
        { numRuns: 50, seed: 6979 },
      );
    });

  test(`hedged nonces of ${lanes} lanes`, () => {
    fc.assert(
      fc.property(inputs, ([x, h, entropy]) => {
        memory.set(x, X);
        memory.set(h, H);
        memory.set(entropy, DATA);
        functions['hedged']!(OUT, DATA, X, H);
        const digests = eachLane(h, length);
        const expected = eachLane(entropy, 32).map((each, lane) =>
          Buffer.concat(
            [1, 2].map((counter) =>
              createHash(length === 32 ? 'sha256' : 'sha512')
                .update(Buffer.concat([each, x, digests[lane]!, Uint8Array.of(counter)]))
                .digest(),
            ),
          )
            .subarray(0, HEDGED_NONCE_LENGTH)
            .toString('hex'),
        );
        expect(read(OUT, lanes * HEDGED_NONCE_LENGTH)).toBe(expected.join(''));
      }),
      { numRuns: 50, seed: 6979 },
    );
  });

  test('secrets stay where they are said to be', () => {
    const canary = hex('c0ffee5ec4e7da7a'.repeat(length / 8));
    memory.set(canary, X);
    memory.fill(0x22, H, H + 32 * lanes);
    functions['drbgSetKey']!(X);
    functions['drbgNonce']!(OUT, H);
    functions['hedged']!(OUT, DATA, X, H);
    const before = Buffer.from(memory);
    for (const { address, length: size } of secrets) memory.fill(0, address, address + size);
    memory.fill(0, X, X + length);
    memory.fill(0, OUT, OUT + 64 * lanes);
    // One octet late in messages, words in the machine's order, each in every lane.
    const fragments = ['c0ffee', 'eeffc0', '5ec4e7', 'e7c45e'];
    const found = (where: Buffer) => fragments.filter((each) => where.includes(Buffer.from(each, 'hex')));
    expect(found(before)).toEqual(fragments);
    expect(found(Buffer.from(memory))).toEqual([]);
  });
});

/** RFC 6979 §A.2.5, §A.2.6. */
test.each([
  [
    'P-256, "sample"',
    'sha256',
    'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
    'sample',
    'A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60',
  ],
  [
    'P-256, "test"',
    'sha256',
    'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
    'test',
    'D16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0',
  ],
  [
    'P-384, "sample"',
    'sha384',
    '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5',
    'sample',
    '94ED910D1A099DAD3254E9242AE85ABDE4BA15168EAF0CA87A555FD56D10FBCA2907E3E83BA95368623B8C4686915CF9',
  ],
  [
    'P-384, "test"',
    'sha384',
    '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5',
    'test',
    '015EE46A5BF88773ED9123A5AB0807962D193719503C527B031B4C2D225092ADA71F4A459BC0DA98ADB95837DB8312EA',
  ],
])('%s', (_, hash, x, message, k) => {
  const length = x.length / 2;
  const { functions, memory, read } =
    length === 32 ? setUp(words32, SHA256_INITIAL, 32, 32) : setUp(words64, SHA384_INITIAL, 48, 48);
  memory.set(hex(x), X);
  memory.set(createHash(hash).update(message).digest(), H);
  functions['drbgSetKey']!(X);
  functions['drbgNonce']!(OUT, H);
  expect(read(OUT, length)).toBe(k.toLowerCase());
});
