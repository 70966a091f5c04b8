/**
 * Draws random octets in blocks: asking the system for sixteen of them costs as much as building a certificate
 * (benchmarks/issue). For values that become public, as serial numbers do; never for keys.
 * @param source - Cryptographically secure. Returns a new array.
 * @param blockLength - Octets drawn at once. Default 4096.
 * @returns A function for {@link Surroundings}; each octet is given out once, in a new array.
 */
export function bufferedRandomBytes(
  source: (length: number) => Uint8Array,
  blockLength: number = 4096,
): (length: number) => Uint8Array {
  let block: Uint8Array = new Uint8Array(0);
  let at = 0;
  return (length) => {
    if (length > blockLength) return source(length);
    if (at + length > block.length) {
      block = source(blockLength);
      at = 0;
    }
    const drawn = block.slice(at, at + length);
    at += length;
    return drawn;
  };
}
