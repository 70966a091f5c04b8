import type { NamedCurve } from '@mayfly/pkcs8/ec';
import type { Hash, KeyType } from './algorithms.js';
import type { Backend, Ecdsa } from './backend.js';
import { KeysError } from './errors.js';

/** @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for a curve that the backend lacks. */
export function ecdsaOf(curve: NamedCurve, backend: Backend): Ecdsa {
  const primitives = curve === 'P-256' ? backend.p256 : curve === 'P-384' ? backend.p384 : backend.p521;
  if (primitives === undefined)
    throw new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot use key: backend ${backend.name} lacks ${curve}`);
  return primitives;
}

export function hashWith(backend: Backend, hash: Hash, data: Uint8Array): Uint8Array {
  switch (hash) {
    case 'SHA-256':
      return backend.sha256(data);
    case 'SHA-384':
      return backend.sha384(data);
    case 'SHA-512':
      return backend.sha512(data);
  }
}

/** Digests in the order of the batch. */
export const hashManyWith = (backend: Backend, hash: Hash, batch: readonly Uint8Array[]): readonly Uint8Array[] =>
  hash === 'SHA-256' && backend.sha256Many !== undefined
    ? backend.sha256Many(batch)
    : batch.map((data) => hashWith(backend, hash, data));

/** What no backend has. */
export const notInSoftware = (kind: KeyType): KeysError =>
  new KeysError(
    'ERR_KEYS_UNSUPPORTED_ALGORITHM',
    kind.startsWith('ML-DSA')
      ? `Cannot use ${kind} key here: take @mayfly/keys/ml-dsa`
      : `Cannot use ${kind} key here: take @mayfly/keys/node or @mayfly/keys/webcrypto`,
  );
