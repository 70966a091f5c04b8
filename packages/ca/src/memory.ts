/** Gives out an array of so many octets, all of them zero. */
export type Allocate = (length: number) => Uint8Array;

/** An array of its own for each. */
export const ownMemory: Allocate = (length) => new Uint8Array(length);

/**
 * Parts of larger arrays, as node:buffer has them: making an array of some hundred octets takes half a microsecond, and with
 * what the collector pays for it later a whole one (benchmarks/issue). Whoever keeps one part keeps its block.
 * @param blockLength - Octets of a block. Default 16 KiB, some thirty certificates.
 */
export function sharedMemory(blockLength: number = 16_384): Allocate {
  let block = new Uint8Array(0);
  let at = 0;
  return (length) => {
    if (length > blockLength / 4) return ownMemory(length);
    if (at + length > block.length) {
      block = new Uint8Array(blockLength);
      at = 0;
    }
    at += length;
    return block.subarray(at - length, at);
  };
}
