const encoder = /* @__PURE__ */ new TextEncoder();

/** Finaliser that spreads every input bit over the word; constants of MurmurHash3's fmix32 (public domain). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over the bytes from a given basis. */
function hash(bytes: Uint8Array, basis: number): number {
  let h = basis;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/**
 * Makes a random source that depends on nothing but the certificate it is for, so that a draw is the same after a
 * restart and two certificates of one birth draw apart. Not for secrets.
 * @param identity - Who the certificate is for, or the issuer: with the serial number it names the certificate.
 * @returns Draws from [0, 1) with 53 bits, the same sequence for the same arguments.
 */
export function stableRandom(identity: string | Uint8Array, serialNumber: bigint): () => number {
  const name = typeof identity === 'string' ? encoder.encode(identity) : identity;
  const serial = encoder.encode(`#${serialNumber.toString(16)}`);
  let high = hash(serial, hash(name, 0x811c9dc5));
  let low = hash(serial, hash(name, 0x050c5d1f));
  return () => {
    high = (high + 0x9e3779b9) | 0;
    low = (low + 0x7f4a7c15) | 0;
    return ((mix(high) >>> 5) * 0x4000000 + (mix(low) >>> 6)) / 0x20000000000000;
  };
}
