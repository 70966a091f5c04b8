import { i32, i64, zero } from '../asm/expression.js';
import type { FunctionReference } from '../asm/function-builder.js';
import { compression, roundConstantTable } from '../sha2/compression.js';
import { SHA512_INITIAL } from '../sha2/constants.js';
import { vectorScheduleCompression } from '../sha2/vector-schedule.js';
import { words64, words64x2 } from '../sha2/words.js';
import { type Context, forEachAddress } from './curve.js';

/** SHA-512 (FIPS 180-4 §6.4) of octets in memory. */
export interface HashFunctions {
  readonly start: FunctionReference;
  /** `(from, blocks)`: hashes whole blocks of 128 octets, at least one. */
  readonly absorb: FunctionReference;
  /** `(from, length, total)`: hashes the last octets, of `total` as unsigned, and overwrites what is behind them. */
  readonly finish: FunctionReference;
  /** Address of the 64 octets that `finish` leaves. */
  readonly digest: number;
}

const BLOCK = 128;

export function hashFunctions({ module, scratch, pairs }: Context): HashFunctions {
  const table = roundConstantTable(module, 8);
  const [state, block, digest] = [scratch.allocate(64), scratch.allocate(BLOCK), scratch.allocate(64)];
  const compressOctets = pairs.simd
    ? vectorScheduleCompression(module, 'sha512', words64, words64x2, table, { octets: true })
    : undefined;
  const compress = compressOctets ?? compression(module, 'sha512', words64, table);

  const start = module.exported('start', [], [], (f) => {
    for (const [i, word] of SHA512_INITIAL.entries()) f.do(i64.store(i32.const(state), 8 * i, i64.const(word)));
  });

  const absorb = module.exported('absorb', ['i32', 'i32'], [], (f, from, blocks) => {
    const address = f.local('i32');
    f.forUp(address, from, i32.add(from, i32.mul(blocks, i32.const(BLOCK))), BLOCK, () => {
      if (compressOctets === undefined)
        for (let i = 0; i < 16; i++) f.do(i64.store(i32.const(block), 8 * i, words64.gather(f, address, 8 * i, 0)));
      const words = compressOctets === undefined ? i32.const(block) : address;
      f.run(compress, i32.const(state), i32.const(state), words);
    });
  });

  const finish = module.exported('finish', ['i32', 'i32', 'i32'], [], (f, from, length, total) => {
    const blocks = f.let(i32.shrU(i32.add(length, i32.const(1 + 16 + BLOCK - 1)), 7)); // 1 octet 0x80, 16 of the length
    const end = f.let(i32.add(from, i32.mul(blocks, i32.const(BLOCK))));
    const last = f.let(i32.add(from, length));
    const word = f.local('i32');
    f.do(i32.store8(last, 0, i32.const(0x80)));
    f.set(last, i32.add(last, i32.const(1)));
    f.do(zero(last, i32.sub(end, last)));
    words64.scatter(f, i32.sub(end, i32.const(8)), 0, 0, i64.shl(i64.extendU(total), 3));
    f.run(absorb, from, blocks);
    f.set(word, i32.const(digest));
    forEachAddress(f, state, 8, 8, (address) => {
      words64.scatter(f, word, 0, 0, i64.load(address));
      f.set(word, i32.add(word, i32.const(8)));
    });
  });
  return { start, absorb, finish, digest };
}
