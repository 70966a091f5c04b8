import { type BitString, bitStringFault } from './bit-string.js';
import { compareBytes } from './bytes.js';
import { DerError, type DerErrorCode } from './errors.js';
import { integerFault, toBigInt, toNumber } from './integer.js';
import { decodeOid, type Oid } from './oid.js';
import { decodeString } from './strings.js';
import { contextConstructedTag, describeTag, tagName, tagNumberEnd, tags } from './tags.js';
import { decodeTime, type Seconds, shownTime } from './time.js';

export interface ReadOptions {
  /** First part of the error path. Default `input`. */
  readonly field?: string;
  /** Longest input accepted, in octets. Default 16 MiB; formats set their own. */
  readonly maxLength?: number;
}

/**
 * Runs `body` over the whole input.
 * @returns What `body` returns.
 * @throws {@link DerError} `ERR_DER_TRAILING_DATA` when `body` leaves something unread, `ERR_DER_TOO_LARGE` before
 * anything is read, and whatever the reader finds.
 */
export function read<T>(
  der: Uint8Array,
  body: (reader: DerReader) => T,
  { field = 'input', maxLength = 16 * 1024 * 1024 }: ReadOptions = {},
): T {
  if (!(der instanceof Uint8Array)) throw new TypeError(`Cannot read ${field}: not a Uint8Array`);
  if (der.length > maxLength)
    throw new DerError('ERR_DER_TOO_LARGE', 0, field, `${der.length} octets, at most ${maxLength} are read`);
  const reader = new DerReader(der, 0, der.length, undefined, field, true);
  const result = body(reader);
  reader.end();
  return result;
}

/**
 * A cursor over one buffer that accepts exactly DER (X.690 §10): definite minimal lengths, low tag numbers, nothing
 * left over. Each method reads the next element and moves behind it. `field` names the element for the error path, as
 * the RFC does; an empty one means "the next element of this list" and shows as `[2]`, or adds nothing where only one
 * element can be: in the input as a whole, in EXPLICIT tags and in strings that carry DER.
 */
export class DerReader {
  private readonly bytes: Uint8Array;
  private position: number;
  private readonly limit: number;
  private readonly parent: DerReader | undefined;
  private readonly label: string;
  /** Position in the parent's list, for readers without a label. */
  private readonly index: number;
  /** Whether this holds one element, not a list, so that the element needs no name of its own. */
  private readonly single: boolean;
  /** Elements read so far. */
  private count = 0;
  /** Content of the element whose header was read last. */
  private contentStart = 0;
  private contentEnd = 0;

  /** Use {@link read}. */
  constructor(
    bytes: Uint8Array,
    start: number,
    limit: number,
    parent: DerReader | undefined,
    label: string,
    single: boolean = false,
  ) {
    this.bytes = bytes;
    this.position = start;
    this.limit = limit;
    this.parent = parent;
    this.label = label;
    this.single = single;
    this.index = parent === undefined ? 0 : parent.count - 1;
  }

  /** Whether everything here was read. */
  get done(): boolean {
    return this.position === this.limit;
  }

  /** Bytes from the start of the outermost input to the next element. */
  get offset(): number {
    return this.position;
  }

  /** Next identifier octet, or -1 at the end. */
  peek(): number {
    return this.position < this.limit ? this.bytes[this.position]! : -1;
  }

  /** Descends into a SEQUENCE, or into `tag` where it is IMPLICIT. */
  sequence(field: string, tag: number = tags.sequence): DerReader {
    this.header(tag, field);
    return new DerReader(this.bytes, this.contentStart, this.contentEnd, this, field);
  }

  /** Descends into a SET OF whose elements stand in ascending order of their encodings (X.690 §11.6). */
  setOf(field: string, tag: number = tags.set): DerReader {
    this.header(tag, field);
    const { bytes, contentStart, contentEnd } = this;
    const set = new DerReader(bytes, contentStart, contentEnd, this, field);
    // One element with a short length, as in nearly every name, is in order (benchmarks/parse).
    if (contentEnd - contentStart !== bytes[contentStart + 1]! + 2) set.requireAscending();
    return set;
  }

  /** Descends into `[tagNumber] EXPLICIT`; the caller reads the one element inside and then `end()`s it. */
  explicit(tagNumber: number, field: string): DerReader {
    return this.carrier(contextConstructedTag(tagNumber), field);
  }

  /** Descends into an OCTET STRING that carries DER (extnValue, PKCS#8 privateKey). */
  encapsulated(field: string, tag: number = tags.octetString): DerReader {
    return this.carrier(tag, field);
  }

  /** Content octets of an element with this tag, as a view. */
  value(tag: number, field: string): Uint8Array {
    this.header(tag, field);
    return this.bytes.subarray(this.contentStart, this.contentEnd);
  }

  /** Next element with its header, as a view; of any tag unless one is asked for. Its content is not looked into. */
  element(field: string, tag?: number): Uint8Array {
    const start = this.position;
    this.header(tag ?? this.anyTag(field), field);
    return this.bytes.subarray(start, this.position);
  }

  /** Passes over the next element. */
  skip(field: string, tag?: number): void {
    this.header(tag ?? this.anyTag(field), field);
  }

  /**
   * Passes over the next element when it is `known` to the octet, and stays before it otherwise: what was decoded once need
   * not be decoded again where the same octets stand.
   * @param known - DER of one element.
   * @returns Whether it was.
   */
  skipIfEqual(known: Uint8Array): boolean {
    const { bytes, position } = this;
    const { length } = known;
    if (length === 0 || length > this.limit - position) return false;
    for (let i = 0; i < length; i++) if (bytes[position + i] !== known[i]) return false;
    this.count++;
    this.position = position + length;
    return true;
  }

  /** Everything read here since `offset` was `start`, as a view: the bytes of what was decoded. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.position);
  }

  boolean(field: string, tag: number = tags.boolean): boolean {
    const start = this.header(tag, field);
    const octet = this.bytes[this.contentStart];
    if (this.contentEnd - this.contentStart !== 1 || (octet !== 0 && octet !== 0xff))
      this.refuse('ERR_DER_BOOLEAN', start, field, 'content is neither 00 nor FF');
    return octet === 0xff;
  }

  integer(field: string, tag: number = tags.integer): bigint {
    const start = this.header(tag, field);
    this.requireInteger(start, field);
    return toBigInt(this.bytes, this.contentStart, this.contentEnd);
  }

  /** An INTEGER of at most 2⁵³ − 1 in size, either sign. */
  smallInteger(field: string, tag: number = tags.integer): number {
    const start = this.header(tag, field);
    this.requireInteger(start, field);
    const value = toNumber(this.bytes, this.contentStart, this.contentEnd);
    if (value === undefined) this.refuse('ERR_DER_INTEGER', start, field, 'value does not fit 53 bits');
    return value;
  }

  /** Two's complement of an INTEGER of any size, in the fewest octets, as a view. */
  integerOctets(field: string, tag: number = tags.integer): Uint8Array {
    const start = this.header(tag, field);
    this.requireInteger(start, field);
    return this.bytes.subarray(this.contentStart, this.contentEnd);
  }

  /** Magnitude of an INTEGER ≥ 0 without leading zeros, as a view; empty for zero. */
  unsignedInteger(field: string, tag: number = tags.integer): Uint8Array {
    const start = this.header(tag, field);
    this.requireInteger(start, field);
    const first = this.bytes[this.contentStart]!;
    if (first >= 0x80) this.refuse('ERR_DER_INTEGER', start, field, 'value is negative');
    return this.bytes.subarray(first === 0 ? this.contentStart + 1 : this.contentStart, this.contentEnd);
  }

  enumerated(field: string, tag: number = tags.enumerated): number {
    return this.smallInteger(field, tag);
  }

  oid(field: string, tag: number = tags.oid): Oid {
    const start = this.header(tag, field);
    const oid = decodeOid(this.bytes, this.contentStart, this.contentEnd);
    if (oid === undefined) this.refuse('ERR_DER_OID', start, field, 'arcs are empty, padded, cut or too long');
    return oid;
  }

  null(field: string, tag: number = tags.null): void {
    const start = this.header(tag, field);
    if (this.contentEnd !== this.contentStart) this.refuse('ERR_DER_NULL', start, field, 'content is not empty');
  }

  /** The octets are a view. Bits past the last used one are zero, or it is no DER (X.690 §11.2.1). */
  bitString(field: string, tag: number = tags.bitString): BitString {
    const start = this.header(tag, field);
    const { bytes, contentStart, contentEnd } = this;
    const fault = bitStringFault(bytes, contentStart, contentEnd);
    if (fault !== undefined) this.refuse(fault.code, start, field, fault.state);
    return { bytes: bytes.subarray(contentStart + 1, contentEnd), unusedBits: bytes[contentStart]! };
  }

  /** A BIT STRING of whole octets, as keys and signatures are; a view. */
  bitStringOctets(field: string, tag: number = tags.bitString): Uint8Array {
    const start = this.header(tag, field);
    if (this.contentEnd === this.contentStart || this.bytes[this.contentStart] !== 0)
      this.refuse('ERR_DER_BIT_STRING', start, field, 'not a whole number of octets');
    return this.bytes.subarray(this.contentStart + 1, this.contentEnd);
  }

  /** Descends into a BIT STRING that carries DER. */
  encapsulatedInBitString(field: string, tag: number = tags.bitString): DerReader {
    this.bitStringOctets(field, tag);
    return new DerReader(this.bytes, this.contentStart + 1, this.contentEnd, this, field, true);
  }

  octetString(field: string, tag: number = tags.octetString): Uint8Array {
    return this.value(tag, field);
  }

  /** UTCTime or GeneralizedTime, in the one form each that RFC 5280 §4.1.2.5 allows. */
  time(field: string): Seconds {
    const tag = this.peek() === tags.generalizedTime ? tags.generalizedTime : tags.utcTime;
    const start = this.header(tag, field);
    const wide = this.contentEnd - this.contentStart === 15;
    const value = decodeTime(this.bytes, this.contentStart, this.contentEnd);
    if (value === undefined || wide !== (tag === tags.generalizedTime)) this.refuseTime(start, field);
    return value;
  }

  /** `YYYYMMDDHHMMSSZ` under the universal tag or an IMPLICIT one. */
  generalizedTime(field: string, tag: number = tags.generalizedTime): Seconds {
    const start = this.header(tag, field);
    const value = decodeTime(this.bytes, this.contentStart, this.contentEnd);
    if (value === undefined || this.contentEnd - this.contentStart !== 15) this.refuseTime(start, field);
    return value;
  }

  /** Any character string type, decoded by its own tag. */
  string(field: string): string {
    const tag = this.peek();
    return this.stringOf(tag === -1 ? tags.utf8String : tag, field);
  }

  /** A character string of type `type`, under `tag` where that is IMPLICIT. */
  stringOf(type: number, field: string, tag: number = type): string {
    const start = this.header(tag, field);
    const text = decodeString(type, this.bytes, this.contentStart, this.contentEnd);
    if (text === undefined) this.refuse('ERR_DER_STRING', start, field, `content is no ${tagName(type)}`);
    return text;
  }

  /**
   * Asserts that everything here was read.
   * @throws {@link DerError} `ERR_DER_TRAILING_DATA`.
   */
  end(): void {
    if (this.position !== this.limit)
      throw new DerError(
        'ERR_DER_TRAILING_DATA',
        this.position,
        this.path(),
        `${this.limit - this.position} octets left over`,
      );
  }

  /**
   * Refuses what the reader above has just understood but cannot accept; for rules of a format, not of DER.
   * @param offset - Where it stands; the reader's `offset` from before it was read.
   */
  refuse(code: DerErrorCode, offset: number, field: string, state: string): never {
    throw new DerError(code, offset, this.path(field), state);
  }

  private refuseTime(start: number, field: string): never {
    const shown = shownTime(this.bytes, this.contentStart, this.contentEnd);
    this.refuse('ERR_DER_TIME', start, field, `malformed time "${shown}"`);
  }

  private carrier(tag: number, field: string): DerReader {
    this.header(tag, field);
    return new DerReader(this.bytes, this.contentStart, this.contentEnd, this, field, true);
  }

  /** Where this stands, `certificate.tbsCertificate.extensions[2]`, and one field further when it is given. */
  path(field?: string): string {
    const here = this.parent === undefined ? this.label : this.parent.join(this.label, this.index);
    return field === undefined ? here : this.join(field, this.count - 1);
  }

  /** The path of an element in here. */
  private join(label: string, index: number): string {
    const here = this.path();
    if (label !== '') return `${here}.${label}`;
    return this.single ? here : `${here}[${index}]`;
  }

  /** The next identifier octet, for elements of any type. */
  private anyTag(field: string): number {
    const tag = this.peek();
    if (tag === 0) {
      this.count++;
      this.refuse('ERR_DER_TAG', this.position, field, 'end-of-contents octets are no element');
    }
    return tag === -1 ? tags.sequence : tag;
  }

  /** Reads identifier and length, checks both, moves behind the content. Returns where the element started. */
  private header(tag: number, field: string): number {
    const start = this.position;
    const content = start + 2;
    this.count++;
    // The common case, small enough to be inlined where it is called (benchmarks/parse).
    if (content <= this.limit && this.bytes[start] === tag) {
      const length = this.bytes[start + 1]!;
      if (length < 0x80 && content + length <= this.limit && (tag & 0x1f) !== 0x1f) {
        this.contentStart = content;
        this.contentEnd = content + length;
        this.position = content + length;
        return start;
      }
    }
    return this.longHeader(tag, field, start);
  }

  /** {@link header} for lengths in the long form, and for every fault. */
  private longHeader(tag: number, field: string, start: number): number {
    const { bytes, limit } = this;
    if (start >= limit) this.refuse('ERR_DER_TRUNCATED', start, field, `expected ${tagName(tag)}, found the end`);
    const found = bytes[start]!;
    if (found !== tag)
      this.refuse('ERR_DER_TAG', start, field, `expected ${tagName(tag)}, found ${describeTag(found)}`);
    const tagEnd = (found & 0x1f) === 0x1f ? tagNumberEnd(bytes, start, limit) : start + 1;
    if (typeof tagEnd !== 'number') this.refuse(tagEnd.code, start, field, tagEnd.state);
    let at = tagEnd;
    if (at >= limit) this.refuse('ERR_DER_TRUNCATED', start, field, 'length is missing');
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) this.refuse('ERR_DER_LENGTH', start, field, 'length is indefinite');
      if (octets > 4) this.refuse('ERR_DER_LENGTH', start, field, `length takes ${octets} octets, at most 4 are read`);
      if (limit - at < octets) this.refuse('ERR_DER_TRUNCATED', start, field, 'length is cut');
      const first = bytes[at]!;
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!;
      if (length < 0x80 || first === 0)
        this.refuse('ERR_DER_LENGTH', start, field, `length ${length} is not in its shortest form`);
    }
    if (length > limit - at)
      this.refuse('ERR_DER_TRUNCATED', start, field, `length ${length}, but ${limit - at} octets are left`);
    this.contentStart = at;
    this.contentEnd = at + length;
    this.position = at + length;
    return start;
  }

  private requireInteger(start: number, field: string): void {
    const fault = integerFault(this.bytes, this.contentStart, this.contentEnd);
    if (fault !== undefined) this.refuse(fault.code, start, field, fault.state);
  }

  /** Checks the order of a SET OF without moving. */
  private requireAscending(): void {
    const { bytes, position, limit } = this;
    let before: Uint8Array | undefined;
    while (this.position < limit) {
      const start = this.position;
      this.header(this.anyTag(''), '');
      if (before === undefined && this.position === limit) break;
      const element = bytes.subarray(start, this.position);
      if (before !== undefined && compareBytes(before, element) > 0)
        this.refuse('ERR_DER_SET_ORDER', start, '', 'element is less than the one before it');
      before = element;
    }
    this.position = position;
    this.count = 0;
  }
}
