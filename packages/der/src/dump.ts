import { MAX_DEPTH } from './any.js';
import { toHex } from './bytes.js';
import { DerError } from './errors.js';
import type { Oid } from './oid.js';
import { type DerReader, read } from './reader.js';
import { tagName, tags } from './tags.js';

export interface DumpOptions {
  /** Name of an OID, shown behind it. */
  readonly nameOf?: (oid: Oid) => string | undefined;
  /** Octets of a value shown at most, in hexadecimal. Default 32. */
  readonly maxOctets?: number;
}

/** One element as a dump shows it. */
export interface DumpLine {
  /** Bytes from the start of the input. */
  readonly offset: number;
  readonly depth: number;
  /** Octets of the whole element, header included. */
  readonly byteLength: number;
  /** For example `SEQUENCE`, `[0]`. */
  readonly type: string;
  /** Text of a primitive value; empty for constructed ones. */
  readonly value: string;
}

/**
 * Every element of a DER value, in the order of the bytes. OCTET STRINGs and BIT STRINGs that carry DER are looked into.
 * What they carry is shown as octets past 32 levels.
 * @throws {@link DerError} at the first fault, `ERR_DER_DEPTH` past 32 levels of elements.
 */
export function dumpLines(
  der: Uint8Array,
  { nameOf = () => undefined, maxOctets = 32 }: DumpOptions = {},
): readonly DumpLine[] {
  return read(der, (reader) => elements(reader, 0, 0, { nameOf, maxOctets }), { field: 'value' });
}

/** The elements that a reader has left; `base` is where its input starts in the outermost. */
function elements(reader: DerReader, base: number, depth: number, options: Required<DumpOptions>): DumpLine[] {
  const lines: DumpLine[] = [];
  while (!reader.done) {
    const start = reader.offset;
    const tag = reader.peek();
    if (depth > MAX_DEPTH) reader.refuse('ERR_DER_DEPTH', start, '', `more than ${MAX_DEPTH} levels deep`);
    const line = { offset: base + start, depth, type: tagName(tag) };
    if ((tag & 0x20) !== 0) {
      const inner = tag === tags.set ? reader.setOf('') : reader.sequence('', tag);
      lines.push({ ...line, byteLength: reader.offset - start, value: '' });
      for (const below of elements(inner, base, depth + 1, options)) lines.push(below);
    } else {
      const value = describe(reader, tag, options);
      const carried = carriedElements(reader.since(start), tag, base + reader.offset, depth + 1, options);
      lines.push({ ...line, byteLength: reader.offset - start, value: carried === undefined ? value : 'carries' });
      for (const below of carried ?? []) lines.push(below);
    }
  }
  return lines;
}

/** {@link dumpLines} as text: offset, length, type and value, indented by depth. */
export function dump(der: Uint8Array, options: DumpOptions = {}): string {
  return dumpLines(der, options)
    .map(({ offset, depth, byteLength, type, value }) =>
      `${String(offset).padStart(5)} ${String(byteLength).padStart(5)}  ${'  '.repeat(depth)}${type} ${value}`.trimEnd(),
    )
    .join('\n');
}

/**
 * What an OCTET STRING or a BIT STRING of whole octets carries, when that is DER of a constructed type. Read once, however
 * deep it goes: reading it to see whether it can be read doubles the work at every level.
 * @param end - Where the string ends in the outermost input.
 */
function carriedElements(
  string: Uint8Array,
  tag: number,
  end: number,
  depth: number,
  options: Required<DumpOptions>,
): readonly DumpLine[] | undefined {
  if (tag !== tags.octetString && tag !== tags.bitString) return undefined;
  const { bytes: content, unusedBits } = read(string, (reader) =>
    tag === tags.octetString ? { bytes: reader.octetString(''), unusedBits: 0 } : reader.bitString(''),
  );
  if (unusedBits !== 0 || content.length < 2 || (content[0]! & 0x20) === 0) return undefined;
  try {
    return read(content, (reader) => elements(reader, end - content.length, depth, options));
  } catch (error) {
    if (error instanceof DerError) return undefined; // octets that only look like DER, or go too deep
    throw error;
  }
}

function describe(reader: DerReader, tag: number, { nameOf, maxOctets }: Required<DumpOptions>): string {
  const shorten = (bytes: Uint8Array): string =>
    bytes.length > maxOctets ? `${toHex(bytes.subarray(0, maxOctets))}… (${bytes.length} octets)` : toHex(bytes);
  switch (tag) {
    case tags.boolean:
      return reader.boolean('') ? 'TRUE' : 'FALSE';
    case tags.integer:
    case tags.enumerated: {
      const value = reader.integer('', tag);
      return value >= -(2n ** 63n) && value < 2n ** 64n ? String(value) : `0x${value.toString(16)}`;
    }
    case tags.null:
      reader.null('');
      return '';
    case tags.oid: {
      const oid = reader.oid('');
      const name = nameOf(oid);
      return name === undefined ? oid : `${oid} (${name})`;
    }
    case tags.utcTime:
    case tags.generalizedTime:
      return new Date(reader.time('') * 1000).toISOString().replace('.000Z', 'Z');
    case tags.bitString: {
      const { bytes, unusedBits } = reader.bitString('');
      return unusedBits === 0 ? shorten(bytes) : `${shorten(bytes)} less ${unusedBits} bits`;
    }
    case tags.utf8String:
    case tags.numericString:
    case tags.printableString:
    case tags.teletexString:
    case tags.ia5String:
    case tags.visibleString:
    case tags.universalString:
    case tags.bmpString:
      return JSON.stringify(reader.string(''));
    default:
      return shorten(reader.value(tag, ''));
  }
}
