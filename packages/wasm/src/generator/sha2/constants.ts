/** Octets of a word: 4 in SHA-256, 8 in SHA-384 and SHA-512. */
export type WordSize = 4 | 8;

/** Number of rounds (FIPS 180-4 §6.2, §6.4). */
export const rounds = (size: WordSize): number => (size === 4 ? 64 : 80);

/** K (FIPS 180-4 §4.2.2, §4.2.3): first bits of the fractional parts of the cube roots of the first primes. */
export const roundConstants = (size: WordSize): readonly bigint[] =>
  primes(rounds(size)).map((prime) => fraction(prime, 3n, size));

/** H(0) of SHA-256 (FIPS 180-4 §5.3.3): square roots of the first eight primes. */
export const SHA256_INITIAL: readonly bigint[] = primes(8).map((prime) => fraction(prime, 2n, 4));

/** H(0) of SHA-384 (FIPS 180-4 §5.3.4): square roots of the ninth to sixteenth primes. */
export const SHA384_INITIAL: readonly bigint[] = primes(16)
  .slice(8)
  .map((prime) => fraction(prime, 2n, 8));

/** H(0) of SHA-512 (FIPS 180-4 §5.3.5): square roots of the first eight primes. */
export const SHA512_INITIAL: readonly bigint[] = primes(8).map((prime) => fraction(prime, 2n, 8));

/** Words in the order of octets that memory has them in. */
export function wordsToOctets(words: readonly bigint[], size: WordSize): Uint8Array {
  const octets = new Uint8Array(words.length * size);
  const view = new DataView(octets.buffer);
  for (const [i, word] of words.entries())
    if (size === 4) view.setUint32(4 * i, Number(word), true);
    else view.setBigUint64(8 * i, word, true);
  return octets;
}

function primes(count: number): readonly bigint[] {
  const found: bigint[] = [];
  for (let candidate = 2n; found.length < count; candidate++)
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate);
  return found;
}

/** The first bits of the fractional part of the root of a number below 2^11. */
function fraction(radicand: bigint, degree: bigint, size: WordSize): bigint {
  const bits = BigInt(8 * size);
  const scaled = radicand << (degree * bits);
  let root = 0n;
  for (let bit = 1n << (bits + 6n); bit > 0n; bit >>= 1n) if ((root | bit) ** degree <= scaled) root |= bit;
  return BigInt.asUintN(8 * size, root);
}
