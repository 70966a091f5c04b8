import { encode, integer } from '@mayfly/der';
import { certificateIssuer } from '../extensions/certificate-issuer.js';
import type { CertificateList } from './certificate-list.js';
import { decodeEntry, entryEnd, type RevokedCertificate, withIssuer } from './entries.js';

/** A list whose entries are found by serial number. */
export interface IndexedCRL {
  readonly crl: CertificateList;
  /**
   * The entries with this serial number, in the order of the list; nearly always none or one. On an indirect list the
   * certificates of several issuers may share it.
   */
  find(serialNumber: bigint): readonly RevokedCertificate[];
}

/**
 * Sorts the places of the entries by serial number: nine octets an entry, and nothing of an entry is copied. Looking up takes
 * a handful of comparisons among a million entries, and never more than twenty whatever serial numbers they have.
 */
export function indexCRL(crl: CertificateList): IndexedCRL {
  const { content, count, firstCertificateIssuer } = crl.entries;
  // Each entry is 64 bits, key above place, so that the platform sorts numbers and not objects.
  const order = new BigUint64Array(count);
  const words = new Uint32Array(order.buffer);
  const [low, high] = isLittleEndian() ? [0, 1] : [1, 0];
  for (let i = 0, at = 0; i < count; i++) {
    words[2 * i + low] = at;
    words[2 * i + high] = keyAt(content, at);
    at = entryEnd(content, at);
  }
  order.sort();
  sortRuns(order, content);
  const shift = Math.clz32(count) + 2; // a directory of an eighth to a quarter as many places as there are entries
  const directory = directoryOf(words, high, count, shift);
  const issuers = firstCertificateIssuer === undefined ? [] : placesOfIssuers(content);
  const named = new Map<number, RevokedCertificate['certificateIssuer']>();
  const serialOctets = serialEncoder();

  return {
    crl,
    find(serialNumber) {
      const serial = serialOctets(serialNumber);
      const key = keyOf(serial, 0, serial.length);
      let first = shift > 31 ? 0 : directory[key >>> shift]!;
      for (let behind = shift > 31 ? count : directory[(key >>> shift) + 1]!; first < behind; ) {
        const middle = (first + behind) >>> 1;
        const found = words[2 * middle + high]!;
        const before = found === key ? compareSerial(content, words[2 * middle + low]!, serial) < 0 : found < key;
        if (before) first = middle + 1;
        else behind = middle;
      }
      const entries: RevokedCertificate[] = [];
      for (; first < count && words[2 * first + high] === key; first++) {
        const at = words[2 * first + low]!;
        if (compareSerial(content, at, serial) !== 0) break;
        entries.push(
          withIssuer(decodeEntry(content.subarray(at, entryEnd(content, at))), issuerAt(content, issuers, at, named)),
        );
      }
      return entries;
    },
  };
}

/** Which half of 64 bits is the lower one in memory. */
const isLittleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The last four octets, spread evenly whether serial numbers are random or count upwards. What else they differ in is for
 * {@link sortRuns}.
 */
function keyOf(octets: Uint8Array, start: number, end: number): number {
  let key = 0;
  for (let at = Math.max(start, end - 4); at < end; at++) key = (key << 8) | octets[at]!;
  return Math.imul(key, 0x9e3779b1) >>> 0;
}

/** {@link keyOf} the serial number of a checked entry. */
function keyAt(content: Uint8Array, entry: number): number {
  const serial = headerEnd(content, entry);
  return keyOf(content, headerEnd(content, serial), entryEnd(content, serial));
}

/** Where the content of a checked element begins. */
const headerEnd = (content: Uint8Array, at: number): number =>
  content[at + 1]! < 0x80 ? at + 2 : at + 2 + (content[at + 1]! & 0x7f);

/** Order of the serial number of a checked entry and another one: any total order will do. */
function compareSerial(content: Uint8Array, entry: number, octets: Uint8Array): number {
  const serial = headerEnd(content, entry);
  const start = headerEnd(content, serial);
  const length = entryEnd(content, serial) - start;
  if (length !== octets.length) return length - octets.length;
  for (let i = 0; i < length; i++) {
    const difference = content[start + i]! - octets[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Puts entries with the same key in the order of their whole serial numbers, and those that are the same in the list's. */
function sortRuns(order: BigUint64Array, content: Uint8Array): void {
  const placeOf = (packed: bigint): number => Number(packed & 0xffffffffn);
  const serialOf = (packed: bigint): Uint8Array => {
    const serial = headerEnd(content, placeOf(packed));
    return content.subarray(headerEnd(content, serial), entryEnd(content, serial));
  };
  const words = new Uint32Array(order.buffer);
  const high = isLittleEndian() ? 1 : 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && words[2 * end + high] === words[2 * start + high]) end++;
    if (end - start > 1)
      order
        .subarray(start, end)
        .sort((a, b) => compareSerial(content, placeOf(a), serialOf(b)) || placeOf(a) - placeOf(b));
    start = end;
  }
}

/** Where the entries begin whose keys have certain upper bits, and the end behind the last. */
function directoryOf(words: Uint32Array, high: number, count: number, shift: number): Uint32Array {
  if (shift > 31) return new Uint32Array(0);
  const directory = new Uint32Array(2 ** (32 - shift) + 1);
  let upper = 0;
  for (let i = 0; i < count; i++)
    for (const own = words[2 * i + high]! >>> shift; upper <= own; ) directory[upper++] = i;
  return directory.fill(count, upper);
}

/** The places of the entries that name an issuer, in the order of the list. */
function placesOfIssuers(content: Uint8Array): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at < content.length; ) {
    const end = entryEnd(content, at);
    if (certificateIssuer(decodeEntry(content.subarray(at, end))) !== undefined) places.push(at);
    at = end;
  }
  return places;
}

/**
 * Who issued the certificate of the entry at `at`: what the last of `places` up to it names.
 * @param named - What was decoded before, by its place: thousands of entries may stand under one.
 */
function issuerAt(
  content: Uint8Array,
  places: readonly number[],
  at: number,
  named: Map<number, RevokedCertificate['certificateIssuer']>,
): RevokedCertificate['certificateIssuer'] {
  let first = 0;
  for (let behind = places.length; first < behind; ) {
    const middle = (first + behind) >>> 1;
    if (places[middle]! <= at) first = middle + 1;
    else behind = middle;
  }
  const place = places[first - 1];
  if (place === undefined) return undefined;
  if (!named.has(place))
    named.set(place, certificateIssuer(decodeEntry(content.subarray(place, entryEnd(content, place)))));
  return named.get(place);
}

/** Writes serial numbers as DER has them, in octets that are good until the next one is written. */
function serialEncoder(): (value: bigint) => Uint8Array {
  const view = new DataView(new ArrayBuffer(25)); // a zero octet in front, for the sign
  const octets = new Uint8Array(view.buffer);
  return (value) => {
    if (value < 0n || value >> 192n !== 0n) return encode(integer(value)).subarray(2); // no certificate has it
    view.setBigUint64(17, value);
    const upper = value >> 64n;
    view.setBigUint64(9, upper);
    view.setBigUint64(1, upper >> 64n);
    let start = 1;
    while (start < 24 && octets[start] === 0) start++;
    return octets.subarray(octets[start]! >= 0x80 ? start - 1 : start);
  };
}
