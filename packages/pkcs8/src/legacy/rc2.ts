import { fromHex } from '@mayfly/der';
import type { BlockCipher } from './cbc.js';

/** RFC 2268 §2: a permutation of the octets from the digits of pi. */
const PITABLE: Uint8Array = /* @__PURE__ */ fromHex(`
  d978f9c419ddb5ed28e9fd794aa0d89d c67e37832b76538e624c6488448bfba2 179a59f587b34f1361456d8d09817d32
  bd8f40eb86b77b0bf09521225c6b4e82 54d66593ce60b21c7356c014a78cf1dc 1275ca1f3bbee4d1423dd430a33cb626
  6fbf0eda4669075727f21d9bbc944303 f811c7f690ef3ee706c3d52fc8661ed7 08e8eade8052eef784aa72ac354d6a2a
  961ad2715a1549744b9fd05e0418a4ec c2e0416e0f51cbcc2491af50a1f47039 997c3a8523b8b47afc02365b25559731
  2d5dfa98e38a92ae05df2910676cbac9 d300e6cfe19ea82c6316013f58e289a9 0d38341bab33ffb0bb480c5fb9b1cd2e
  c5f3db47e5a59c770aa62068fe7fc1ad`);

/** RFC 2268 §3.1: how far each of the four words turns. */
const TURNS: readonly number[] = [1, 2, 3, 5];
/** RFC 2268 §3.2: after these rounds of mixing follows one of mashing. */
const MASHED_AFTER: readonly number[] = [4, 10];

/** RFC 2268 §2: 64 words of 16 bits from a key of 1 to 128 octets. */
function expandKey(key: Uint8Array, effectiveKeyBits: number): Uint16Array {
  const octets = new Uint8Array(128);
  octets.set(key);
  for (let i = key.length; i < 128; i++) octets[i] = PITABLE[(octets[i - 1]! + octets[i - key.length]!) & 0xff]!;
  const effective = Math.ceil(effectiveKeyBits / 8);
  const mask = 0xff >> (8 * effective - effectiveKeyBits);
  octets[128 - effective] = PITABLE[octets[128 - effective]! & mask]!;
  for (let i = 127 - effective; i >= 0; i--) octets[i] = PITABLE[octets[i + 1]! ^ octets[i + effective]!]!;
  const words = Uint16Array.from({ length: 64 }, (_, i) => octets[2 * i]! | (octets[2 * i + 1]! << 8));
  octets.fill(0);
  return words;
}

/**
 * RC2 (RFC 2268).
 * @param effectiveKeyBits - 1 to 1024.
 */
export function createRc2(key: Uint8Array, effectiveKeyBits: number): BlockCipher {
  const k = expandKey(key, effectiveKeyBits);
  const r = new Uint16Array(4);
  const load = (view: DataView, at: number): void => {
    for (let i = 0; i < 4; i++) r[i] = view.getUint16(at + 2 * i, true);
  };
  const store = (view: DataView, at: number): void => {
    for (let i = 0; i < 4; i++) view.setUint16(at + 2 * i, r[i]!, true);
  };
  const choice = (i: number): number => (r[(i + 3) & 3]! & r[(i + 2) & 3]!) + (~r[(i + 3) & 3]! & r[(i + 1) & 3]!);
  return {
    encrypt(view, at) {
      load(view, at);
      for (let round = 0; round < 16; round++) {
        for (let i = 0; i < 4; i++) {
          const sum = (r[i]! + k[4 * round + i]! + choice(i)) & 0xffff;
          r[i] = (sum << TURNS[i]!) | (sum >> (16 - TURNS[i]!));
        }
        if (MASHED_AFTER.includes(round)) for (let i = 0; i < 4; i++) r[i]! += k[r[(i + 3) & 3]! & 63]!;
      }
      store(view, at);
    },
    decrypt(view, at) {
      load(view, at);
      for (let round = 15; round >= 0; round--) {
        if (MASHED_AFTER.includes(round)) for (let i = 3; i >= 0; i--) r[i]! -= k[r[(i + 3) & 3]! & 63]!;
        for (let i = 3; i >= 0; i--) {
          const turned = (r[i]! >> TURNS[i]!) | (r[i]! << (16 - TURNS[i]!));
          r[i] = turned - k[4 * round + i]! - choice(i);
        }
      }
      store(view, at);
    },
    wipe() {
      k.fill(0);
      r.fill(0);
    },
  };
}
