import { md5, sha1 } from '@noble/hashes/legacy.js';
import type { DerivationOptions, Pbkdf1Derivation } from './derivation.js';
import { untilAborted } from './pbkdf2.js';
import { beginSlices } from './slices.js';

/**
 * PBKDF1 (RFC 8018 §5.1): hashes password and salt, then what came out, again and again; in slices of a few milliseconds.
 * @param password - UTF-8; not wiped here.
 * @returns A new array, the caller's to wipe.
 */
export async function derivePbkdf1(
  derivation: Pbkdf1Derivation,
  password: Uint8Array,
  { derive, signal, onProgress }: DerivationOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const elsewhere = derive?.(derivation, password, signal);
  if (elsewhere !== undefined) return untilAborted(elsewhere, signal);
  const { hash: name, salt, iterationCount, keyLength } = derivation;
  const hash = name === 'MD5' ? md5 : sha1;
  const digest = hash.create().update(password).update(salt).digest();
  const slices = beginSlices(signal);
  for (let i = 1; i < iterationCount; i++) {
    hash.create().update(digest).digestInto(digest);
    if ((i & 63) === 0 && slices.isOver()) {
      onProgress?.(derivation, i);
      await slices.pause();
    }
  }
  onProgress?.(derivation, iterationCount);
  const key = digest.slice(0, keyLength);
  digest.fill(0);
  return key;
}
