import { setImmediate as nextTurn } from 'node:timers/promises';

/** What a reading may still fall by, in octets. */
const SETTLED = 4096;

/**
 * Octets in use, in heap and buffers, after all that nobody holds is gone. Buffers, and what waits for a turn of the event loop, go
 * later than the first collection: one alone counted a million octets that went away while something else was weighed.
 */
export async function heldOctets(): Promise<number> {
  let held = Number.POSITIVE_INFINITY;
  for (;;) {
    gc!(); // run.mjs starts node with --expose-gc
    await nextTurn();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const now = heapUsed + arrayBuffers;
    if (now > held - SETTLED) return now;
    held = now;
  }
}
