import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantiate } from './instance.js';
import { rsaKernel } from './rsa.js';

const littleEndian = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')).reverse();

const value = (octets: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(Uint8Array.from(octets).reverse()).toString('hex')}`);

const { functions, memory } = instantiate(rsaKernel());
const at = functions['octets']!();
const room = functions['key']!() - at;

/** base^(2 (e + 1) + 1) mod n in the kernel, e in {0, 1}. */
function power(base: bigint, multiply: boolean, n: bigint): bigint {
  const bits = n.toString(2).length;
  const octets = Math.ceil(bits / 8);
  const limbs = 4 * Math.ceil((Math.ceil((bits + 2) / 27) - 1) / 4) + 1;
  const put = (number: bigint): void => {
    memory.fill(0, at, at + room);
    memory.set(littleEndian(number, octets), at);
  };
  put(n);
  functions['prepare']!(limbs, Math.floor((bits - 1) / 27));
  put(base);
  functions['begin']!(limbs);
  if (multiply) functions['multiply']!(limbs);
  functions['square']!(limbs);
  functions['finish']!(limbs);
  expect(memory[at + octets]).toBe(0);
  return value(memory.subarray(at, at + octets));
}

/** The limbs of numbers like these are as large as limbs get, or as small: the columns' bound is met at 8192 bits. */
const shapes = {
  ones: (bits: bigint) => 2n ** bits - 1n,
  zeros: (bits: bigint) => 2n ** (bits - 1n) + 1n,
  alternating: (bits: bigint) => ((2n ** bits - 1n) / 3n) | (1n << (bits - 1n)) | 1n,
};

const lengths = fc.oneof(fc.integer({ min: 2048, max: 8192 }), fc.constantFrom(2048, 3072, 4096, 8191, 8192));
const numbers = (bits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
    fc.constantFrom(0n, 1n, 2n, ...Object.values(shapes).map((shape) => shape(BigInt(bits)))),
  );

test('powers as BigInt has them', () => {
  const inputs = lengths.chain((bits) =>
    fc.tuple(fc.constant(BigInt(bits)), numbers(bits), numbers(bits), fc.boolean()),
  );
  fc.assert(
    fc.property(inputs, ([bits, random, base, multiply]) => {
      const n = (random % 2n ** (bits - 1n)) | (1n << (bits - 1n)) | 1n;
      for (const x of [base % n, n - 1n]) {
        const square = multiply ? x ** 4n : x ** 2n;
        expect(power(x, multiply, n)).toBe((square * x) % n);
      }
    }),
    { numRuns: 60, seed: 8017 },
  );
});

test.each(Object.entries(shapes))('the longest modulus of %s', (_, shape) => {
  const n = shape(8192n);
  expect(power(n - 1n, true, n)).toBe(n - 1n); // (-1)^5
  expect(power(n - 2n, false, n)).toBe(n - 8n);
});
