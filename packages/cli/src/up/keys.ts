import { setImmediate } from 'node:timers/promises';
import { type KeyAlgorithm, KeysError } from '@mayfly/keys';
import type { Backend } from '@mayfly/keys/backend';
import { generateKey as generateNodeKey, fromPkcs8 as nodeKey, verifyWithNode } from '@mayfly/keys/node';
import { generateKey, softwareKey, verifyWith } from '@mayfly/keys/software';
import type { SyncSigningKey, SyncVerifySignature } from '@mayfly/x509/signed';
import { messageOf } from '../errors.js';
import type { Emit } from './event.js';
import { loadWasmBackend } from './wasm-backend.js';

/** What computes with keys, as `--keys` names it. */
export const keysChoices = ['wasm', 'node', 'noble'] as const;
export type KeysChoice = (typeof keysChoices)[number];
export const DEFAULT_KEYS: KeysChoice = 'wasm';

/** A private key of this process. */
export interface LocalKey extends SyncSigningKey {
  /** DER of a PrivateKeyInfo: a new array, the caller's to wipe. */
  exportPkcs8(): Uint8Array;
  /** Overwrites it, where it lies in memory of our own. */
  destroy?(): void;
}

/** Makes keys and computes with them. RSA, and P-521 where a backend lacks it, are node:crypto's under any choice. */
export interface Keys {
  /** What computes. */
  readonly name: KeysChoice;
  generateKey(algorithm: KeyAlgorithm): Promise<LocalKey>;
  /** @throws what `fromPkcs8` of `@mayfly/keys/node` and `softwareKey` of `@mayfly/keys/software` throw. */
  fromPkcs8(pkcs8: Uint8Array): LocalKey;
  readonly verify: SyncVerifySignature;
  /** Lets the runtime compile what signs, in small portions, before many wait for it. */
  warmUp(signal: AbortSignal): Promise<void>;
}

/**
 * Opens what was chosen; where WebAssembly does not run, noble, and an event says so.
 * @param loadWasm - Replaced by tests.
 */
export async function openKeys(
  choice: KeysChoice,
  emit: Emit,
  loadWasm: () => Promise<Backend> = loadWasmBackend,
): Promise<Keys> {
  switch (choice) {
    case 'node':
      return nodeKeys;
    case 'noble':
      return await openNoble();
    case 'wasm':
      try {
        const backend = await loadWasm();
        generateKey('P-256', backend).destroy(); // kernels are compiled when they are first used
        return softwareKeys('wasm', backend, warmUpKernels);
      } catch (error) {
        if (!isWasmError(error)) throw error;
        emit({
          type: 'Warning',
          reason: 'WebAssemblyUnavailable',
          message: `WebAssembly cannot sign here, noble does, many times slower (--keys node is faster): ${messageOf(error)}`,
        });
        return await openNoble();
      }
  }
}

const nodeKeys: Keys = {
  name: 'node',
  generateKey: generateNodeKey,
  fromPkcs8: nodeKey,
  verify: verifyWithNode,
  async warmUp() {}, // it was compiled before anybody had it
};

/** Loaded for those who chose it. */
async function openNoble(): Promise<Keys> {
  const { nobleBackend } = await import('@mayfly/keys/noble');
  return softwareKeys('noble', nobleBackend, async () => {}); // what it computes slowly does not get fast
}

function softwareKeys(
  name: KeysChoice,
  backend: Backend,
  warmUp: (backend: Backend, signal: AbortSignal) => Promise<void>,
): Keys {
  const { generateKey: generateElsewhere, fromPkcs8, verify } = nodeKeys;
  // A certificate authority's signatures are seen by everybody: what hedges them costs next to nothing.
  const options = { nonce: 'hedged' } as const;
  return {
    name,
    async generateKey(algorithm) {
      const isOurs = algorithm === 'P-521' ? backend.p521 !== undefined : !algorithm.startsWith('RSA');
      return isOurs ? generateKey(algorithm, backend, options) : await generateElsewhere(algorithm);
    },
    fromPkcs8(pkcs8) {
      try {
        return softwareKey(pkcs8, backend, options);
      } catch (error) {
        if (error instanceof KeysError && error.code === 'ERR_KEYS_UNSUPPORTED_ALGORITHM') return fromPkcs8(pkcs8);
        throw error;
      }
    },
    verify: verifyWith(backend, { otherwise: verify }),
    warmUp: (signal) => warmUp(backend, signal),
  };
}

/** Portions of the warm-up, each a millisecond or two: 320 signatures, after which V8 has compiled the kernels with all care. */
const WARM_UP_PORTIONS = 8;
const WARM_UP_BATCH = 32;

async function warmUpKernels(backend: Backend, signal: AbortSignal): Promise<void> {
  const key = generateKey('P-256', backend);
  const verify = verifyWith(backend);
  const tbs = new Uint8Array(WARM_UP_BATCH);
  const batch = Array.from({ length: WARM_UP_BATCH }, () => tbs);
  for (let portion = 0; portion < WARM_UP_PORTIONS && !signal.aborted; portion++) {
    key.signMany?.(batch);
    for (let i = 0; i < WARM_UP_PORTIONS; i++) {
      const { signatureAlgorithm, subjectPublicKeyInfo } = key;
      verify({ tbs, signatureAlgorithm, signatureValue: key.sign(tbs) }, subjectPublicKeyInfo);
    }
    await setImmediate();
  }
  key.destroy();
}

const isWasmError = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_WASM_UNAVAILABLE' || error.code === 'ERR_WASM_COMPILE');
