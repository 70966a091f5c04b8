import type { RandomBytes } from './backend.js';

/** Octets of fresh randomness that hedge one signature. */
const ENTROPY_LENGTH = 32;
/** Signatures that one draw is for: asking the system costs as much for one as for all of them (benchmarks/sign). */
const BLOCK_SIGNATURES = 64;

/** Randomness for hedged signatures, each octet given out once. */
export interface Entropy {
  /** A new array: 32 octets for each of so many signatures, the caller's to wipe. */
  draw(signatures: number): Uint8Array;
}

/**
 * Draws ahead, and keeps no octet that it gave out.
 * @throws RangeError, when drawing, for a `randomBytes` that returns another length than it was asked for.
 */
export function bufferedEntropy(randomBytes: RandomBytes): Entropy {
  let block: Uint8Array = new Uint8Array(0);
  let at = 0;
  const drawn = (length: number): Uint8Array => {
    const octets = randomBytes(length);
    if (octets.length !== length)
      throw new RangeError(`Cannot draw entropy: ${octets.length} random octets, not ${length}`);
    return octets;
  };
  return {
    draw(signatures) {
      const length = signatures * ENTROPY_LENGTH;
      if (signatures >= BLOCK_SIGNATURES) return drawn(length);
      if (at + length > block.length) {
        block.fill(0);
        block = drawn(BLOCK_SIGNATURES * ENTROPY_LENGTH);
        at = 0;
      }
      const entropy = block.slice(at, at + length);
      block.fill(0, at, at + length);
      at += length;
      return entropy;
    },
  };
}

/** Octets that the platform's generator gives at once. */
const PLATFORM_LIMIT = 65_536;

/** The platform's generator. */
export function platformRandomBytes(length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += PLATFORM_LIMIT) crypto.getRandomValues(octets.subarray(at, at + PLATFORM_LIMIT));
  return octets;
}
