import { type KernelFunction, type KernelOptions, type KernelSource, startKernel } from './engine.js';

/** The hash functions that kernels have, by WebCrypto's names. */
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512';

type Bits = 256 | 384 | 512;

type OfEachHash = 'begin' | 'hash' | 'hashLanes' | 'setKey' | 'finishKeyed' | 'iterate' | 'iterateLanes';

type Address = 'input' | 'output' | 'state' | 'derivation' | 'inputLength' | 'derivationLength' | 'lanes';

type Common = 'pad' | 'update' | 'finish' | 'beginKeyed' | 'setLane' | 'getOne' | 'getLane' | 'wipe';

/** A running kernel of SHA-2, seen as one of its hash functions. `generator/sha2/kernel.ts` tells what its functions do. */
export class HashKernel {
  readonly digestLength: number;
  readonly blockLength: number;
  readonly functions: Readonly<Record<Common | OfEachHash, KernelFunction>>;
  readonly addresses: Readonly<Record<Address, number>>;
  /** It never grows, and so stays the same. */
  readonly memory: Uint8Array;

  constructor(source: KernelSource, bits: Bits, options: KernelOptions | undefined) {
    const { functions: of, memory } = startKernel<Address | Common | `${OfEachHash}${Bits}`>(source, options);
    this.memory = memory();
    this.digestLength = bits / 8;
    this.blockLength = bits === 256 ? 64 : 128;
    this.functions = {
      ...of,
      begin: of[`begin${bits}`],
      hash: of[`hash${bits}`],
      hashLanes: of[`hashLanes${bits}`],
      setKey: of[`setKey${bits}`],
      finishKeyed: of[`finishKeyed${bits}`],
      iterate: of[`iterate${bits}`],
      iterateLanes: of[`iterateLanes${bits}`],
    };
    this.addresses = {
      input: of.input(),
      output: of.output(),
      state: of.state(),
      derivation: of.derivation(),
      inputLength: of.inputLength(),
      derivationLength: of.derivationLength(),
      lanes: of.lanes(),
    };
  }

  /** A copy of the digest that was made last. */
  digest(): Uint8Array {
    const { output } = this.addresses;
    return this.memory.slice(output, output + this.digestLength);
  }

  /** Hashes whole blocks from the front of `data` on, as many as leave less than the input takes; returns how many octets. */
  absorb(data: Uint8Array): number {
    const { input, inputLength } = this.addresses;
    let at = 0;
    for (; data.length - at >= inputLength; at += inputLength) {
      this.memory.set(data.subarray(at, at + inputLength), input);
      this.functions.update(inputLength / this.blockLength);
    }
    return at;
  }

  /** Hashes the rest of a message of `length` octets, prefix included, and pads it. */
  finish(data: Uint8Array, length: number, finish: KernelFunction = this.functions.finish): void {
    const rest = data.subarray(this.absorb(data));
    this.memory.set(rest, this.addresses.input);
    finish(rest.length, Math.floor(length / 2 ** 29), (length << 3) >>> 0);
  }

  /** Sets the key of HMAC (RFC 2104 §2): a key longer than a block is hashed. */
  setKey(key: Uint8Array): void {
    const { input } = this.addresses;
    let { length } = key;
    if (length <= this.blockLength) this.memory.set(key, input);
    else {
      this.functions.begin();
      this.finish(key, key.length);
      const { output } = this.addresses;
      length = this.digestLength;
      this.memory.copyWithin(input, output, output + length);
    }
    this.functions.setKey(length);
  }

  /** HMAC of a message under the key that was set; leaves it as the digest. */
  authenticate(data: Uint8Array): void {
    this.functions.beginKeyed();
    this.finish(data, this.blockLength + data.length, this.functions.finishKeyed);
  }
}

/** @throws TypeError when it is anything but octets. */
export function requireOctets(value: Uint8Array, what: string): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`Cannot use ${what}: it is no Uint8Array`);
}
