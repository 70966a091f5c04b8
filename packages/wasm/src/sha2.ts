import type { KernelOptions } from './engine.js';
import { type HashKernel, requireOctets } from './hash-kernel.js';

/** How to make a hash function. */
export interface Sha2Options extends KernelOptions {
  /**
   * The platform's function of the same name, for `hash` and `hashMany` of messages above `bulkLength`: the processor's
   * instructions for SHA are out of WebAssembly's reach. On Node for example `(data) => createHash('sha256').update(data).digest()`.
   */
  readonly bulk?: (data: Uint8Array) => Uint8Array;
  /** Octets up to which the kernel is used though there is `bulk`. Default 512 for SHA-256, 1024 for SHA-384 and SHA-512. */
  readonly bulkLength?: number;
}

/** A hash function of FIPS 180-4. Its memory holds no input and no key between calls. */
export interface Sha2 {
  readonly digestLength: number;
  /** The digest of a message, in memory of its own. */
  hash(data: Uint8Array): Uint8Array;
  /** Digests of messages, in order; short ones go through the kernel side by side, where it has SIMD. */
  hashMany(messages: readonly Uint8Array[]): readonly Uint8Array[];
  /** HMAC (RFC 2104), with a key of any length. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Hashes a message that comes in pieces. Any number of them may be under way. */
  create(): IncrementalHash;
}

/** A message under way. */
export interface IncrementalHash {
  /** Takes the next octets, and keeps no reference to them. */
  update(data: Uint8Array): this;
  /** The digest of what came so far; more may come after. */
  digest(): Uint8Array;
}

/** A hash function on a running kernel. */
export function sha2(kernel: HashKernel, bulk: Sha2Options['bulk'], bulkLength: number): Sha2 {
  const { functions, addresses, digestLength, blockLength } = kernel;
  const { input, output, inputLength, lanes } = addresses;
  const share = inputLength / lanes;
  /** The padding of a message stays within its share. */
  const longestInLane = share - 2 * blockLength;

  const hash = (data: Uint8Array): Uint8Array => {
    requireOctets(data, 'message');
    const { length } = data;
    if (bulk !== undefined && length > bulkLength) return bulk(data);
    if (length <= inputLength) {
      kernel.memory.set(data, input);
      functions.hash(length);
    } else {
      functions.begin();
      kernel.finish(data, length);
    }
    return kernel.digest();
  };

  /** Messages of the same number of blocks, one for each lane: those at some places of a batch. */
  const hashLanes = (messages: readonly Uint8Array[], places: readonly number[], digests: Uint8Array[]): void => {
    let blocks = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const message = messages[places[lane]!]!;
      const address = input + lane * share;
      kernel.memory.set(message, address);
      blocks = functions.pad(address, message.length, 0, message.length << 3);
    }
    functions.hashLanes(blocks);
    for (let lane = 0, at = output; lane < lanes; lane++, at += digestLength)
      digests[places[lane]!] = kernel.memory.slice(at, at + digestLength);
  };

  const hashMany = (messages: readonly Uint8Array[]): readonly Uint8Array[] => {
    const digests: Uint8Array[] = [];
    const waiting = new Map<number, number[]>();
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index]!;
      if (!(message instanceof Uint8Array)) requireOctets(message, `message ${index}`); // text that is seldom needed
      if (lanes === 1 || message.length > longestInLane) digests[index] = hash(message);
      else {
        const blocks = Math.floor((message.length + blockLength / 8) / blockLength);
        const group = waiting.get(blocks) ?? [];
        if (group.length === 0) waiting.set(blocks, group);
        if (group.push(index) < lanes) continue;
        hashLanes(messages, group, digests);
        group.length = 0;
      }
    }
    for (const group of waiting.values()) for (const index of group) digests[index] = hash(messages[index]!);
    return digests;
  };

  const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array => {
    requireOctets(key, 'key');
    requireOctets(data, 'message');
    kernel.setKey(key);
    kernel.authenticate(data);
    const digest = kernel.digest();
    functions.wipe();
    return digest;
  };

  return { digestLength, hash, hashMany, hmac, create: () => incremental(kernel) };
}

function incremental(kernel: HashKernel): IncrementalHash {
  const { functions, blockLength } = kernel;
  const { state: address, input } = kernel.addresses;
  const stateLength = blockLength / 2;
  const rest = new Uint8Array(blockLength);
  let length = 0;
  functions.begin();
  let state = kernel.memory.slice(address, address + stateLength);

  const compress = (data: Uint8Array): void => {
    kernel.memory.set(data, input);
    functions.update(data.length / blockLength);
  };

  return {
    update(data) {
      requireOctets(data, 'message');
      const waiting = length % blockLength;
      length += data.length;
      if (waiting + data.length < blockLength) {
        rest.set(data, waiting);
        return this;
      }
      kernel.memory.set(state, address);
      let at = 0;
      if (waiting > 0) {
        at = blockLength - waiting;
        rest.set(data.subarray(0, at), waiting);
        compress(rest);
      }
      at += kernel.absorb(data.subarray(at));
      const whole = (data.length - at) & -blockLength;
      if (whole > 0) compress(data.subarray(at, at + whole));
      state = kernel.memory.slice(address, address + stateLength);
      rest.set(data.subarray(at + whole));
      return this;
    },
    digest() {
      kernel.memory.set(state, address);
      kernel.finish(rest.subarray(0, length % blockLength), length);
      return kernel.digest();
    },
  };
}
