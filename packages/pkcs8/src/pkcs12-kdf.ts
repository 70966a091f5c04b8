import type { DerivationOptions, Pkcs12Derivation } from './derivation.js';
import { hashes } from './hashes.js';
import { untilAborted } from './pbkdf2.js';
import { rehashSha1 } from './rehash-sha1.js';
import { rehashSha256 } from './rehash-sha256.js';
import { beginSlices } from './slices.js';

/** RFC 7292 §B.3. */
const IDS = { key: 1, iv: 2, mac: 3 } as const;

/** Rounds between two looks at the clock: about half a millisecond. */
const ROUNDS = 512;

/**
 * Derives octets as RFC 7292 appendix B.2 does: by `options.derive`, else here, in slices of a few milliseconds, for
 * WebCrypto has nothing like it.
 * @param password - As {@link bmpPassword} gives it; not wiped here.
 * @returns A new array, the caller's to wipe.
 */
export async function derivePkcs12(
  derivation: Pkcs12Derivation,
  password: Uint8Array,
  { derive, signal, onProgress }: DerivationOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const elsewhere = derive?.(derivation, password, signal);
  if (elsewhere !== undefined) {
    const key = await untilAborted(elsewhere, signal);
    onProgress?.(derivation, derivation.iterationCount);
    return key;
  }
  const { hash: name, purpose, salt, iterationCount, keyLength } = derivation;
  const hash = hashes[name];
  const { blockLen: v, outputLen: u } = hash;
  const diversifier = new Uint8Array(v).fill(IDS[purpose]); // step 1
  const input = new Uint8Array(filledLength(salt, v) + filledLength(password, v)); // steps 2 to 4
  fill(input.subarray(0, filledLength(salt, v)), salt);
  fill(input.subarray(filledLength(salt, v)), password);
  const key = new Uint8Array(keyLength);
  const slices = beginSlices(signal);
  let digest: Uint8Array = new Uint8Array(u);
  try {
    await slices.pause(); // what other threads derive beside this begins first
    for (let at = 0; at < keyLength; at += u) {
      digest = hash.create().update(diversifier).update(input).digest(); // step 6A
      for (let round = 1; round < iterationCount; ) {
        const rounds = Math.min(ROUNDS, iterationCount - round);
        if (name === 'SHA-256') rehashSha256(digest, rounds);
        else if (name === 'SHA-1') rehashSha1(digest, rounds);
        else for (let i = 0; i < rounds; i++) hash.create().update(digest).digestInto(digest);
        round += rounds;
        if (slices.isOver()) {
          if (at === 0) onProgress?.(derivation, round);
          await slices.pause();
        }
      }
      key.set(digest.subarray(0, keyLength - at), at);
      if (at + u < keyLength) for (let i = 0; i < input.length; i += v) addPlusOne(input.subarray(i, i + v), digest);
    }
  } catch (error) {
    key.fill(0);
    throw error;
  } finally {
    digest.fill(0);
    input.fill(0);
  }
  onProgress?.(derivation, iterationCount);
  return key;
}

/** Octets to the next multiple of v; nothing stays nothing. */
const filledLength = (octets: Uint8Array, v: number): number => v * Math.ceil(octets.length / v);

/** Copies of the octets one after the other, the last one cut. */
function fill(target: Uint8Array, octets: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = octets[i % octets.length]!;
}

/** Step 6C: adds B and one to a block, where B is the digest repeated to the length of a block. */
function addPlusOne(block: Uint8Array, digest: Uint8Array): void {
  let carry = 1;
  for (let i = block.length - 1; i >= 0; i--) {
    carry += block[i]! + digest[i % digest.length]!;
    block[i] = carry;
    carry >>= 8;
  }
}
