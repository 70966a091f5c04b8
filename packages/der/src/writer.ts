import { compareBytes } from './bytes.js';
import { type Oid, oidOctets } from './oid.js';
import { encodeString } from './strings.js';
import { contextConstructedTag, contextTag, tags } from './tags.js';
import { encodeTime, fitsUtcTime, type Seconds } from './time.js';

/** An encodable value. Opaque: make it with the functions below, use it with {@link encode}. */
export interface DerNode {
  /** Octets of the whole encoding, header included. */
  readonly byteLength: number;
}

/** `undefined` and `false` children are left out: that is all OPTIONAL and DEFAULT need. */
export type Child = DerNode | undefined | false;

/** Identifier octet of a node that is already encoded. */
const ENCODED = -1;

/**
 * Octets until they are written: small ones as numbers and texts as they are, one octet a character, because making an array
 * for them takes longer than they do.
 */
type Octets = Uint8Array | readonly number[] | string;

/** What a node is. Content is `bytes`, or `children` one after the other. */
interface Tlv extends DerNode {
  readonly tag: number;
  readonly contentLength: number;
  readonly bytes: Octets | undefined;
  readonly children: readonly Child[] | undefined;
}

/** Octets of the identifier and the length (X.690 §8.1) of an element with so many octets of content. */
export const headerLength = (contentLength: number): number =>
  contentLength < 0x80
    ? 2
    : contentLength < 0x100
      ? 3
      : contentLength < 0x10000
        ? 4
        : contentLength < 0x1000000
          ? 5
          : 6;

function leaf(tag: number, bytes: Octets): DerNode {
  const contentLength = bytes.length;
  const node: Tlv = {
    byteLength: headerLength(contentLength) + contentLength,
    tag,
    contentLength,
    bytes,
    children: undefined,
  };
  return node;
}

function branch(tag: number, children: readonly Child[]): DerNode {
  let contentLength = 0;
  for (const child of children) if (child) contentLength += child.byteLength;
  const node: Tlv = {
    byteLength: headerLength(contentLength) + contentLength,
    tag,
    contentLength,
    bytes: undefined,
    children,
  };
  return node;
}

/** Splices DER that is already encoded; not re-checked, not copied until {@link encode}. */
export function raw(der: Uint8Array): DerNode {
  const node: Tlv = {
    byteLength: der.length,
    tag: ENCODED,
    contentLength: der.length,
    bytes: der,
    children: undefined,
  };
  return node;
}

/** Writes the node into a new array of exactly its length. */
export function encode(node: DerNode): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(node.byteLength);
  fill(out, node as Tlv, 0);
  return out;
}

/**
 * Writes the node into an array, for whoever makes many and has them share memory.
 * @param at - Where it begins, other octets before and behind it. Default: the array is exactly as long.
 * @returns The place behind it.
 * @throws RangeError when the array is shorter, and when it is longer where `at` is left out.
 */
export function encodeInto(node: DerNode, out: Uint8Array, at?: number): number {
  const { byteLength } = node;
  if (at === undefined ? out.length !== byteLength : !(at >= 0 && at + byteLength <= out.length))
    throw new RangeError(`Cannot encode ${byteLength} octets into an array of ${out.length}`);
  return fill(out, node as Tlv, at ?? 0);
}

/**
 * Writes identifier and length of an element, for whoever writes its content without a node.
 * @param tag - Identifier octet.
 * @returns The place behind them.
 */
export function writeHeader(out: Uint8Array, at: number, tag: number, contentLength: number): number {
  out[at++] = tag;
  if (contentLength < 0x80) out[at++] = contentLength;
  else {
    const octets = headerLength(contentLength) - 2;
    out[at++] = 0x80 | octets;
    for (let shift = 8 * (octets - 1); shift >= 0; shift -= 8) out[at++] = contentLength >>> shift;
  }
  return at;
}

/** Writes a node at `at`; returns the place behind it. Every node is made here, so every node is a `Tlv`. */
function fill(out: Uint8Array, node: Tlv, at: number): number {
  const { tag, contentLength, bytes, children } = node;
  if (tag !== ENCODED) at = writeHeader(out, at, tag, contentLength);
  if (children !== undefined) {
    for (let i = 0; i < children.length; i++) {
      const child = children[i];
      if (child) at = fill(out, child as Tlv, at);
    }
    return at;
  }
  // One loop for each kind of content is a third faster than one for all, and calling `set` costs more than a short one
  // (benchmarks/issue).
  if (typeof bytes === 'string') for (let i = 0; i < contentLength; i++) out[at + i] = bytes.charCodeAt(i);
  else if (!(bytes instanceof Uint8Array)) for (let i = 0; i < contentLength; i++) out[at + i] = bytes![i]!;
  else if (contentLength > 24) out.set(bytes, at);
  else for (let i = 0; i < contentLength; i++) out[at + i] = bytes[i]!;
  return at + contentLength;
}

export const sequence = (...children: readonly Child[]): DerNode => branch(tags.sequence, children);

/** Children in ascending order of their encodings (X.690 §11.6), whatever order they come in. */
export function setOf(...children: readonly Child[]): DerNode {
  if (children.length < 2) return branch(tags.set, children);
  const present = children.filter((child) => child !== undefined && child !== false);
  if (present.length < 2) return branch(tags.set, present);
  return branch(tags.set, present.map(encode).sort(compareBytes).map(raw));
}

/** `[tagNumber] EXPLICIT`. */
export const explicit = (tagNumber: number, child: DerNode): DerNode =>
  branch(contextConstructedTag(tagNumber), [child]);

/** `[tagNumber] IMPLICIT`: the child under another tag, primitive or constructed as it was. */
export function implicit(tagNumber: number, child: DerNode): DerNode {
  const node = child as Tlv;
  if (node.tag === ENCODED) {
    const der = encode(node);
    der[0] = (der[0]! & 0x20) | contextTag(tagNumber);
    return raw(der);
  }
  const { byteLength, contentLength, bytes, children } = node;
  const retagged: Tlv = { byteLength, tag: (node.tag & 0x20) | contextTag(tagNumber), contentLength, bytes, children };
  return retagged;
}

const TRUE: Uint8Array = /* @__PURE__ */ Uint8Array.of(0xff);
const FALSE: Uint8Array = /* @__PURE__ */ Uint8Array.of(0);
const EMPTY: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
const NO_UNUSED_BITS: DerNode = /* @__PURE__ */ raw(FALSE);

export const boolean = (value: boolean): DerNode => leaf(tags.boolean, value ? TRUE : FALSE);

/**
 * INTEGER in the fewest octets.
 * @throws RangeError when a number is no safe integer.
 */
export const integer = (value: bigint | number): DerNode => leaf(tags.integer, integerContent(value));

/** INTEGER from the big-endian magnitude of a value ≥ 0; leading zeros are dropped. */
export function unsignedInteger(magnitude: Uint8Array): DerNode {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  if (magnitude.length === 0) return leaf(tags.integer, FALSE);
  const digits = magnitude.subarray(start);
  if (digits[0]! < 0x80) return leaf(tags.integer, digits);
  const padded = new Uint8Array(digits.length + 1);
  padded.set(digits, 1);
  return leaf(tags.integer, padded);
}

export const enumerated = (value: number): DerNode => leaf(tags.enumerated, integerContent(value));

function integerContent(value: bigint | number): readonly number[] {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`Cannot encode INTEGER: not a safe integer ${value}`);
  if (typeof value === 'number' && value >= -0x80 && value < 0x80) return [value & 0xff];
  let rest = BigInt(value);
  const octets: number[] = [];
  do {
    octets.push(Number(rest & 0xffn));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  const signed = octets[octets.length - 1]! >= 0x80;
  if (signed !== rest < 0n) octets.push(rest < 0n ? 0xff : 0);
  return octets.reverse();
}

/** Most OIDs whose nodes are kept: all that certificates commonly have, and no more however many are written. */
const MAX_KNOWN_OIDS = 256;
/** Reading an OID's text takes ten times as long as finding it here (benchmarks/csr). Nodes do not change. */
const knownOids: Map<Oid, DerNode> = /* @__PURE__ */ new Map();

/** @throws TypeError when the text is no OID. */
export function oid(value: Oid): DerNode {
  const known = knownOids.get(value);
  if (known !== undefined) return known;
  const node = leaf(tags.oid, oidOctets(value));
  if (knownOids.size < MAX_KNOWN_OIDS) knownOids.set(value, node);
  return node;
}

export const nullValue = (): DerNode => leaf(tags.null, EMPTY);

/**
 * BIT STRING of octets, or of the encoding of a node.
 * @throws RangeError when `unusedBits` is not 0 to 7 or the bits it names are not zero.
 */
export function bitString(content: Uint8Array | DerNode, unusedBits: number = 0): DerNode {
  if (!(content instanceof Uint8Array)) return branch(tags.bitString, [NO_UNUSED_BITS, content]);
  const last = content[content.length - 1] ?? 0;
  if (
    unusedBits < 0 ||
    unusedBits > 7 ||
    (last & ((1 << unusedBits) - 1)) !== 0 ||
    (unusedBits > 0 && content.length === 0)
  )
    throw new RangeError(`Cannot encode BIT STRING: ${unusedBits} unused bits that are not zero`);
  return branch(tags.bitString, [unusedBits === 0 ? NO_UNUSED_BITS : raw(Uint8Array.of(unusedBits)), raw(content)]);
}

/**
 * BIT STRING with named bits: trailing zero bits are dropped (X.690 §11.2.2).
 * @param bits - Numbers of the bits that are set; bit 0 is the highest of the first octet.
 */
export function namedBits(bits: Iterable<number>): DerNode {
  const octets: number[] = [];
  let highest = -1;
  for (const bit of bits) {
    highest = Math.max(highest, bit);
    while (octets.length <= bit >> 3) octets.push(0);
    octets[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  return bitString(Uint8Array.from(octets), highest < 0 ? 0 : 7 - (highest & 7));
}

/** OCTET STRING of octets, or of the encoding of a node. */
export const octetString = (content: Uint8Array | DerNode): DerNode =>
  content instanceof Uint8Array ? leaf(tags.octetString, content) : branch(tags.octetString, [content]);

/**
 * Time of RFC 5280 §4.1.2.5: UTCTime from 1950 through 2049, GeneralizedTime otherwise.
 * @throws RangeError when the value is no whole second of the years 0000 to 9999.
 */
export const time = (value: Seconds): DerNode =>
  fitsUtcTime(value) ? leaf(tags.utcTime, encodeTime(value, false)) : generalizedTime(value);

/** @throws RangeError when the value is no whole second of the years 0000 to 9999. */
export const generalizedTime = (value: Seconds): DerNode => leaf(tags.generalizedTime, encodeTime(value, true));

/**
 * A character string of type `type`: one of UTF8String, PrintableString, IA5String, NumericString, VisibleString,
 * TeletexString, BMPString and UniversalString, by {@link tags}.
 * @throws RangeError when the text has a character that the type lacks.
 */
export function string(type: number, text: string): DerNode {
  const content = encodeString(type, text);
  // By number: the names of the types would be a tenth of what a page loads to make a request (npm run size).
  if (content === undefined)
    throw new RangeError(`Cannot encode string of type ${type}: a character does not fit in "${text.slice(0, 64)}"`);
  return leaf(type, content);
}

/** @throws RangeError for lone surrogates. */
export const utf8String = (text: string): DerNode => string(tags.utf8String, text);

/** @throws RangeError for characters outside PrintableString. */
export const printableString = (text: string): DerNode => string(tags.printableString, text);

/** @throws RangeError for characters outside ASCII. */
export const ia5String = (text: string): DerNode => string(tags.ia5String, text);

/** A primitive element of any tag from its content octets. */
export const primitive = (tag: number, content: Uint8Array): DerNode => leaf(tag, content);

/** A constructed element of any tag from its elements. */
export const constructed = (tag: number, ...children: readonly Child[]): DerNode => branch(tag, children);

/** The same from a list of any length: arguments are limited by the stack. */
export const constructedFrom = (tag: number, children: readonly Child[]): DerNode => branch(tag, children);
