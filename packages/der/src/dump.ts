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
 * @throws {@link DerError} at the first fault, `ERR_DER_DEPTH` past 32 levels.
 */
export function dumpLines(
  der: Uint8Array,
  { nameOf = () => undefined, maxOctets = 32 }: DumpOptions = {},
): readonly DumpLine[] {
  const lines: DumpLine[] = [];
  const walk = (reader: DerReader, depth: number): void => {
    while (!reader.done) {
      const offset = reader.offset;
      const tag = reader.peek();
      if (depth > MAX_DEPTH) reader.refuse('ERR_DER_DEPTH', offset, '', `more than ${MAX_DEPTH} levels deep`);
      const constructed = (tag & 0x20) !== 0;
      const at = lines.length;
      let value = '';
      if (constructed) {
        const inner = tag === tags.set ? reader.setOf('') : reader.sequence('', tag);
        lines.push({ offset, depth, byteLength: 0, type: tagName(tag), value });
        walk(inner, depth + 1);
      } else {
        value = describe(reader, tag, nameOf, maxOctets);
        lines.push({ offset, depth, byteLength: 0, type: tagName(tag), value });
        const content = carried(der.subarray(offset, reader.offset), tag);
        if (content !== undefined) {
          lines[at] = { ...lines[at]!, value: 'carries' };
          walkCarried(content, offset + (reader.offset - offset - content.length), depth + 1);
        }
      }
      lines[at] = { ...lines[at]!, byteLength: reader.offset - offset };
    }
  };
  const walkCarried = (content: Uint8Array, base: number, depth: number): void => {
    for (const line of dumpLines(content, { nameOf, maxOctets }))
      lines.push({ ...line, offset: line.offset + base, depth: line.depth + depth });
  };
  read(der, (reader) => walk(reader, 0), { field: 'value' });
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

/** What an OCTET STRING or a BIT STRING of whole octets carries, when that is DER of a constructed type. */
function carried(element: Uint8Array, tag: number): Uint8Array | undefined {
  if (tag !== tags.octetString && tag !== tags.bitString) return undefined;
  return read(element, (reader) => {
    const content = tag === tags.octetString ? reader.octetString('') : reader.bitString('').bytes;
    if (content.length < 2 || (content[0]! & 0x20) === 0) return undefined;
    try {
      dumpLines(content);
      return content;
    } catch (error) {
      if (error instanceof DerError) return undefined; // octets that only look like DER
      throw error;
    }
  });
}

function describe(reader: DerReader, tag: number, nameOf: (oid: Oid) => string | undefined, maxOctets: number): string {
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
