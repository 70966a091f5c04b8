/** Octets of a module, nested as they were put together. */
export type Code = number | readonly Code[];

/** LEB128 of an unsigned number (WebAssembly core specification §5.2.2). */
export function unsignedLeb(value: number): readonly number[] {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`Cannot encode ${value}: not an unsigned integer`);
  const octets: number[] = [];
  let rest = value;
  do {
    const octet = rest % 128;
    rest = Math.floor(rest / 128);
    octets.push(rest === 0 ? octet : octet | 0x80);
  } while (rest !== 0);
  return octets;
}

/** LEB128 of a signed number. */
export function signedLeb(value: number | bigint): readonly number[] {
  const octets: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const octet = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === (octet & 0x40 ? -1n : 0n)) {
      octets.push(octet);
      return octets;
    }
    octets.push(octet | 0x80);
  }
}

/** All octets in order. */
export function flatten(code: Code): Uint8Array<ArrayBuffer> {
  const octets: number[] = [];
  const visit = (part: Code): void => {
    if (typeof part === 'number') octets.push(part);
    else for (const each of part) visit(each);
  };
  visit(code);
  return Uint8Array.from(octets);
}

/** A vector: the number of items, then the items. */
export const vectorOf = (items: readonly Code[]): Code => [unsignedLeb(items.length), ...items];
