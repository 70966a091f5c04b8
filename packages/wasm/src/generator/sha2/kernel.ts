import { type I32, i32, i64, type ValueType } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { type Module, ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { compression, roundConstantTable } from './compression.js';
import { SHA256_INITIAL, SHA384_INITIAL, SHA512_INITIAL } from './constants.js';
import { vectorScheduleCompression } from './vector-schedule.js';
import { type Words, words32, words32x4, words64, words64x2 } from './words.js';

/** Octets that the input takes, all lanes together. */
const INPUT_LENGTH = 8192;

/** One hash function of a family: they differ in H(0) and in how much of the last state is the digest. */
interface Variant {
  readonly bits: 256 | 384 | 512;
  readonly initial: readonly bigint[];
}

/** The kernel of SHA-256. */
export const sha256Kernel = ({ simd }: { readonly simd: boolean }): Module =>
  sha2Kernel(words32, simd ? words32x4 : undefined, simd ? words32x4 : undefined, [
    { bits: 256, initial: SHA256_INITIAL },
  ]);

/** The kernel of SHA-384 and SHA-512. Two messages side by side take as long as one after the other: measured. */
export const sha512Kernel = ({ simd }: { readonly simd: boolean }): Module =>
  sha2Kernel(words64, simd ? words64x2 : undefined, undefined, [
    { bits: 384, initial: SHA384_INITIAL },
    { bits: 512, initial: SHA512_INITIAL },
  ]);

/**
 * Hash, HMAC (RFC 2104) and the iterations of PBKDF2 (RFC 8018 §5.2). Octets come in at `input` and leave at `output`;
 * what has been read of the input is zero afterwards. Exports, those with `{bits}` once for each hash function:
 *
 * - `input`, `output`, `state`, `derivation`: addresses; `inputLength`, `derivationLength`: octets there; `lanes`.
 * - `hash{bits}(length)`: the digest of the input.
 * - `begin{bits}()`, `update(blocks)`, `finish(length, high, low)`: the same in parts; high and low are the bits of it all.
 * - `pad(address, length, high, low)`: pads a message in place; returns its blocks.
 * - `hashLanes{bits}(blocks)`: digests of padded messages, each at its share of the input.
 * - `setKey{bits}(length)`: a key of at most one block. `beginKeyed()`, `update`, `finishKeyed{bits}(length, high, low)`: HMAC.
 * - `setLane(lane)`: makes the digest U_1 of a lane; `iterate{bits}(count)`: U and T of the one lane,
 *   `iterateLanes{bits}(count)` of all; `getOne()`, `getLane(lane)`: T. What is kept between them is at `derivation`.
 * - `wipe()`: zeroes all but the input, which is zero then, and constants.
 */
function sha2Kernel<T extends ValueType>(
  one: Words<T>,
  vectors: Words<'v128'> | undefined,
  several: Words<'v128'> | undefined,
  variants: readonly Variant[],
): Module {
  const module = new ModuleBuilder();
  const { size } = one;
  const blockLength = 16 * size;
  const blockBits = Math.log2(blockLength);
  // Padding may reach past the end of the input by two blocks.
  const input = module.allocate(INPUT_LENGTH + 2 * blockLength);
  const start = module.allocate(0);
  const [output, state, block] = [module.allocate(256), module.allocate(8 * size), module.allocate(blockLength)];
  const lanesBlock = module.allocate(256);
  const lanesState = module.allocate(128);
  const derivation = module.allocate(0);
  const keyed = derivationMemory(module, one);
  const lanesKeyed = several && derivationMemory(module, several);
  const derivationLength = module.top - derivation;
  const secretLength = module.top - start;

  const table = roundConstantTable(module, size);
  const compress = vectors
    ? vectorScheduleCompression(module, 'compress', one, vectors, table)
    : compression(module, 'compress', one, table);
  const compressLanes = several && compression(module, 'compressLanes', several, table);

  const sizes = { inputLength: INPUT_LENGTH, derivationLength, lanes: several?.lanes ?? 1 };
  for (const [name, value] of Object.entries({ input, output, state, derivation, ...sizes }))
    module.exported(name, [], ['i32'], (f) => f.result(i32.const(value)));

  const moves = blockMoves(module, one, vectors);
  const pad = module.exported('pad', ['i32', 'i32', 'i32', 'i32'], ['i32'], (f, address, length, high, low) => {
    const end = f.let(i32.add(address, length));
    for (let at = 0; at < blockLength + 2 * size; at += 8) f.do(i64.store(end, at, i64.const(0)));
    f.do(i32.store8(end, 0, i32.const(0x80)));
    const blocks = f.let(i32.shrU(i32.add(length, i32.const(blockLength + 2 * size)), blockBits));
    const last = f.let(i32.add(address, i32.shl(blocks, blockBits)));
    words32.scatter(f, i32.sub(last, i32.const(8)), 0, 0, high);
    words32.scatter(f, i32.sub(last, i32.const(4)), 0, 0, low);
    f.result(blocks);
  });
  const compressOctets =
    vectors && vectorScheduleCompression(module, 'compressOctets', one, vectors, table, { octets: true });
  const update = module.exported('update', ['i32'], [], (f, blocks) => {
    const address = f.local('i32');
    const end = f.let(i32.add(i32.const(input), i32.shl(blocks, blockBits)));
    f.forUp(address, i32.const(input), end, blockLength, () => {
      if (compressOctets !== undefined) f.run(compressOctets, i32.const(state), i32.const(state), address);
      else {
        f.run(moves.swap, i32.const(block), address);
        f.run(compress, i32.const(state), i32.const(state), i32.const(block));
      }
      f.run(moves.zero, address);
    });
    if (compressOctets === undefined) f.run(moves.zero, i32.const(block));
  });
  const giveDigest = module.function('giveDigest', [], [], (f) => {
    moves.emitSwap(f, i32.const(output), i32.const(state), 8);
  });
  const finish = module.exported('finish', ['i32', 'i32', 'i32'], [], (f, length, high, low) => {
    f.run(update, f.call(pad, i32.const(input), length, high, low));
    f.run(giveDigest);
  });

  /** Takes the states behind both pads from H(0) in `state` and the key at the input. */
  const padKey = module.function('padKey', ['i32'], [], (f, length) => {
    f.run(moves.zero, i32.add(i32.const(input), length));
    for (const [target, octet] of [
      [keyed.innerState, 0x36],
      [keyed.outerState, 0x5c],
    ] as const) {
      f.run(moves.swap, i32.const(block), i32.const(input));
      for (let i = 0; i < 16; i++) {
        const word = one.load(i32.const(block), i * size);
        f.do(one.store(i32.const(block), i * size, one.xor(word, one.const(repeated(octet, size)))));
      }
      f.run(compress, i32.const(target), i32.const(state), i32.const(block));
    }
    for (const address of [input, block]) f.run(moves.zero, i32.const(address));
    if (several === undefined || lanesKeyed === undefined) return;
    for (const part of ['innerState', 'outerState'] as const)
      for (let i = 0; i < 8; i++)
        f.do(several.store(i32.const(lanesKeyed[part]), 16 * i, several.loadSplat(i32.const(keyed[part]), i * size)));
  });
  module.exported('beginKeyed', [], [], (f) => {
    for (let i = 0; i < 8; i++)
      f.do(one.store(i32.const(state), i * size, one.load(i32.const(keyed.innerState), i * size)));
  });
  module.exported('setLane', ['i32'], [], (f, lane) => {
    const targets: (readonly [I32, number])[] = [keyed.u, keyed.t].map((address) => [i32.const(address), size]);
    if (lanesKeyed !== undefined) {
      const offset = f.let(i32.mul(lane, i32.const(size)));
      for (const address of [lanesKeyed.u, lanesKeyed.t]) targets.push([i32.add(offset, i32.const(address)), 16]);
    }
    for (const [target, stride] of targets)
      for (let i = 0; i < 8; i++) f.do(one.store(target, i * stride, one.load(i32.const(state), i * size)));
  });
  const getFrom = (name: string, address: (lane: I32) => I32, stride: number): void => {
    module.exported(name, ['i32'], [], (f, lane) => {
      for (let i = 0; i < 8; i++) f.do(one.store(i32.const(state), i * size, one.load(address(lane), i * stride)));
      f.run(giveDigest);
    });
  };
  getFrom('getOne', () => i32.const(keyed.t), size);
  if (lanesKeyed !== undefined)
    getFrom('getLane', (lane) => i32.add(i32.const(lanesKeyed.t), i32.mul(lane, i32.const(size))), 16);
  module.exported('wipe', [], [], (f) => {
    const address = f.local('i32');
    f.forUp(address, i32.const(start), i32.const(start + secretLength), 16, () => {
      for (const at of [0, 8]) f.do(i64.store(address, at, i64.const(0)));
    });
  });

  for (const { bits, initial } of variants) {
    const n = bits / 8 / size;
    const begin = module.exported(`begin${bits}`, [], [], (f) => {
      for (const [i, word] of initial.entries()) f.do(one.store(i32.const(state), i * size, one.const(word)));
    });
    module.exported(`hash${bits}`, ['i32'], [], (f, length) => {
      f.run(begin);
      f.run(finish, length, i32.shrU(length, 29), i32.shl(length, 3));
    });
    module.exported(`setKey${bits}`, ['i32'], [], (f, length) => {
      f.run(begin);
      f.run(padKey, length);
    });
    module.exported(`finishKeyed${bits}`, ['i32', 'i32', 'i32'], [], (f, length, high, low) => {
      f.run(update, f.call(pad, i32.const(input), length, high, low));
      for (let i = 0; i < n; i++) f.do(one.store(i32.const(block), i * size, one.load(i32.const(state), i * size)));
      padDigest(f, one, block, n);
      f.run(compress, i32.const(state), i32.const(keyed.outerState), i32.const(block));
      f.run(giveDigest);
    });
    iteration(module, `iterate${bits}`, one, compress, keyed, n);
    if (several === undefined || compressLanes === undefined || lanesKeyed === undefined) continue;
    iteration(module, `iterateLanes${bits}`, several, compressLanes, lanesKeyed, n);
    module.exported(`hashLanes${bits}`, ['i32'], [], (f, blocks) => {
      const share = INPUT_LENGTH / several.lanes;
      for (const [i, word] of initial.entries())
        f.do(several.store(i32.const(lanesState), 16 * i, several.const(word)));
      const address = f.local('i32');
      const end = f.let(i32.add(i32.const(input), i32.shl(blocks, blockBits)));
      f.forUp(address, i32.const(input), end, blockLength, () => {
        for (let i = 0; i < 16; i++)
          f.do(several.store(i32.const(lanesBlock), 16 * i, several.gather(f, address, i * size, share)));
        for (let lane = 0; lane < several.lanes; lane++) f.run(moves.zero, i32.add(address, i32.const(lane * share)));
        f.run(compressLanes, i32.const(lanesState), i32.const(lanesState), i32.const(lanesBlock));
      });
      for (let at = 0; at < 256; at += blockLength) f.run(moves.zero, i32.const(lanesBlock + at));
      for (let i = 0; i < n; i++)
        several.scatter(f, i32.const(output), i * size, bits / 8, several.load(i32.const(lanesState), 16 * i));
    });
  }
  return module.finish();
}

/** What a derivation keeps. */
interface DerivationMemory {
  /** States of HMAC behind the padded key. */
  readonly innerState: number;
  readonly outerState: number;
  /** U_i, in a block with its padding. */
  readonly u: number;
  /** The inner digest, likewise. */
  readonly inner: number;
  readonly t: number;
}

const derivationMemory = <T extends ValueType>(module: ModuleBuilder, { stride }: Words<T>): DerivationMemory => ({
  innerState: module.allocate(8 * stride),
  outerState: module.allocate(8 * stride),
  u: module.allocate(16 * stride),
  inner: module.allocate(16 * stride),
  t: module.allocate(8 * stride),
});

/** `(count)`: count times U = HMAC(U), T ^= U. */
function iteration<T extends ValueType>(
  module: ModuleBuilder,
  name: string,
  words: Words<T>,
  compress: FunctionReference,
  { innerState, outerState, u, inner, t }: DerivationMemory,
  n: number,
): FunctionReference {
  return module.exported(name, ['i32'], [], (f, count) => {
    for (const block of [u, inner]) padDigest(f, words, block, n);
    const i = f.local('i32');
    f.forUp(i, i32.const(0), count, 1, () => {
      for (const [to, state, from] of [
        [inner, innerState, u],
        [u, outerState, inner],
      ] as const) {
        f.run(compress, i32.const(to), i32.const(state), i32.const(from));
        if (n < 8) padDigest(f, words, to, n);
      }
      for (let word = 0; word < n; word++) {
        const at = word * words.stride;
        f.do(words.store(i32.const(t), at, words.xor(words.load(i32.const(t), at), words.load(i32.const(u), at))));
      }
    });
  });
}

/** Pads a digest of `n` words, the second block under HMAC, to the end of its block. */
function padDigest<T extends ValueType>(f: FunctionBuilder, words: Words<T>, block: number, n: number): void {
  const { size, stride } = words;
  for (let i = n; i < 16; i++) {
    const word = i === n ? 1n << BigInt(8 * size - 1) : i === 15 ? BigInt(8 * (16 + n) * size) : 0n;
    f.do(words.store(i32.const(block), i * stride, words.const(word)));
  }
}

interface BlockMoves {
  /** `(target, source)`: copies a block and swaps each word. */
  readonly swap: FunctionReference;
  /** The same with `words` words in the place of the call. */
  readonly emitSwap: (f: FunctionBuilder, target: I32, source: I32, words: number) => void;
  /** `(address)`: zeroes a block. `memory.fill` calls out of the module, which takes longer than these few stores. */
  readonly zero: FunctionReference;
}

function blockMoves<T extends ValueType>(
  module: ModuleBuilder,
  one: Words<T>,
  vectors: Words<'v128'> | undefined,
): BlockMoves {
  const { size } = one;
  const emitSwap: BlockMoves['emitSwap'] = (f, target, source, words) => {
    if (vectors === undefined)
      for (let i = 0; i < words; i++) f.do(one.store(target, i * size, one.gather(f, source, i * size, 0)));
    else
      for (let at = 0; at < words * size; at += 16)
        f.do(v128.store(target, at, vectors.swap(f, v128.load(source, at))));
  };
  const swap = module.function('swapBlock', ['i32', 'i32'], [], (f, target, source) => {
    emitSwap(f, target, source, 16);
  });
  const zero = module.function('zeroBlock', ['i32'], [], (f, address) => {
    if (vectors === undefined) for (let at = 0; at < 16 * size; at += 8) f.do(i64.store(address, at, i64.const(0)));
    else for (let at = 0; at < 16 * size; at += 16) f.do(v128.store(address, at, v128.i64x2Const(0n, 0n)));
  });
  return { swap, emitSwap, zero };
}

const repeated = (octet: number, size: number): bigint =>
  BigInt(`0x${octet.toString(16).padStart(2, '0').repeat(size)}`);
