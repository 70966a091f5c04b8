export { checkDer, checkElement, MAX_DEPTH, readAny } from './any.js';
export type { BitString } from './bit-string.js';
export { compareBytes, concatBytes, equalBytes, fromHex, toHex } from './bytes.js';
export { DerError, type DerErrorCode } from './errors.js';
export { decodeOid, encodeOid, type Oid } from './oid.js';
export { type DerReader, type ReadOptions, read } from './reader.js';
export { fitsPrintableString } from './strings.js';
export { contextConstructedTag, contextTag, tagName, tags } from './tags.js';
export { decodeTime, formatDuration, type Seconds } from './time.js';
export {
  bitString,
  boolean,
  type Child,
  constructed,
  type DerNode,
  encode,
  encodeInto,
  enumerated,
  explicit,
  generalizedTime,
  headerLength,
  ia5String,
  implicit,
  integer,
  namedBits,
  nullValue,
  octetString,
  oid,
  primitive,
  printableString,
  raw,
  sequence,
  setOf,
  string,
  time,
  unsignedInteger,
  utf8String,
  writeHeader,
} from './writer.js';
