/** Dotted decimal, e.g. `2.5.29.17`. */
export type Oid = string;

/** Longest content accepted, in octets. The longest OIDs in use take about 30. */
const MAX_OID_LENGTH = 256;

/** `.0` to `.127`: arcs of one octet as they stand in the text. */
const ARCS: readonly string[] = /* @__PURE__ */ Array.from({ length: 128 }, (_, arc) => `.${arc}`);
/** Nearly every OID of a certificate is one of these; to make its text anew takes three times as long (benchmarks/parse). */
const ATTRIBUTE_TYPES: readonly Oid[] = /* @__PURE__ */ family('2.5.4');
const EXTENSIONS: readonly Oid[] = /* @__PURE__ */ family('2.5.29');
const ECDSA_WITH_SHA2: readonly Oid[] = /* @__PURE__ */ family('1.2.840.10045.4.3');
const PKCS_1: readonly Oid[] = /* @__PURE__ */ family('1.2.840.113549.1.1');

/** The OIDs right below one. Keys of objects, because engines keep those once, and comparing two is comparing pointers. */
function family(parent: Oid): readonly Oid[] {
  return Object.keys(Object.fromEntries(Array.from({ length: 128 }, (_, arc) => [`${parent}.${arc}`, arc])));
}

/** The family of content octets, all but the last of which are compared; `undefined` for most lengths at once. */
function familyOf(bytes: Uint8Array, at: number, length: number): readonly Oid[] | undefined {
  if (length === 3 && bytes[at] === 0x55)
    return bytes[at + 1] === 4 ? ATTRIBUTE_TYPES : bytes[at + 1] === 29 ? EXTENSIONS : undefined;
  if (length !== 8 && length !== 9) return undefined;
  if (bytes[at] !== 0x2a || bytes[at + 1] !== 0x86 || bytes[at + 2] !== 0x48) return undefined;
  const next = (bytes[at + 3]! << 24) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!;
  if (length === 8) return next === (0xce3d0403 | 0) ? ECDSA_WITH_SHA2 : undefined;
  return next === (0x86f70d01 | 0) && bytes[at + 7] === 1 ? PKCS_1 : undefined;
}

/**
 * Content octets of an OBJECT IDENTIFIER as dotted decimal (X.690 §8.19).
 * @returns `undefined` when the octets are no minimal encoding: empty, padded with 0x80, or cut within an arc.
 */
export function decodeOid(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Oid | undefined {
  if (start >= end || end - start > MAX_OID_LENGTH || bytes[end - 1]! >= 0x80) return undefined;
  const known = familyOf(bytes, start, end - start);
  if (known !== undefined) return known[bytes[end - 1]!];
  let text = '';
  for (let at = start; at < end; ) {
    let octet = bytes[at++]!;
    if (octet < 0x80 && text !== '') {
      text += ARCS[octet]!;
      continue;
    }
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
export const encodeOid = (oid: Oid): Uint8Array => new Uint8Array(oidOctets(oid));

/** The octets of {@link encodeOid}, for a writer that copies them anyway. */
export function oidOctets(oid: Oid): readonly number[] {
  // An octet takes at most four characters, so a longer text is refused before its numbers are read.
  if (oid.length > 4 * MAX_OID_LENGTH) refuseOid(oid);
  const octets: number[] = [];
  let root = -1;
  let arcs = 0;
  for (let at = 0; at < oid.length; ) {
    const start = at;
    let arc = 0;
    for (; at < oid.length; at++) {
      const digit = oid.charCodeAt(at) - 0x30;
      if (digit === -2) break;
      if (digit < 0 || digit > 9) refuseOid(oid);
      arc = arc * 10 + digit;
    }
    const digits = at - start;
    // A leading zero, an empty arc, a dot at the end.
    if (digits === 0 || (digits > 1 && oid.charCodeAt(start) === 0x30) || at === oid.length - 1) refuseOid(oid);
    at++;
    arcs++;
    if (root < 0) {
      if (arc > 2) refuseOid(oid);
      root = arc;
      continue;
    }
    if (arcs === 2 && root < 2 && arc > 39) refuseOid(oid);
    if (digits > 15) pushWideArc(octets, BigInt(oid.slice(start, at - 1)) + (arcs === 2 ? 80n : 0n));
    else pushArc(octets, arcs === 2 ? arc + 40 * root : arc);
  }
  if (arcs < 2 || octets.length > MAX_OID_LENGTH) refuseOid(oid);
  return octets;
}

function refuseOid(oid: string): never {
  throw new TypeError(`Cannot encode OBJECT IDENTIFIER: not dotted decimal "${oid.slice(0, 64)}"`);
}

function pushArc(octets: number[], arc: number): void {
  if (arc >= 0x80) {
    let scale = 0x80;
    while (arc >= scale * 0x80) scale *= 0x80;
    for (; scale > 1; scale /= 0x80) octets.push(0x80 | (Math.floor(arc / scale) % 0x80));
  }
  octets.push(arc % 0x80);
}

function pushWideArc(octets: number[], arc: bigint): void {
  const groups = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn) | 0x80);
  octets.push(...groups.reverse());
}
