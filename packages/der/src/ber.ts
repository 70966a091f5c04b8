import { MAX_DEPTH } from './any.js';
import { DerError, type DerErrorCode } from './errors.js';
import { tagName, tags } from './tags.js';
import { constructedFrom, type DerNode, encode, primitive } from './writer.js';

export interface BerOptions {
  /** First part of the error path. Default `input`. */
  readonly field?: string;
  /** Longest input accepted, in octets. Default 16 MiB. */
  readonly maxLength?: number;
  /** Constructed elements inside one another. Default 32. */
  readonly maxDepth?: number;
}

/** More elements than any file in use has: a key store of 1,000 bags has about 30,000. */
const MAX_ELEMENTS = 200_000;

const CONSTRUCTED = 0x20;
/** Universal types that consist of other elements: EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING. */
const COMPOSED: readonly number[] = [0x28, 0x2b, 0x30, 0x31, 0x3d];
/** Universal types that BER may cut into segments (X.690 §8.7, §8.6, §8.23, §8.25): strings, and times, which are strings. */
const SEGMENTED: readonly number[] = [3, 4, 7, 12, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30];

/**
 * Rewrites one BER element (X.690 §8) as DER does: lengths definite and in their shortest form, strings in one piece,
 * TRUE as FF. The order in SET OF stays as it is, and what strings carry is not looked into. Tags of a context keep their
 * form: whether they stand for a string in segments, only their reader knows ({@link joinSegments}).
 * @returns The input itself when there was nothing to rewrite, a new array otherwise.
 * @throws {@link DerError} with offsets in the input: `ERR_DER_TRUNCATED`, `ERR_DER_LENGTH`, `ERR_DER_TAG`,
 * `ERR_DER_BOOLEAN`, `ERR_DER_BIT_STRING`, `ERR_DER_DEPTH`, `ERR_DER_TRAILING_DATA`, `ERR_DER_TOO_LARGE`.
 */
export function normalizeBer(ber: Uint8Array, options: BerOptions = {}): Uint8Array {
  const { field = 'input', maxLength = 16 * 1024 * 1024, maxDepth = MAX_DEPTH, ...unknown } = options;
  unknown satisfies Record<string, never>;
  if (!(ber instanceof Uint8Array)) throw new TypeError(`Cannot read ${field}: not a Uint8Array`);
  if (ber.length > maxLength)
    throw new DerError('ERR_DER_TOO_LARGE', 0, field, `${ber.length} octets, at most ${maxLength} are read`);
  const scan = new BerScan(ber, field, maxDepth);
  const node = scan.element(ber.length, 0);
  if (scan.position !== ber.length)
    scan.refuse('ERR_DER_TRAILING_DATA', scan.position, `${ber.length - scan.position} octets left over`);
  return scan.isDer ? ber : encode(node);
}

/**
 * Joins the segments of an OCTET STRING that stands under another tag: the content of `[0] IMPLICIT OCTET STRING` in
 * constructed form, as CMS writers with streams make it.
 * @param content - Octets of the constructed element, already normalised.
 * @throws {@link DerError} `ERR_DER_TAG` when a segment is no OCTET STRING, and as {@link normalizeBer}.
 */
export function joinSegments(content: Uint8Array, field: string = 'input'): Uint8Array {
  const scan = new BerScan(content, field, MAX_DEPTH);
  return scan.joined(tags.octetString, scan.segments(content.length, false, tags.octetString, 1));
}

interface Header {
  readonly start: number;
  readonly tag: number;
  /** Where the content ends; `undefined` for the indefinite form. */
  readonly end: number | undefined;
}

/** One walk over the input. */
class BerScan {
  position = 0;
  /** Whether the lengths and strings met so far are DER's. */
  isDer = true;
  private elements = 0;
  private readonly bytes: Uint8Array;
  private readonly field: string;
  private readonly maxDepth: number;

  constructor(bytes: Uint8Array, field: string, maxDepth: number) {
    this.bytes = bytes;
    this.field = field;
    this.maxDepth = maxDepth;
  }

  refuse(code: DerErrorCode, offset: number, state: string): never {
    throw new DerError(code, offset, this.field, state);
  }

  /** Reads the next element; `limit` is where the one around it ends. */
  element(limit: number, depth: number): DerNode {
    const header = this.header(limit, depth);
    const { start, tag, end } = header;
    if ((tag & CONSTRUCTED) === 0) return this.primitive(header);
    if ((tag & 0xc0) !== 0 || COMPOSED.includes(tag)) return constructedFrom(tag, this.children(end, limit, depth));
    const type = tag & ~CONSTRUCTED;
    if (!SEGMENTED.includes(type)) this.refuse('ERR_DER_TAG', start, `${tagName(type)} in constructed form`);
    this.isDer = false;
    // X.690 §8.23: a character string is cut as if it were an OCTET STRING.
    const segments = this.segments(end ?? limit, end === undefined, type === 3 ? 3 : 4, depth + 1);
    return primitive(type, this.joined(type, segments));
  }

  private primitive({ start, tag, end }: Header): DerNode {
    if (tag === 0x10 || tag === 0x11) this.refuse('ERR_DER_TAG', start, `${tagName(tag)} in primitive form`);
    const content = this.bytes.subarray(this.position, end);
    this.position = end!; // only the constructed form is indefinite
    if (tag !== tags.boolean) return primitive(tag, content);
    if (content.length !== 1) this.refuse('ERR_DER_BOOLEAN', start, 'content is not one octet');
    if (content[0] === 0 || content[0] === 0xff) return primitive(tag, content);
    this.isDer = false;
    return primitive(tag, Uint8Array.of(0xff));
  }

  private children(end: number | undefined, limit: number, depth: number): readonly DerNode[] {
    const nodes: DerNode[] = [];
    while (!this.atEnd(end, limit)) nodes.push(this.element(end ?? limit, depth + 1));
    return nodes;
  }

  /** Contents of the segments of a string, however deep they are nested. */
  segments(limit: number, isIndefinite: boolean, type: number, depth: number): readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    while (!this.atEnd(isIndefinite ? undefined : limit, limit)) {
      const { start, tag, end } = this.header(limit, depth);
      if ((tag & ~CONSTRUCTED) !== type)
        this.refuse('ERR_DER_TAG', start, `expected a segment of ${tagName(type)}, found ${tagName(tag)}`);
      if ((tag & CONSTRUCTED) !== 0)
        for (const piece of this.segments(end ?? limit, end === undefined, type, depth + 1)) pieces.push(piece);
      else {
        pieces.push(this.bytes.subarray(this.position, end));
        this.position = end!; // only the constructed form is indefinite
      }
    }
    return pieces;
  }

  /** Segments in one piece; those of a BIT STRING each begin with their number of unused bits (X.690 §8.6.4). */
  joined(type: number, segments: readonly Uint8Array[]): Uint8Array {
    const skip = type === tags.bitString ? 1 : 0;
    let length = skip;
    let unusedBits = 0;
    for (const segment of segments) {
      if (skip === 1 && (segment.length === 0 || unusedBits !== 0))
        this.refuse('ERR_DER_BIT_STRING', this.position, 'a segment before the last ends within an octet, or is empty');
      if (skip === 1) unusedBits = segment[0]!;
      length += segment.length - skip;
    }
    const whole = new Uint8Array(length);
    if (skip === 1) whole[0] = unusedBits;
    let at = skip;
    for (const segment of segments) {
      whole.set(segment.subarray(skip), at);
      at += segment.length - skip;
    }
    return whole;
  }

  /** Whether an element ends here; passes over the end-of-contents octets of the indefinite form. */
  private atEnd(end: number | undefined, limit: number): boolean {
    if (end !== undefined) return this.position === end;
    if (this.position + 1 < limit && this.bytes[this.position] === 0 && this.bytes[this.position + 1] === 0) {
      this.position += 2;
      return true;
    }
    return false;
  }

  private header(limit: number, depth: number): Header {
    const { bytes } = this;
    const start = this.position;
    if (depth > this.maxDepth) this.refuse('ERR_DER_DEPTH', start, `more than ${this.maxDepth} levels deep`);
    if (++this.elements > MAX_ELEMENTS) this.refuse('ERR_DER_TOO_LARGE', start, `more than ${MAX_ELEMENTS} elements`);
    if (limit - start < 2) this.refuse('ERR_DER_TRUNCATED', start, 'expected an element, found the end');
    const tag = bytes[start]!;
    if ((tag & 0x1f) === 0x1f) this.refuse('ERR_DER_TAG', start, 'tag number above 30');
    if (tag === 0) this.refuse('ERR_DER_TAG', start, 'end-of-contents octets are no element');
    let at = start + 2;
    let length = bytes[start + 1]!;
    if (length === 0x80) {
      if ((tag & CONSTRUCTED) === 0) this.refuse('ERR_DER_LENGTH', start, 'length of a primitive type is indefinite');
      this.isDer = false;
      this.position = at;
      return { start, tag, end: undefined };
    }
    if (length > 0x80) {
      const octets = length & 0x7f;
      if (limit - at < octets) this.refuse('ERR_DER_TRUNCATED', start, 'length is cut');
      const first = bytes[at]!;
      length = 0;
      // Doubles hold lengths of six octets; what is larger is past the end anyway.
      for (const stop = at + octets; at < stop; at++) length = Math.min(length * 256 + bytes[at]!, 2 ** 45);
      if (length < 0x80 || first === 0) this.isDer = false;
    }
    if (length > limit - at)
      this.refuse('ERR_DER_TRUNCATED', start, `length ${length}, but ${limit - at} octets are left`);
    this.position = at;
    return { start, tag, end: at + length };
  }
}
