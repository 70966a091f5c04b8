import { type DerReader, type ReadOptions, read } from './reader.js';
import { tags } from './tags.js';

/** Constructed elements inside one another before giving up (`ERR_DER_DEPTH`). */
export const MAX_DEPTH = 32;

/**
 * Checks that the bytes are one DER element of any type, every universal type within it included.
 * For values whose type nobody knows; what OCTET STRING and BIT STRING carry is not looked into.
 * @throws {@link DerError} at the first fault, `ERR_DER_DEPTH` past {@link MAX_DEPTH} levels.
 */
export function checkDer(der: Uint8Array, options: ReadOptions = {}): void {
  read(der, (reader) => checkElement(reader, options.field ?? 'value', 0), options);
}

/** Reads the next element of a reader and checks all within. */
export function checkElement(reader: DerReader, field: string, depth: number): void {
  const tag = reader.peek();
  if (depth > MAX_DEPTH) reader.refuse('ERR_DER_DEPTH', reader.offset, field, `more than ${MAX_DEPTH} levels deep`);
  switch (tag) {
    case tags.boolean:
      reader.boolean(field);
      return;
    case tags.integer:
    case tags.enumerated:
      reader.integer(field, tag);
      return;
    case tags.bitString:
      reader.bitString(field);
      return;
    case tags.null:
      reader.null(field);
      return;
    case tags.oid:
      reader.oid(field);
      return;
    case tags.utcTime:
    case tags.generalizedTime:
      reader.time(field);
      return;
    case tags.utf8String:
    case tags.numericString:
    case tags.printableString:
    case tags.teletexString:
    case tags.ia5String:
    case tags.visibleString:
    case tags.universalString:
    case tags.bmpString:
      reader.string(field);
      return;
  }
  if (tag === tags.set) checkAll(reader.setOf(field), depth);
  else if (tag !== -1 && (tag & 0x20) !== 0) {
    if ((tag & 0xc0) === 0 && tag !== tags.sequence && tag !== 0x28 && tag !== 0x2b)
      reader.refuse('ERR_DER_TAG', reader.offset, field, 'a primitive type in constructed form');
    checkAll(reader.sequence(field, tag), depth);
  } else {
    if (tag === 0x10 || tag === 0x11)
      reader.refuse('ERR_DER_TAG', reader.offset, field, 'a constructed type in primitive form');
    reader.skip(field);
  }
}

/** Reads the next element, of any type and checked all within, as a view. */
export function readAny(reader: DerReader, field: string): Uint8Array {
  const start = reader.offset;
  checkElement(reader, field, 0);
  return reader.since(start);
}

function checkAll(reader: DerReader, depth: number): void {
  while (!reader.done) checkElement(reader, '', depth + 1);
}
