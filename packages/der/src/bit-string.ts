import type { DerFault } from './errors.js';

/** A BIT STRING: its octets, and how many low bits of the last one do not count (0 to 7). */
export interface BitString {
  readonly bytes: Uint8Array;
  readonly unusedBits: number;
}

/** X.690 §8.6 and §11.2: what keeps content octets from being a BIT STRING; `undefined` for one whose unused bits are zero. */
export function bitStringFault(bytes: Uint8Array, start: number, end: number): DerFault | undefined {
  const length = end - start - 1;
  const unusedBits = length < 0 ? 8 : bytes[start]!;
  if (unusedBits > 7) return { code: 'ERR_DER_BIT_STRING', state: 'number of unused bits is not 0 to 7' };
  if (unusedBits > 0 && (length === 0 || (bytes[end - 1]! & ((1 << unusedBits) - 1)) !== 0))
    return { code: 'ERR_DER_BIT_STRING', state: 'unused bits are not zero' };
  return undefined;
}
