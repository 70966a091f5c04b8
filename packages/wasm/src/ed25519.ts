import { EXPANDED_LENGTH, KEY_SLOTS, MESSAGE_CAPACITY, memory } from './ed25519-memory.js';
import { compileKernel, type Kernel, type KernelOptions, startKernel } from './engine.js';
import { WasmError } from './errors.js';
import { ed25519 as source } from './kernels/ed25519.js';

/** A new key; both halves are new arrays. */
export interface Ed25519KeyPair {
  /** The seed. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A key that signs often: its seed expanded and its public key made once. */
export interface Ed25519Signer {
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  /** @throws {@link WasmError} `ERR_WASM_SECRET_KEY` once destroyed, `ERR_WASM_LIMIT`, `ERR_WASM_FAULT`. */
  sign(message: Uint8Array): Uint8Array;
  /** Signatures in the order of their messages, each as `sign` makes it. @throws As `sign`; then none is made. */
  signMany(messages: readonly Uint8Array[]): readonly Uint8Array[];
  /** Overwrites what the seed expanded to; nothing can be signed any more. */
  destroy(): void;
}

/** Ed25519 (RFC 8032 §5.1), as `Eddsa` of `@mayfly/keys` wants it. Octets passed in are neither kept nor changed. */
export interface Ed25519 {
  /**
   * Deterministic. Makes the public key as well, and so takes twice as long as a {@link Ed25519Signer}.
   * @throws {@link WasmError} `ERR_WASM_LENGTH` unless the seed has 32 octets, `ERR_WASM_LIMIT` for a message of 4 GiB,
   * `ERR_WASM_FAULT` when a point comes out off the curve.
   */
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  /** Signatures in the order of their messages, each as `sign` makes it. */
  signMany(messages: readonly Uint8Array[], seed: Uint8Array): readonly Uint8Array[];
  /** @throws {@link WasmError} `ERR_WASM_LENGTH`, `ERR_WASM_FAULT`. */
  signer(seed: Uint8Array): Ed25519Signer;
  /**
   * Whether S B - k A, encoded, is R: the equation without the cofactor. S has to be below the order, A and R canonical, A
   * not of small order; anything else, wrong lengths too, is `false`.
   */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /**
   * The same for a key that is met often, which is copied. From its eighth signature on it has a table, as long as
   * not more than four others are used more recently.
   */
  verifier(publicKey: Uint8Array): (signature: Uint8Array, message: Uint8Array) => boolean;
  /** @throws {@link WasmError} `ERR_WASM_LENGTH`, `ERR_WASM_FAULT`. */
  getPublicKey(seed: Uint8Array): Uint8Array;
  /** @throws {@link WasmError} `ERR_WASM_RANDOM` unless `randomBytes` gives 32 octets when asked for them. */
  generateKeyPair(randomBytes?: (length: number) => Uint8Array): Ed25519KeyPair;
  /** Several, sixteen at a time. */
  generateMany(count: number, randomBytes?: (length: number) => Uint8Array): readonly Ed25519KeyPair[];
}

type Functions =
  | 'io'
  | 'batch'
  | 'start'
  | 'absorb'
  | 'finish'
  | 'buildSingle'
  | 'buildFixed'
  | 'buildPlanes'
  | 'buildOnce'
  | 'buildKey'
  | 'expand'
  | 'publicKey'
  | 'loadPrefix'
  | 'keyAsNonce'
  | 'nonce'
  | 'commit'
  | 'commitMany'
  | 'loadHead'
  | 'respond'
  | 'wipe'
  | 'verifyOnce'
  | 'verifyKnown';

/** Fewer than this many take less time one by one than in a batch that is not full. */
const WORTH_A_BATCH = 6;

/** How often a key has to be met before it pays to make its table: that takes about as long as ten verifications. */
const WORTH_A_TABLE = 8;

const MAXIMUM_MESSAGE = 2 ** 32 - 1 - 64;

/**
 * Starts Ed25519 in this thread. Tables are made when they are first used.
 * @throws {@link WasmError} `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export function createEd25519(options: KernelOptions = {}): Ed25519 {
  const kernel: Kernel<Functions> = startKernel(source, options);
  const { functions } = kernel;
  const octets = kernel.memory(); // it never grows
  const io = functions.io();
  const batch = functions.batch();
  const at = (place: keyof typeof memory): number => io + memory[place];
  const made = new Set<Functions>();
  const slots = createSlots(KEY_SLOTS);

  /** Runs a function that makes tables, the first time. */
  function need(...tables: readonly ('buildSingle' | 'buildFixed' | 'buildPlanes' | 'buildOnce')[]): void {
    for (const table of tables) {
      if (made.has(table)) continue;
      functions[table]();
      made.add(table);
    }
  }

  /** SHA-512 of what stands in the last octets of the head, and of the message. */
  function hash(headLength: number, message: Uint8Array): void {
    const total = headLength + message.length;
    functions.start();
    let from = at('message') - headLength;
    let rest = message;
    for (let room = MESSAGE_CAPACITY - headLength; rest.length > room; room = MESSAGE_CAPACITY) {
      octets.set(rest.subarray(0, room), at('message'));
      functions.absorb(from, MESSAGE_CAPACITY / 128);
      rest = rest.subarray(room);
      from = at('message');
    }
    octets.set(rest, at('message'));
    functions.finish(from, at('message') - from + rest.length, total);
  }

  /** Runs `use` on an expanded key and leaves no trace of it. */
  function withExpanded<T>(expanded: Uint8Array, publicKey: Uint8Array, use: () => T): T {
    octets.set(expanded, at('expanded'));
    octets.set(publicKey, at('publicKey'));
    try {
      return use();
    } finally {
      functions.wipe();
    }
  }

  function drawNonce(i: number, message: Uint8Array): void {
    if (message.length > MAXIMUM_MESSAGE)
      throw new WasmError(
        'ERR_WASM_LIMIT',
        `Cannot sign ${message.length} octets: at most ${MAXIMUM_MESSAGE} are signed`,
      );
    functions.loadPrefix();
    hash(32, message);
    functions.nonce(i);
  }

  function respond(i: number, message: Uint8Array): Uint8Array {
    functions.loadHead(i);
    hash(64, message);
    functions.respond(i);
    return octets.slice(at('signatures') + 64 * i, at('signatures') + 64 * (i + 1));
  }

  function signOne(message: Uint8Array): Uint8Array {
    drawNonce(0, message);
    requireOnCurve(functions.commit(0));
    return respond(0, message);
  }

  function signBatch(messages: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const [i, message] of messages.entries()) drawNonce(i, message);
    requireOnCurve(functions.commitMany());
    return messages.map((message, i) => respond(i, message));
  }

  function signer(seed: Uint8Array): Ed25519Signer {
    requireSeed(seed);
    need('buildSingle');
    octets.set(seed, at('seed'));
    let expanded: Uint8Array | undefined;
    try {
      functions.expand();
      requireOnCurve(functions.publicKey());
      expanded = octets.slice(at('expanded'), at('expanded') + EXPANDED_LENGTH);
    } finally {
      functions.wipe();
    }
    const publicKey = octets.slice(at('publicKey'), at('publicKey') + 32);
    const own = Uint8Array.from(publicKey); // whoever changes the other does not make this sign for another key
    const alive = (): Uint8Array => {
      if (expanded === undefined) throw new WasmError('ERR_WASM_SECRET_KEY', 'Cannot sign: the key is destroyed');
      return expanded;
    };
    return {
      publicKey,
      sign: (message) => withExpanded(alive(), own, () => signOne(unchanging(message))),
      signMany: (messages) => withExpanded(alive(), own, () => inBatches(messages.map(unchanging), signBatch, signOne)),
      destroy() {
        expanded?.fill(0);
        expanded = undefined;
      },
    };
  }

  /** Uses a signer for one call. */
  function once<T>(seed: Uint8Array, use: (signer: Ed25519Signer) => T): T {
    const temporary = signer(seed);
    try {
      return use(temporary);
    } finally {
      temporary.destroy();
    }
  }

  /** Results of items in order, sixteen at a time where that pays. */
  function inBatches<T, R>(
    items: readonly T[],
    many: (chunk: readonly T[]) => readonly R[],
    one: (item: T) => R,
  ): readonly R[] {
    if (batch < WORTH_A_BATCH || items.length < WORTH_A_BATCH) return items.map(one);
    need('buildFixed', 'buildPlanes');
    const results: R[] = [];
    for (let i = 0; i < items.length; i += batch) {
      const chunk = items.slice(i, i + batch);
      results.push(...(chunk.length < WORTH_A_BATCH ? chunk.map(one) : many(chunk)));
    }
    return results;
  }

  function draw(randomBytes: (length: number) => Uint8Array): Uint8Array {
    const seed = Uint8Array.from(randomBytes(32));
    if (seed.length !== 32)
      throw new WasmError('ERR_WASM_RANDOM', `Cannot generate key: ${seed.length} random octets, 32 were asked for`);
    return seed;
  }

  function publicKeys(seeds: readonly Uint8Array[]): readonly Uint8Array[] {
    try {
      for (const [i, seed] of seeds.entries()) {
        octets.set(seed, at('seed'));
        functions.expand();
        functions.keyAsNonce(i);
      }
      requireOnCurve(functions.commitMany());
      return seeds.map((_, i) => octets.slice(at('signatures') + 64 * i, at('signatures') + 64 * i + 32));
    } finally {
      functions.wipe();
    }
  }

  const getPublicKey = (seed: Uint8Array): Uint8Array => once(seed, ({ publicKey }) => publicKey);

  /** Leaves everything in place for a function that verifies; `false` if the signature cannot be one. */
  function loadSignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (signature.length !== 64 || publicKey.length !== 32 || message.length > MAXIMUM_MESSAGE) return false;
    octets.set(signature.subarray(0, 32), at('head'));
    octets.set(publicKey, at('head') + 32);
    octets.set(signature.subarray(32), at('s'));
    octets.set(publicKey, at('publicKey'));
    hash(64, message);
    return true;
  }

  function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (isSmallOrder(publicKey) || !loadSignature(signature, message, publicKey)) return false;
    need('buildOnce');
    return functions.verifyOnce() === 1;
  }

  function verifier(publicKey: Uint8Array): (signature: Uint8Array, message: Uint8Array) => boolean {
    const key = Uint8Array.from(publicKey);
    if (key.length !== 32 || isSmallOrder(key)) return () => false;
    const owner: SlotOwner = { uses: 0 };
    return (signature, message) => {
      if (slots.find(owner) === undefined && ++owner.uses >= WORTH_A_TABLE) {
        need('buildFixed');
        octets.set(key, at('publicKey'));
        if (functions.buildKey(slots.take(owner)) === 0) {
          slots.leave(owner);
          return false;
        }
      }
      const slot = slots.find(owner);
      if (slot === undefined) return verify(signature, message, key);
      return loadSignature(signature, message, key) && functions.verifyKnown(slot) === 1;
    };
  }

  return {
    sign: (message, seed) => once(seed, (key) => key.sign(message)),
    signMany: (messages, seed) => once(seed, (key) => key.signMany(messages)),
    signer,
    verify,
    verifier,
    getPublicKey,
    generateKeyPair(randomBytes = platformRandomBytes) {
      const secretKey = draw(randomBytes);
      return { secretKey, publicKey: getPublicKey(secretKey) };
    },
    generateMany(count, randomBytes = platformRandomBytes) {
      const seeds = Array.from({ length: count }, () => draw(randomBytes));
      const keys = inBatches(seeds, publicKeys, getPublicKey);
      return seeds.map((secretKey, i) => ({ secretKey, publicKey: keys[i]! }));
    },
  };
}

/** A verifier that may have a table. */
interface SlotOwner {
  /** Signatures verified since it last had one. */
  uses: number;
}

/** A few places for many owners: whoever takes one gets that of the owner not seen for longest. */
function createSlots(count: number): {
  find(owner: SlotOwner): number | undefined;
  take(owner: SlotOwner): number;
  leave(owner: SlotOwner): void;
} {
  const bySlot: (SlotOwner | undefined)[] = Array.from({ length: count }, () => undefined);
  let order = Array.from({ length: count }, (_, slot) => slot); // the least recent first
  const touch = (slot: number): number => {
    if (order[count - 1] !== slot) order = [...order.filter((other) => other !== slot), slot];
    return slot;
  };
  return {
    find(owner) {
      const slot = bySlot.indexOf(owner);
      return slot < 0 ? undefined : touch(slot);
    },
    take(owner) {
      const slot = touch(order[0]!);
      bySlot[slot] = owner;
      owner.uses = 0;
      return slot;
    },
    leave(owner) {
      bySlot[bySlot.indexOf(owner)] = undefined;
    },
  };
}

/** y of the points whose order divides 8, without the sign of x, from the lowest octet. */
const SMALL_ORDERS: readonly string[] = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

const isSmallOrder = (publicKey: Uint8Array): boolean =>
  SMALL_ORDERS.some((y) => {
    for (let i = 0; i < 32; i++)
      if ((publicKey[i]! & (i < 31 ? 0xff : 0x7f)) !== Number.parseInt(y.slice(2 * i, 2 * i + 2), 16)) return false;
    return true;
  });

function requireSeed(seed: Uint8Array): void {
  if (!(seed instanceof Uint8Array)) throw new TypeError('Cannot use seed: not a Uint8Array');
  if (seed.length !== 32) throw new WasmError('ERR_WASM_LENGTH', `Cannot use seed: ${seed.length} octets, 32 are one`);
}

function requireOnCurve(valid: number): void {
  if (valid === 0)
    throw new WasmError(
      'ERR_WASM_FAULT',
      'Cannot give the result: a point came out off the curve, so the machine failed',
    );
}

function platformRandomBytes(length: number): Uint8Array {
  const { crypto } = globalThis as { crypto?: { getRandomValues(bytes: Uint8Array): Uint8Array } };
  if (crypto === undefined)
    throw new WasmError('ERR_WASM_RANDOM', 'Cannot draw random octets: this runtime has no crypto.getRandomValues');
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * The same, compiled without holding the thread: old browsers compile no more than 4 KB at once.
 * @throws {@link WasmError} as {@link createEd25519}.
 */
export const initEd25519 = async (options: KernelOptions = {}): Promise<Ed25519> =>
  createEd25519({ ...options, module: options.module ?? (await compileKernel(source, options)) });

/**
 * A message is read twice, for the nonce and for the challenge. Two challenges under one nonce give the private key away, so
 * memory that another thread may write meanwhile is copied, and what is no Uint8Array refused.
 */
function unchanging(message: Uint8Array): Uint8Array {
  if (!(message instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array');
  return message.buffer instanceof ArrayBuffer ? message : Uint8Array.from(message);
}
