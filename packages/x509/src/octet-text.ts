/** Octets as a text with one character each: the key of a Map. */
export function octetText(octets: Uint8Array): string {
  if (octets.length <= 4096) return String.fromCharCode.apply(undefined, octets as unknown as number[]); // it reads any array of numbers
  let text = '';
  for (let i = 0; i < octets.length; i += 4096)
    text += String.fromCharCode.apply(undefined, octets.subarray(i, i + 4096) as unknown as number[]); // as above
  return text;
}
