/** Octets in use, in heap and buffers, after all that nobody holds is gone. */
export function heldOctets(): number {
  gc!(); // run.mjs starts node with --expose-gc
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
