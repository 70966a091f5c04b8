import { i32, type Local, type ValueType } from './asm/expression.js';
import type { FunctionReference } from './asm/function-builder.js';
import type { ModuleBuilder } from './asm/module-builder.js';
import type { HashFunction, SecretMemory } from './rfc6979.js';
import { wordsToOctets } from './sha2/constants.js';

/** Nonces of random octets that stay secret and different even where the random octets are not. */
export interface HedgedNonce {
  /**
   * `(out, entropy, x, digest)`: {@link HEDGED_NONCE_LENGTH} octets for each lane, to be reduced modulo the order. Octet
   * strings of lane `i` stand `i` lengths behind those of lane 0; x is one for all.
   */
  readonly nonce: FunctionReference;
  readonly secrets: SecretMemory;
}

/** Octets of entropy. */
const ENTROPY_LENGTH = 32;

/** Octets of a nonce before it is reduced: 256 bits more than P-256 needs and 128 more than P-384, so no bias is left. */
export const HEDGED_NONCE_LENGTH = 64;

/**
 * Adds `hash(entropy || x || digest || 1)`, followed, where the hash has 32 octets, by the same with 2, to a module. To whoever
 * knows neither the private key x nor the entropy the result is random, and one digest gives one nonce at worst.
 * @param length - Octets of x and of a digest.
 */
export function hedgedNonce<T extends ValueType>(
  module: ModuleBuilder,
  name: string,
  { words, compress, initial, digestLength }: HashFunction<T>,
  length: number,
): HedgedNonce {
  const { size, stride, lanes } = words;
  const start = module.allocate(0);
  const blocks = module.allocate(32 * stride);
  const [state, digest] = [module.allocate(8 * stride), module.allocate(8 * stride)];
  const secrets = { address: start, length: module.top - start };
  const initialState = module.data(
    wordsToOctets(
      initial.flatMap((word) => Array<bigint>(lanes).fill(word)),
      size,
    ),
  );
  const counterAt = (ENTROPY_LENGTH + 2 * length) / size;

  const nonce = module.function(name, ['i32', 'i32', 'i32', 'i32'], [], (f, out, entropy, x, h) => {
    const store = (word: number, value: bigint) =>
      f.do(words.store(i32.const(blocks), word * stride, words.const(value)));
    const place = (octet: Local<'i32'>) => i32.mul(octet, i32.const(stride / size));
    const parts = [
      [entropy, ENTROPY_LENGTH, ENTROPY_LENGTH],
      [x, length, 0],
      [h, length, length],
    ] as const;
    let at = blocks;
    for (const [source, octets, distance] of parts) {
      f.forUp(f.local('i32'), i32.const(0), i32.const(octets), size, (octet) =>
        f.do(words.store(place(octet), at, words.gather(f, i32.add(source, octet), 0, distance))),
      );
      at += (octets / size) * stride;
    }
    for (let i = counterAt + 1; i < 31; i++) store(i, 0n);
    store(31, BigInt(8 * (counterAt * size + 1)));
    f.run(compress, i32.const(state), i32.const(initialState), i32.const(blocks));
    for (let part = 0; part < HEDGED_NONCE_LENGTH / digestLength; part++) {
      store(counterAt, BigInt(256 * (part + 1) + 0x80) << BigInt(8 * (size - 2)));
      f.run(compress, i32.const(digest), i32.const(state), i32.const(blocks + 16 * stride));
      f.forUp(f.local('i32'), i32.const(0), i32.const(digestLength), size, (octet) =>
        words.scatter(
          f,
          i32.add(out, octet),
          part * digestLength,
          HEDGED_NONCE_LENGTH,
          words.load(i32.add(place(octet), i32.const(digest))),
        ),
      );
    }
  });
  return { nonce, secrets };
}
