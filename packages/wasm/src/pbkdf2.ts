import type { KernelOptions } from './engine.js';
import { WasmError } from './errors.js';
import { HashKernel, type HashName, requireOctets } from './hash-kernel.js';
import { sha256 } from './kernels/sha256.js';
import { sha512 } from './kernels/sha512.js';

export type { HashName } from './hash-kernel.js';

/** PBKDF2 (RFC 8018 §5.2) with HMAC over one hash function. */
export interface Pbkdf2 {
  /**
   * Derives a key, and holds the thread for as long as that takes.
   * @param iterations - 1 to 2³¹ - 1.
   * @param length - Octets of the key, 1 to 1024.
   * @throws WasmError `ERR_WASM_LIMIT` when iterations or length are out of bounds.
   */
  derive(password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array;
  /**
   * The same in slices of some 8 ms, between which others have their turn.
   * @throws WasmError as `derive` does; the signal's reason.
   */
  deriveAsync(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
    options?: DeriveOptions,
  ): Promise<Uint8Array>;
}

/** How to derive without holding the thread. */
export interface DeriveOptions {
  readonly signal?: AbortSignal;
  /** Told after each slice how many of how many iterations are done, those of all blocks counted. */
  readonly onProgress?: (done: number, total: number) => void;
}

const MAXIMUM_ITERATIONS = 2 ** 31 - 1;
const MAXIMUM_LENGTH = 1024;

/** Milliseconds that a slice is to take. */
const SLICE = 8;

/** Iterations of the first slice, which tells how many fit, and of the longest, for clocks that stand still meanwhile. */
const FIRST_SLICE = 128;
const LONGEST_SLICE = 32_768;

/**
 * Makes PBKDF2 on a kernel of its own. Benchmark `pbkdf2` has it beside `node:crypto`, which was from a third faster (one block
 * of SHA-256) to half as fast (four, or SHA-512) on Node 20; newer OpenSSL is faster.
 * @throws WasmError `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 * @example
 * ```ts
 * import { createPbkdf2 } from '@mayfly/wasm/pbkdf2';
 *
 * const password = new TextEncoder().encode('correct horse');
 * const key = createPbkdf2('SHA-256').derive(password, new Uint8Array(16), 1000, 32);
 * ```
 */
export function createPbkdf2(hash: HashName, options?: KernelOptions): Pbkdf2 {
  const kernel =
    hash === 'SHA-256'
      ? new HashKernel(sha256, 256, options)
      : new HashKernel(sha512, hash === 'SHA-384' ? 384 : 512, options);
  return {
    derive: (password, salt, iterations, length) => {
      const derivation = new Derivation(kernel, password, salt, iterations, length);
      for (;;) {
        const key = derivation.run(iterations);
        if (key === undefined) continue;
        derivation.wipe();
        return key;
      }
    },
    deriveAsync: async (password, salt, iterations, length, { signal, onProgress, ...unknown } = {}) => {
      unknown satisfies Record<string, never>;
      signal?.throwIfAborted();
      const derivation = new Derivation(kernel, password, salt, iterations, length);
      try {
        for (let slice = FIRST_SLICE; ; ) {
          const start = performance.now();
          const key = derivation.run(slice);
          const share = SLICE / Math.max(performance.now() - start, SLICE / 4);
          slice = Math.min(Math.max(1, Math.floor(slice * share)), LONGEST_SLICE);
          onProgress?.(derivation.done, derivation.total);
          if (key !== undefined) return key;
          await new Promise<void>((resolve) => setTimeout(resolve, 0));
          signal?.throwIfAborted();
        }
      } finally {
        derivation.wipe();
      }
    },
  };
}

/** A derivation under way. Between two runs nothing of it is in the kernel. */
class Derivation {
  /** Iterations of all blocks. */
  readonly total: number;
  readonly #kernel: HashKernel;
  readonly #password: Uint8Array;
  readonly #salt: Uint8Array;
  readonly #iterations: number;
  readonly #key: Uint8Array;
  readonly #blocks: number;
  /** Blocks that are finished, that are being made side by side, and what their iterations lack. */
  #finished = 0;
  #together = 0;
  #missing = 0;
  #saved: Uint8Array | undefined;

  constructor(kernel: HashKernel, password: Uint8Array, salt: Uint8Array, iterations: number, length: number) {
    requireOctets(password, 'password');
    requireOctets(salt, 'salt');
    requireInteger(iterations, MAXIMUM_ITERATIONS, 'iterations');
    requireInteger(length, MAXIMUM_LENGTH, 'octets');
    this.#kernel = kernel;
    this.#password = Uint8Array.from(password);
    this.#salt = Uint8Array.from(salt);
    this.#iterations = iterations;
    this.#key = new Uint8Array(length);
    this.#blocks = Math.ceil(length / kernel.digestLength);
    this.total = this.#blocks * iterations;
  }

  get done(): number {
    const begun = this.#together * (this.#iterations - this.#missing);
    return this.#finished * this.#iterations + (this.#saved === undefined ? 0 : begun);
  }

  /** Runs so many iterations, fewer at the end of a block; returns the key when it is whole. */
  run(iterations: number): Uint8Array | undefined {
    const { functions, addresses, memory } = this.#kernel;
    if (this.#saved === undefined) this.#begin();
    else memory.set(this.#saved, addresses.derivation);
    this.#forget();
    const count = Math.min(iterations, this.#missing);
    if (count > 0) (this.#together > 1 ? functions.iterateLanes : functions.iterate)(count);
    this.#missing -= count;
    if (this.#missing === 0) this.#finish();
    else this.#saved = memory.slice(addresses.derivation, addresses.derivation + addresses.derivationLength);
    functions.wipe();
    return this.#finished === this.#blocks ? this.#key.slice() : undefined;
  }

  /** Zeroes every copy of secrets; the key that was returned is the caller's. */
  wipe(): void {
    this.#forget();
    this.#password.fill(0);
    this.#key.fill(0);
  }

  /** U_1 of the next blocks. */
  #begin(): void {
    const { functions, addresses } = this.#kernel;
    this.#together = Math.min(addresses.lanes, this.#blocks - this.#finished);
    this.#kernel.setKey(this.#password);
    const message = new Uint8Array(this.#salt.length + 4);
    message.set(this.#salt);
    for (let lane = 0; lane < this.#together; lane++) {
      new DataView(message.buffer).setUint32(this.#salt.length, this.#finished + lane + 1);
      this.#kernel.authenticate(message);
      functions.setLane(lane);
    }
    this.#missing = this.#iterations - 1;
  }

  #finish(): void {
    const { functions, digestLength } = this.#kernel;
    for (let lane = 0; lane < this.#together; lane++) {
      if (this.#together > 1) functions.getLane(lane);
      else functions.getOne();
      const digest = this.#kernel.digest();
      const at = (this.#finished + lane) * digestLength;
      this.#key.set(digest.subarray(0, this.#key.length - at), at);
      digest.fill(0);
    }
    this.#finished += this.#together;
  }

  #forget(): void {
    this.#saved?.fill(0);
    this.#saved = undefined;
  }
}

function requireInteger(value: number, maximum: number, what: string): void {
  if (!Number.isInteger(value) || value < 1 || value > maximum)
    throw new WasmError('ERR_WASM_LIMIT', `Cannot derive with ${value} ${what}: 1 to ${maximum} are possible`);
}

/** What is to be derived from a password, as `@mayfly/pkcs8` says it: of all ways, PBKDF2 is made here. */
export interface PasswordDerivation {
  readonly type: string;
  /** `SHA-256`, `SHA-384` or `SHA-512`, of what can be made here. */
  readonly prf?: string;
  readonly salt: Uint8Array;
  readonly iterationCount?: number;
  /** Octets wanted. */
  readonly keyLength: number;
}

/** Compiled kernels, where none is compiled at run time: see {@link KernelOptions}. */
export interface PasswordDeriverOptions extends Omit<KernelOptions, 'module'> {
  readonly modules?: { readonly sha256?: object; readonly sha512?: object };
}

/**
 * Makes the `derive` of `@mayfly/pkcs8` and `@mayfly/pkcs12`: PBKDF2 in a kernel, for runtimes whose WebCrypto has none or
 * refuses so many iterations (workerd allows 100 000). Whatever else a file asks for is left to those packages.
 * @returns A function that gives a new array, or `undefined` for what it leaves; the promise is rejected as
 * {@link Pbkdf2.deriveAsync} is. Kernels start when they are first needed.
 * @example
 * ```ts
 * import { writePfx, readPfx } from '@mayfly/pkcs12';
 * import { passwordDeriver } from '@mayfly/wasm/pbkdf2';
 *
 * const derive = passwordDeriver();
 * const file = await writePfx({ authenticatedSafe: [] }, 'correct horse', { iterations: 1000, derive });
 * console.log((await readPfx(file, 'correct horse', { derive })).authenticatedSafe.length); // 0
 * ```
 */
export function passwordDeriver({
  modules = {},
  ...options
}: PasswordDeriverOptions = {}): (
  derivation: PasswordDerivation,
  password: Uint8Array,
  signal: AbortSignal | undefined,
) => Promise<Uint8Array> | undefined {
  const started = new Map<HashName, Pbkdf2>();
  const start = (hash: HashName): Pbkdf2 => {
    const module = hash === 'SHA-256' ? modules.sha256 : modules.sha512;
    const pbkdf2 = createPbkdf2(hash, { ...options, ...(module !== undefined && { module }) });
    started.set(hash, pbkdf2);
    return pbkdf2;
  };
  return ({ type, prf, salt, iterationCount, keyLength }, password, signal) => {
    if (type !== 'pbkdf2' || iterationCount === undefined) return undefined;
    if (prf !== 'SHA-256' && prf !== 'SHA-384' && prf !== 'SHA-512') return undefined;
    const pbkdf2 = started.get(prf) ?? start(prf);
    return pbkdf2.deriveAsync(password, salt, iterationCount, keyLength, { ...(signal && { signal }) });
  };
}
