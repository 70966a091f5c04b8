/** Replaces a digest by its SHA-1, `rounds` times over; as {@link rehashSha256}, for the old files that have many rounds. */
export function rehashSha1(digest: Uint8Array, rounds: number): void {
  const view = new DataView(digest.buffer, digest.byteOffset, 20);
  const state = new Int32Array(5);
  const w = new Int32Array(80);
  for (let i = 0; i < 5; i++) state[i] = view.getInt32(4 * i);
  for (let round = 0; round < rounds; round++) compress(state, w);
  for (let i = 0; i < 5; i++) view.setInt32(4 * i, state[i]!);
  state.fill(0);
  w.fill(0);
}

/** FIPS 180-4 §6.1.2 over one block: 20 octets of message, the bit one, zeros, and the length of 160 bits. */
function compress(state: Int32Array, w: Int32Array): void {
  w.set(state);
  w[5] = 0x80000000;
  w.fill(0, 6, 15);
  w[15] = 160;
  for (let t = 16; t < 80; t++) {
    const x = w[t - 3]! ^ w[t - 8]! ^ w[t - 14]! ^ w[t - 16]!;
    w[t] = (x << 1) | (x >>> 31);
  }
  // FIPS 180-4 §5.3.1.
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = 0xc3d2e1f0 | 0;
  for (let t = 0; t < 80; t++) {
    let mixed: number;
    if (t < 20) mixed = (d ^ (b & (c ^ d))) + 0x5a827999;
    else if (t < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (t < 60) mixed = ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
    else mixed = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + mixed + e + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = a + 0x67452301;
  state[1] = b + 0xefcdab89;
  state[2] = c + 0x98badcfe;
  state[3] = d + 0x10325476;
  state[4] = e + 0xc3d2e1f0;
}
