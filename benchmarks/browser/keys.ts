import type { SoftwareKey } from '@mayfly/keys/software';
import { generateKey, softwareKey, verifyWith } from '@mayfly/keys/software';
import { wasmBackend } from '@mayfly/wasm';
import type { SyncVerifySignature } from '@mayfly/x509/signed';

const backend = wasmBackend();

// What stands in for keys of node:crypto: WebAssembly, which is synchronous too.

export const fromPkcs8 = (der: Uint8Array): SoftwareKey => softwareKey(der, backend);

export const generateKeySync = (algorithm: 'P-256' | 'P-384' | 'P-521' | 'Ed25519'): SoftwareKey =>
  generateKey(algorithm, backend);

export const verifyWithNode: SyncVerifySignature = verifyWith(backend);
export { verifier } from '@mayfly/keys/software';
