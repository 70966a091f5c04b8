/** Octets of the identifier and the length (X.690 §8.1) of an element with so many octets of content. */
export const headerLength = (contentLength: number): number => {
  let length = 2;
  if (contentLength >= 0x80) for (let rest = contentLength; rest > 0; rest = Math.floor(rest / 256)) length++;
  return length;
};

/** Writes identifier and length; returns the place behind them. */
export function putHeader(out: Uint8Array, at: number, tag: number, contentLength: number): number {
  out[at++] = tag;
  if (contentLength >= 0x80) {
    const octets = headerLength(contentLength) - 2;
    out[at++] = 0x80 | octets;
    for (let shift = 8 * (octets - 1); shift > 0; shift -= 8) out[at++] = contentLength >>> shift;
  }
  out[at++] = contentLength;
  return at;
}

/** Copies octets; returns the place behind them. */
export function put(out: Uint8Array, at: number, octets: Uint8Array): number {
  out.set(octets, at);
  return at + octets.length;
}
