import { type Expression, type I32, i32, type ValueType } from './asm/expression.js';
import type { FunctionBuilder, FunctionReference } from './asm/function-builder.js';
import type { ModuleBuilder } from './asm/module-builder.js';
import { wordsToOctets } from './sha2/constants.js';
import type { Words } from './sha2/words.js';

/** The hash function under HMAC. */
export interface HashFunction<T extends ValueType = ValueType> {
  readonly words: Words<T>;
  /** Made by `compression`. */
  readonly compress: FunctionReference;
  /** H(0). */
  readonly initial: readonly bigint[];
  /** Octets of a digest: a multiple of the word, SHA-384 leaves out the last two. */
  readonly digestLength: number;
}

/** Memory that holds secrets once its owner has run. */
export interface SecretMemory {
  readonly address: number;
  readonly length: number;
}

/**
 * RFC 6979 §3.2 as functions of a module, for curves whose order has as many octets as the digest. Every lane has the same
 * private key and a digest of its own; octet strings of lane `i` stand `i` lengths behind those of lane 0.
 */
export interface Drbg {
  /** `(x)`: takes int2octets(x) and does once what all nonces of the key have in common. Comes first. */
  readonly setKey: FunctionReference;
  /** `(out, h)`: the first candidate for k, steps a to h, from bits2octets(h1), which is to be reduced already. */
  readonly nonce: FunctionReference;
  /** `(out, h, data)`: the same with 32 octets of additional data behind h (§3.6). One lane only. */
  readonly nonceWithData: FunctionReference | undefined;
  /** `(out)`: the next candidate, should the last be 0 or not below the order (step h.3). One lane only. */
  readonly retry: FunctionReference | undefined;
  readonly secrets: SecretMemory;
}

/** Octets of additional data. */
const DATA_LENGTH = 32;

/**
 * Adds RFC 6979 to a module. Blocks that nothing but the key goes into are compressed by `setKey`, so that 15 compressions
 * are left for a nonce with SHA-256, and 16 with SHA-384.
 */
export function rfc6979<T extends ValueType>(module: ModuleBuilder, name: string, hash: HashFunction<T>): Drbg {
  const { words, compress, initial, digestLength } = hash;
  const { size, stride, lanes } = words;
  const n = digestLength / size;
  const bits = 8 * size;
  const start = module.allocate(0);
  const region = (count: number): number => module.allocate(count * stride);
  // Blocks of one digest and its padding: V, and what the inner hash gave.
  const [v, inner] = [region(16), region(16)];
  // K with the pads of RFC 2104, and the states behind them.
  const [innerPad, outerPad, innerState, outerState, key] = [region(16), region(16), region(8), region(8), region(8)];
  // V, one octet, x, h and additional data.
  const message = region(48);
  const xLast = region(1);
  // Behind blocks that only the key goes into, under the first K, which is all zero.
  const [firstInnerState, firstOuterState] = [region(8), region(8)];
  const secrets = { address: start, length: module.top - start };
  const initialState = module.data(
    wordsToOctets(
      initial.flatMap((word) => Array<bigint>(lanes).fill(word)),
      size,
    ),
  );

  const at = (address: number): I32 => i32.const(address);
  const load = (address: number, word = 0): Expression<T> => words.load(at(address), word * stride);
  const store = (f: FunctionBuilder, address: number, word: number, value: Expression<T>): void =>
    f.do(words.store(at(address), word * stride, value));
  const run = (f: FunctionBuilder, out: number, state: number, block: number): void =>
    f.run(compress, at(out), at(state), at(block));

  /** The padding of FIPS 180-4 §5.1 from one word to the last of a block, behind `length` octets of message. */
  const pad = (f: FunctionBuilder, address: number, from: number, to: number, length: number): void => {
    store(f, address, from, words.const(1n << BigInt(bits - 1)));
    for (let i = from + 1; i < to; i++) store(f, address, i, words.const(0n));
    store(f, address, to, words.const(BigInt(8 * length)));
  };
  const digestBlockLength = 16 * size + digestLength;

  /** A compression gives eight words where a block keeps n: SHA-384's padding is put back over the others. */
  const truncate = (f: FunctionBuilder, block: number): void => {
    for (let i = n; i < 8; i++) store(f, block, i, words.const(i === n ? 1n << BigInt(bits - 1) : 0n));
  };

  /** HMAC's states from K. */
  const padKey = module.function(`${name}PadKey`, [], [], (f) => {
    for (const [block, state, octet] of [
      [innerPad, innerState, 0x36],
      [outerPad, outerState, 0x5c],
    ] as const) {
      for (let i = 0; i < n; i++) store(f, block, i, words.xor(load(key, i), words.const(repeated(octet, size))));
      run(f, state, initialState, block);
    }
  });

  /** V = HMAC_K(V). */
  const updateV = module.function(`${name}UpdateV`, [], [], (f) => {
    run(f, inner, innerState, v);
    truncate(f, inner);
    run(f, v, outerState, inner);
    truncate(f, v);
  });

  const blocksOf = (dataLength: number): number =>
    Math.ceil((3 * digestLength + 1 + dataLength + 1 + 2 * size) / (16 * size));
  const messageBlock = (i: number): number => message + 16 * stride * i;
  /** Whole blocks of V, the octet and x. */
  const keyBlocks = Math.floor((2 * digestLength + 1) / (16 * size));
  const xAt = n;
  const hAt = 2 * n;
  const dataAt = 3 * n;

  /** K = HMAC_K(message), of which `done` blocks already are in `state`, and V = HMAC_K(V). */
  const updateK = (f: FunctionBuilder, blocks: number, done: number, state: number, outer: number): void => {
    for (let i = done; i < blocks; i++) run(f, inner, i === done ? state : inner, messageBlock(i));
    truncate(f, inner);
    run(f, key, outer, inner);
    f.run(padKey);
    f.run(updateV);
  };

  const setMessageHead = (f: FunctionBuilder, octet: number, vWord: (i: number) => Expression<T>): void => {
    for (let i = 0; i < n; i++) store(f, message, i, vWord(i));
    const x0 = words.and(load(message, xAt), words.const((1n << BigInt(bits - 8)) - 1n));
    store(f, message, xAt, words.or(x0, words.const(BigInt(octet) << BigInt(bits - 8))));
  };

  /** Writes big-endian octets into the message from word `from` on, one octet late; `before` is the word in front. */
  const setMessagePart = (
    f: FunctionBuilder,
    from: number,
    count: number,
    before: Expression<T>,
    source: I32,
    distance: number,
  ): Expression<T> => {
    const previous = f.let(before);
    f.forUp(f.local('i32'), i32.const(0), i32.const(count * size), size, (octet) => {
      const word = f.let(words.gather(f, i32.add(source, octet), 0, distance));
      const place = i32.mul(octet, i32.const(stride / size));
      f.do(words.store(place, message + from * stride, words.or(words.shl(previous, bits - 8), words.shrU(word, 8))));
      f.set(previous, word);
    });
    return previous;
  };

  const setKey = module.function(`${name}SetKey`, ['i32'], [], (f, x) => {
    for (const block of [v, inner]) pad(f, block, n, 15, digestBlockLength);
    for (let i = 0; i < n; i++) store(f, key, i, words.const(0n));
    for (const [block, octet] of [
      [innerPad, 0x36],
      [outerPad, 0x5c],
    ] as const)
      for (let i = n; i < 16; i++) store(f, block, i, words.const(repeated(octet, size)));
    store(f, xLast, 0, setMessagePart(f, xAt, n, words.const(0n), x, 0));
    setMessageHead(f, 0, () => words.const(repeated(1, size)));
    f.run(padKey);
    for (let i = 0; i < 8; i++) store(f, firstOuterState, i, load(outerState, i));
    if (keyBlocks === 0) for (let i = 0; i < 8; i++) store(f, firstInnerState, i, load(innerState, i));
    for (let i = 0; i < keyBlocks; i++)
      run(f, firstInnerState, i === 0 ? innerState : firstInnerState, messageBlock(i));
  });

  /** Steps b to h.2. */
  const generate = (f: FunctionBuilder, out: I32, h: I32, data: I32 | undefined): void => {
    const dataWords = data === undefined ? 0 : DATA_LENGTH / size;
    const dataLength = dataWords * size;
    const blocks = blocksOf(dataLength);
    let last = setMessagePart(f, hAt, n, load(xLast), h, digestLength);
    if (data !== undefined) last = setMessagePart(f, dataAt, dataWords, last, data, 0);
    const end = dataAt + dataWords;
    const total = 16 * size + 3 * digestLength + 1 + dataLength;
    pad(f, message, end, 16 * blocks - 1, total);
    store(f, message, end, words.or(words.shl(last, bits - 8), words.const(0x80n << BigInt(bits - 16))));
    setMessageHead(f, 0, () => words.const(repeated(1, size)));
    for (let i = 0; i < n; i++) store(f, v, i, words.const(repeated(1, size)));
    updateK(f, blocks, keyBlocks, firstInnerState, firstOuterState); // K is all zero
    setMessageHead(f, 1, (i) => load(v, i));
    updateK(f, blocks, 0, innerState, outerState);
    giveNext(f, out);
  };

  /** Step h.2, in which T is one V. */
  const giveNext = (f: FunctionBuilder, out: I32): void => {
    f.run(updateV);
    for (let i = 0; i < n; i++) words.scatter(f, out, i * size, digestLength, load(v, i));
  };

  const nonce = module.function(`${name}Nonce`, ['i32', 'i32'], [], (f, out, h) => generate(f, out, h, undefined));
  if (lanes > 1) return { setKey, nonce, nonceWithData: undefined, retry: undefined, secrets };

  const nonceWithData = module.function(`${name}NonceWithData`, ['i32', 'i32', 'i32'], [], generate);
  const retry = module.function(`${name}Retry`, ['i32'], [], (f, out) => {
    store(f, v, n, words.const(0x80n << BigInt(bits - 16)));
    store(f, v, 15, words.const(BigInt(8 * (digestBlockLength + 1))));
    run(f, inner, innerState, v);
    truncate(f, inner);
    run(f, key, outerState, inner);
    pad(f, v, n, 15, digestBlockLength);
    f.run(padKey);
    f.run(updateV);
    giveNext(f, out);
  });
  return { setKey, nonce, nonceWithData, retry, secrets };
}

const repeated = (octet: number, size: number): bigint =>
  BigInt(`0x${octet.toString(16).padStart(2, '0').repeat(size)}`);
