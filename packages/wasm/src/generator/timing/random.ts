/** A reproducible sequence in [0, 1): mulberry32, good enough to mix classes. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Octets of the sequence. */
export const octetsFrom = (random: () => number, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(256 * random()));
