import { availableParallelism } from 'node:os';
import type { Backend } from '@mayfly/keys/backend';
import { type SoftwareKeyOptions, softwareKey } from '@mayfly/keys/software';
import type { SigningKey } from '@mayfly/x509/signed';
import { WasmError } from '../errors.js';
import { type Answer, pack, type Task, unpack } from './task.js';
import { startThreads, type ThreadsOptions } from './threads.js';

/** Threads that sign together. */
export interface SigningPool {
  /**
   * A key that signs in the threads.
   * @param pkcs8 - DER of a PrivateKeyInfo; copied, and wiped when the key or the pool is done with.
   * @throws as `softwareKey` of `@mayfly/keys/software`; {@link WasmError} `ERR_WASM_POOL` when the pool is closed.
   */
  softwareKey(pkcs8: Uint8Array, options?: Pick<SoftwareKeyOptions, 'nonce'>): PooledKey;
  /** Finishes what is being signed, fails what waits, wipes every key and ends the threads. */
  close(): Promise<void>;
}

/** A key in the threads of a pool. */
export interface PooledKey extends SigningKey {
  sign(tbs: Uint8Array, options?: PooledSigningOptions): Promise<Uint8Array>;
  /**
   * Signs a batch in all threads, results in order.
   * @throws {@link WasmError} `ERR_WASM_LIMIT` when too much waits already, `ERR_WASM_POOL` when the pool is closed or threads
   * die of it; {@link KeysError} `ERR_KEYS_PRIVATE_KEY` when the key was destroyed; the signal's reason.
   */
  signMany(batch: readonly Uint8Array[], options?: PooledSigningOptions): Promise<readonly Uint8Array[]>;
  /** Overwrites the private key; what is not signed yet fails. */
  destroy(): void;
}

export interface PooledSigningOptions {
  /** Gives the rest up. */
  readonly signal?: AbortSignal;
}

export interface PoolOptions {
  /** Threads. Default as many as the machine runs at once. */
  readonly threads?: number;
  /** Signatures that a thread makes at a time. Default 64. */
  readonly chunkLength?: number;
  /** Signatures that may wait; more are refused. Default 65536. */
  readonly maxWaiting?: number;
}

/** Opens a pool whose threads run a module, and whose keys are read by a backend of this thread. */
export function openPoolOn(
  backend: Backend,
  start: Omit<ThreadsOptions, 'threads'>,
  { threads = availableParallelism(), chunkLength = 64, maxWaiting = 65_536, ...unknown }: PoolOptions = {},
): SigningPool {
  unknown satisfies Record<string, never>;
  for (const [name, value] of Object.entries({ threads, chunkLength, maxWaiting }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`Cannot open a pool with ${name} ${value}: need a whole number above zero`);
  const running = startThreads({ ...start, threads });
  const keys = new Set<PooledKey>();
  let waiting = 0;
  let isClosed = false;

  return {
    softwareKey(pkcs8, { nonce = 'rfc6979', ...rest } = {}) {
      rest satisfies Record<string, never>;
      if (isClosed) throw new WasmError('ERR_WASM_POOL', 'Cannot use key: the pool is closed');
      const local = softwareKey(pkcs8, backend, { nonce });
      const shared = new Uint8Array(new SharedArrayBuffer(pkcs8.length));
      shared.set(pkcs8);
      const { signatureAlgorithm, subjectPublicKeyInfo } = local;
      let isDestroyed = false;

      const requireAlive = (): void => {
        if (isDestroyed) local.sign(new Uint8Array()); // throws what a destroyed key throws
      };
      const signMany: PooledKey['signMany'] = async (batch, { signal, ...unknown } = {}) => {
        unknown satisfies Record<string, never>;
        signal?.throwIfAborted();
        requireAlive();
        for (const tbs of batch) if (!(tbs instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array');
        if (waiting + batch.length > maxWaiting)
          throw new WasmError(
            'ERR_WASM_LIMIT',
            `Cannot sign ${batch.length} more: ${waiting} wait, at most ${maxWaiting} may`,
          );
        let isGivenUp = false;
        const chunks: Promise<readonly Uint8Array[]>[] = [];
        for (let at = 0; at < batch.length; at += chunkLength) {
          // Copied now: its turn may come when the caller has written something else there.
          const chunk = batch.slice(at, at + chunkLength).map((tbs) => tbs.slice());
          const makeTask = (): Task => {
            // What fails fails as a whole: the rest need not be signed then.
            if (isGivenUp) throw signal?.reason ?? new WasmError('ERR_WASM_POOL', 'Cannot sign: the batch has failed');
            requireAlive();
            return { pkcs8: shared, nonce, messages: pack(chunk) };
          };
          waiting += chunk.length;
          const signed = running.run(makeTask).finally(() => {
            waiting -= chunk.length; // not before: what was given up waits for its turn all the same
          });
          chunks.push(signed.then((answer) => signaturesOf(answer, chunk.length)));
        }
        let giveUp = (): void => {};
        const givenUp = new Promise<never>((_, reject) => {
          giveUp = () => reject(signal?.reason);
        });
        signal?.addEventListener('abort', giveUp, { once: true });
        try {
          return (await Promise.race([Promise.all(chunks), givenUp])).flat();
        } finally {
          isGivenUp = true;
          signal?.removeEventListener('abort', giveUp);
        }
      };

      const key: PooledKey = {
        signatureAlgorithm,
        subjectPublicKeyInfo,
        sign: async (tbs, options) => (await signMany([tbs], options))[0]!, // as many as were given
        signMany,
        destroy() {
          isDestroyed = true;
          shared.fill(0);
          local.destroy();
          keys.delete(key);
        },
      };
      keys.add(key);
      return key;
    },
    async close() {
      isClosed = true;
      await running.close();
      for (const key of keys) key.destroy();
    },
  };
}

function signaturesOf(answer: Answer, count: number): readonly Uint8Array[] {
  if (!answer.ok) throw new WasmError('ERR_WASM_POOL', `Cannot sign: ${answer.name} in a thread: ${answer.message}`);
  const signatures = unpack(answer.signatures);
  if (signatures.length !== count)
    throw new WasmError('ERR_WASM_POOL', `Cannot sign: ${signatures.length} signatures for ${count}`);
  return signatures.map((signature) => signature.slice());
}
