/** Dotted decimal, e.g. `2.5.29.17`. */
export type Oid = string;

/** Longest content accepted, in octets. The longest OIDs in use take about 30. */
export const MAX_OID_LENGTH = 256;

/**
 * Content octets of an OBJECT IDENTIFIER as dotted decimal (X.690 §8.19).
 * @returns `undefined` when the octets are no minimal encoding: empty, padded with 0x80, or cut within an arc.
 */
export function decodeOid(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Oid | undefined {
  if (start >= end || end - start > MAX_OID_LENGTH || bytes[end - 1]! >= 0x80) return undefined;
  let text = '';
  for (let at = start; at < end; ) {
    let octet = bytes[at++]!;
    if (octet === 0x80) return undefined;
    let arc = octet & 0x7f;
    let wide = 0n;
    while (octet >= 0x80) {
      octet = bytes[at++]!;
      if (wide === 0n && arc < 2 ** 45) arc = arc * 128 + (octet & 0x7f);
      else {
        if (wide === 0n) wide = BigInt(arc);
        wide = wide * 128n + BigInt(octet & 0x7f);
      }
    }
    if (text !== '') text += '.' + (wide === 0n ? arc : wide);
    else if (wide !== 0n) text = '2.' + (wide - 80n);
    else text = arc < 40 ? '0.' + arc : arc < 80 ? '1.' + (arc - 40) : '2.' + (arc - 80);
  }
  return text;
}

/**
 * Dotted decimal as the content octets of an OBJECT IDENTIFIER.
 * @throws TypeError when the text is no OID: fewer than two arcs, leading zeros, first arc above 2, second above 39 below 2.
 */
export function encodeOid(oid: Oid): Uint8Array {
  if (!/^[0-2](\.(0|[1-9][0-9]*))+$/.test(oid) || oid.length > 4 * MAX_OID_LENGTH)
    throw new TypeError(`Cannot encode OBJECT IDENTIFIER: not dotted decimal "${oid.slice(0, 64)}"`);
  const arcs = oid.split('.');
  const root = Number(arcs[0]);
  if (root < 2 && Number(arcs[1]) > 39)
    throw new TypeError(`Cannot encode OBJECT IDENTIFIER: second arc above 39 in "${oid.slice(0, 64)}"`);
  const octets: number[] = [];
  for (let i = 1; i < arcs.length; i++) {
    let arc = BigInt(arcs[i]!) + (i === 1 ? BigInt(40 * root) : 0n);
    const groups = [Number(arc & 0x7fn)];
    for (arc >>= 7n; arc > 0n; arc >>= 7n) groups.push(Number(arc & 0x7fn) | 0x80);
    octets.push(...groups.reverse());
  }
  return Uint8Array.from(octets);
}
