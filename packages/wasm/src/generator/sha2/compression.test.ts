import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { i32 } from '../asm/expression.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { type Instance, instantiate } from '../instance.js';
import { compression, roundConstantTable } from './compression.js';
import { roundConstants, SHA256_INITIAL, SHA384_INITIAL, SHA512_INITIAL } from './constants.js';
import { vectorScheduleCompression } from './vector-schedule.js';
import { type Words, words32, words32x4, words64, words64x2 } from './words.js';

/** Values as FIPS 180-4 prints them. */
test('constants come out of the primes', () => {
  const hex = (words: readonly bigint[]) => words.map((word) => word.toString(16));
  expect(hex(roundConstants(4).slice(0, 2))).toEqual(['428a2f98', '71374491']);
  expect(roundConstants(4)).toHaveLength(64);
  expect(hex(roundConstants(4).slice(-1))).toEqual(['c67178f2']);
  expect(hex(roundConstants(8).slice(0, 2))).toEqual(['428a2f98d728ae22', '7137449123ef65cd']);
  expect(roundConstants(8)).toHaveLength(80);
  expect(hex(roundConstants(8).slice(-1))).toEqual(['6c44198c4a475817']);
  expect(hex([SHA256_INITIAL[0]!, SHA256_INITIAL[7]!])).toEqual(['6a09e667', '5be0cd19']);
  expect(hex([SHA384_INITIAL[0]!, SHA384_INITIAL[7]!])).toEqual(['cbbb9d5dc1059ed8', '47b5481dbefa4fa4']);
  expect(hex([SHA512_INITIAL[0]!, SHA512_INITIAL[7]!])).toEqual(['6a09e667f3bcc908', '5be0cd19137e2179']);
});

const STATE = 2048;
const BLOCKS = 4096;
const DIGESTS = 8192;

/** A module that hashes one block of each lane from octets, and gives octets. */
function build(words: Words, initial: readonly bigint[], several?: Words<'v128'>): Instance {
  const module = new ModuleBuilder();
  module.allocate(DIGESTS + 1024);
  const table = roundConstantTable(module, words.size);
  const compress =
    several === undefined
      ? compression(module, 'compress', words, table)
      : vectorScheduleCompression(module, 'compress', words, several, table);
  const block = module.allocate(16 * words.stride);
  module.exported('hash', [], [], (f) => {
    for (let i = 0; i < 16; i++)
      f.do(
        words.store(
          i32.const(block),
          i * words.stride,
          words.gather(f, i32.const(BLOCKS), i * words.size, 16 * words.size),
        ),
      );
    for (const [i, word] of initial.entries()) f.do(words.store(i32.const(STATE), i * words.stride, words.const(word)));
    f.run(compress, i32.const(STATE), i32.const(STATE), i32.const(block));
    for (let i = 0; i < 8; i++)
      words.scatter(
        f,
        i32.const(DIGESTS),
        i * words.size,
        8 * words.size,
        words.load(i32.const(STATE), i * words.stride),
      );
  });
  return instantiate(module.finish());
}

describe.each([
  ['sha256', words32 as unknown as Words, SHA256_INITIAL],
  ['sha256 with a schedule in vectors', words32 as unknown as Words, SHA256_INITIAL, words32x4],
  ['sha256', words32x4 as unknown as Words, SHA256_INITIAL],
  ['sha384', words64 as unknown as Words, SHA384_INITIAL],
  ['sha384', words64x2 as unknown as Words, SHA384_INITIAL],
  ['sha512', words64 as unknown as Words, SHA512_INITIAL],
  ['sha512 with a schedule in vectors', words64 as unknown as Words, SHA512_INITIAL, words64x2],
  ['sha512', words64x2 as unknown as Words, SHA512_INITIAL],
])('%s', (name, words, initial, several?: Words<'v128'>) => {
  const [algorithm] = name.split(' ');
  test(`one block in each of ${words.lanes} lanes`, () => {
    const { functions, memory } = build(words, initial, several);
    const blockLength = 16 * words.size;
    const lengthAt = blockLength - 2;
    for (let length = 0; length < 14 * words.size - words.size; length++) {
      const messages = Array.from({ length: words.lanes }, (_, lane) =>
        Uint8Array.from({ length }, (_, i) => i * 7 + length + 91 * lane),
      );
      for (const [lane, message] of messages.entries()) {
        const block = new Uint8Array(blockLength);
        block.set(message);
        block[length] = 0x80;
        block.set([(8 * length) >> 8, 8 * length], lengthAt);
        memory.set(block, BLOCKS + lane * blockLength);
      }
      functions['hash']!();
      for (const [lane, message] of messages.entries()) {
        const digest = createHash(algorithm!).update(message).digest();
        const at = DIGESTS + lane * 8 * words.size;
        expect(Buffer.from(memory.subarray(at, at + digest.length))).toEqual(digest);
      }
    }
  });
});
