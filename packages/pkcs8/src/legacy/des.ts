import type { BlockCipher } from './cbc.js';

/** FIPS 46-3, tables of bit numbers from 1 at the left. The initial permutation; the final one undoes it. */
const IP: readonly number[] = /* @__PURE__ */ [58, 60, 62, 64, 57, 59, 61, 63].flatMap((last) =>
  [0, 8, 16, 24, 32, 40, 48, 56].map((back) => last - back),
);
const FP: readonly number[] = /* @__PURE__ */ IP.map((_, i) => IP.indexOf(i + 1) + 1);
const P: readonly number[] = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
const PC1: readonly number[] = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
  47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const PC2: readonly number[] = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
  40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
/** Rounds before which both halves of the key turn by one bit; by two before the others. */
const SINGLE_TURNS: readonly number[] = [0, 1, 8, 15];
/** S1 to S8: four rows of sixteen hexadecimal digits. */
const S: readonly string[] = [
  'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
  'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
  'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
  '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
  '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
  'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
  '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
  'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
];

/** For each S-box and its six bits, P of what it gives: one look-up does two steps of FIPS 46-3. */
const SP: readonly Int32Array[] = /* @__PURE__ */ S.map((box, index) =>
  Int32Array.from({ length: 64 }, (_, six) => {
    const row = ((six >> 4) & 2) | (six & 1);
    const four = Number.parseInt(box[16 * row + ((six >> 1) & 15)]!, 16);
    return permuteBits([four << (28 - 4 * index), 0], P)[0];
  }),
);

type Halves = readonly [left: number, right: number];

/** The bits of 64 that a table names, in two words from the left. */
function permuteBits([left, right]: Halves, table: readonly number[]): Halves {
  const words = [0, 0];
  for (const [i, bit] of table.entries()) {
    const found = bit <= 32 ? (left >>> (32 - bit)) & 1 : (right >>> (64 - bit)) & 1;
    words[i >> 5]! |= found << (31 - (i & 31));
  }
  return [words[0]!, words[1]!];
}

/** Sixteen round keys, each as eight numbers of six bits. */
function keySchedule(key: Uint8Array): Uint8Array {
  const view = new DataView(key.buffer, key.byteOffset, 8);
  let bits = PC1.map((bit) => (view.getUint32(bit <= 32 ? 0 : 4) >>> ((64 - bit) & 31)) & 1);
  const turn = (half: readonly number[], by: number): readonly number[] => [...half.slice(by), ...half.slice(0, by)];
  const keys = new Uint8Array(16 * 8);
  for (let round = 0; round < 16; round++) {
    const by = SINGLE_TURNS.includes(round) ? 1 : 2;
    bits = [...turn(bits.slice(0, 28), by), ...turn(bits.slice(28), by)];
    for (const [i, bit] of PC2.entries()) keys[8 * round + Math.floor(i / 6)]! |= bits[bit - 1]! << (5 - (i % 6));
  }
  return keys;
}

/** The sixteen rounds without the permutations around them; backwards to decrypt. */
function rounds([first, second]: Halves, keys: Uint8Array, isBackwards: boolean): Halves {
  let left = first;
  let right = second;
  for (let round = 0; round < 16; round++) {
    const at = 8 * (isBackwards ? 15 - round : round);
    let mixed = 0;
    // E takes six bits for each box, beginning one bit before its four.
    for (let box = 0; box < 8; box++) {
      const shift = (4 * box + 31) & 31;
      const six = ((right << shift) | (right >>> (32 - shift))) >>> 26;
      mixed ^= SP[box]![six ^ keys[at + box]!]!;
    }
    const next = left ^ mixed;
    left = right;
    right = next;
  }
  return [right, left];
}

/**
 * DES (FIPS 46-3) under a key of 8 octets; triple DES (SP 800-67) under 16, whose first eight come again, or 24.
 */
export function createDes(key: Uint8Array): BlockCipher {
  const schedules = [0, 8, 16]
    .slice(0, key.length === 8 ? 1 : 3)
    .map((at) => keySchedule(key.slice(at % key.length, (at % key.length) + 8)));
  const run = (view: DataView, at: number, isDecrypting: boolean): void => {
    let block = permuteBits([view.getInt32(at), view.getInt32(at + 4)], IP);
    const ordered = isDecrypting ? [...schedules].reverse() : schedules;
    for (const [i, keys] of ordered.entries()) block = rounds(block, keys, isDecrypting !== (i === 1));
    const [left, right] = permuteBits(block, FP);
    view.setInt32(at, left);
    view.setInt32(at + 4, right);
  };
  return {
    encrypt: (view, at) => run(view, at, false),
    decrypt: (view, at) => run(view, at, true),
    wipe() {
      for (const schedule of schedules) schedule.fill(0);
    },
  };
}
