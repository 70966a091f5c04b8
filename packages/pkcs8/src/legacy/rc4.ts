import type { Slices } from '../slices.js';
import { STEP } from './cbc.js';

/**
 * RC4 under a key of 1 to 256 octets, in slices; enciphering and deciphering are the same. A new array.
 * @throws The reason of the slices' signal.
 */
export async function rc4(key: Uint8Array, text: Uint8Array, slices: Slices): Promise<Uint8Array<ArrayBuffer>> {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  const swap = (i: number, j: number): void => {
    const before = s[i]!;
    s[i] = s[j]!;
    s[j] = before;
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i]! + key[i % key.length]!) & 0xff;
    swap(i, j);
  }
  const out = new Uint8Array(text.length);
  try {
    for (let at = 0, i = 0, j = 0; at < text.length; at++) {
      i = (i + 1) & 0xff;
      j = (j + s[i]!) & 0xff;
      swap(i, j);
      out[at] = text[at]! ^ s[(s[i]! + s[j]!) & 0xff]!;
      if (at % STEP === 0 && slices.isOver()) await slices.pause();
    }
    return out;
  } catch (error) {
    out.fill(0);
    throw error;
  } finally {
    s.fill(0);
  }
}
