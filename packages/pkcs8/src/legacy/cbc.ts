import { passwordError } from '../pbes2.js';
import type { Slices } from '../slices.js';

/** A cipher with blocks of eight octets, under one key; each function works in place. */
export interface BlockCipher {
  readonly encrypt: (view: DataView, at: number) => void;
  readonly decrypt: (view: DataView, at: number) => void;
  /** Overwrites the key schedule. */
  readonly wipe: () => void;
}

const BLOCK = 8;

/** Octets between two looks at the clock: triple DES takes less than a millisecond for so many. */
export const STEP = 2048;

/**
 * Deciphers CBC (SP 800-38A §6.2), in slices, and takes the padding of RFC 8018 §6.1.1 off.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PASSWORD` when the length or the padding is wrong; the reason of the slices' signal.
 */
export async function decipherCbc(
  cipher: BlockCipher,
  iv: Uint8Array,
  ciphertext: Uint8Array,
  slices: Slices,
): Promise<Uint8Array<ArrayBuffer>> {
  if (ciphertext.length === 0 || ciphertext.length % BLOCK !== 0) throw passwordError();
  const plaintext = new Uint8Array(ciphertext);
  const view = new DataView(plaintext.buffer);
  try {
    for (let at = 0; at < plaintext.length; at += BLOCK) {
      cipher.decrypt(view, at);
      const before = at === 0 ? iv : ciphertext.subarray(at - BLOCK, at);
      for (let i = 0; i < BLOCK; i++) plaintext[at + i]! ^= before[i]!;
      if (at % STEP === 0 && slices.isOver()) await slices.pause();
    }
    const padding = plaintext[plaintext.length - 1]!;
    let wrong = padding < 1 || padding > BLOCK ? 1 : 0;
    for (let i = 1; i <= BLOCK; i++) if (i <= padding) wrong |= plaintext[plaintext.length - i]! ^ padding;
    if (wrong !== 0) throw passwordError();
    return plaintext.slice(0, plaintext.length - padding);
  } finally {
    plaintext.fill(0);
  }
}

/** The inverse of {@link decipherCbc}. */
export async function encipherCbc(
  cipher: BlockCipher,
  iv: Uint8Array,
  plaintext: Uint8Array,
  slices: Slices,
): Promise<Uint8Array<ArrayBuffer>> {
  const padding = BLOCK - (plaintext.length % BLOCK);
  const ciphertext = new Uint8Array(plaintext.length + padding).fill(padding);
  ciphertext.set(plaintext);
  const view = new DataView(ciphertext.buffer);
  try {
    for (let at = 0; at < ciphertext.length; at += BLOCK) {
      for (let i = 0; i < BLOCK; i++) ciphertext[at + i]! ^= at === 0 ? iv[i]! : ciphertext[at - BLOCK + i]!;
      cipher.encrypt(view, at);
      if (at % STEP === 0 && slices.isOver()) await slices.pause();
    }
  } catch (error) {
    ciphertext.fill(0); // the rest of it is still to be enciphered
    throw error;
  }
  return ciphertext;
}
