import { DerError, tags } from '@mayfly/der';

/** Identifier and length of an element, and where it lies; offsets count from the start of the input. */
export interface Header {
  readonly tag: number;
  readonly offset: number;
  readonly contentOffset: number;
  readonly end: number;
}

/** Bit of the identifier octet of what holds other elements. */
export const CONSTRUCTED = 0x20;

/**
 * Reads a header only to find the way through: lengths that are longer than they need to be pass, since the strict readers
 * of the formats have named them.
 * @throws {@link DerError} where there is no way on: `ERR_DER_TRUNCATED`, `ERR_DER_LENGTH`, `ERR_DER_TAG`.
 */
export function readHeader(bytes: Uint8Array, offset: number, limit: number, path: string): Header {
  const refuse = (code: DerError['code'], state: string): never => {
    throw new DerError(code, offset, path, state);
  };
  const tag = bytes[offset]!;
  if (tag === 0) refuse('ERR_DER_TAG', 'end-of-contents octets are no element');
  let at = offset + 1;
  if ((tag & 0x1f) === 0x1f) while (at < limit && bytes[at++]! >= 0x80);
  if (at >= limit) refuse('ERR_DER_TRUNCATED', 'length is missing');
  let length = bytes[at++]!;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets === 0) refuse('ERR_DER_LENGTH', 'length is indefinite');
    if (octets > 4) refuse('ERR_DER_LENGTH', `length takes ${octets} octets`);
    if (limit - at < octets) refuse('ERR_DER_TRUNCATED', 'length is cut');
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!;
  }
  if (length > limit - at) refuse('ERR_DER_TRUNCATED', `length ${length}, but ${limit - at} octets are left`);
  return { tag, offset, contentOffset: at, end: at + length };
}

/** Whether some octets are exactly one constructed element whose elements fill it, as far as `depth` levels down. */
export function isOneStructure(bytes: Uint8Array, start: number, end: number, depth: number = 8): boolean {
  if (end - start < 2 || (bytes[start]! & CONSTRUCTED) === 0 || (bytes[start]! & 0x1f) === 0x1f) return false;
  return fills(bytes, start, end, depth, true);
}

function fills(bytes: Uint8Array, start: number, end: number, depth: number, single: boolean): boolean {
  try {
    for (let at = start; at < end; ) {
      const header = readHeader(bytes, at, end, '');
      if (single && header.end !== end) return false;
      const isNested = (header.tag & CONSTRUCTED) !== 0 && depth > 0;
      if (isNested && !fills(bytes, header.contentOffset, header.end, depth - 1, false)) return false;
      at = header.end;
    }
    return true;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Where a string's octets begin that may carry an element: behind the number of unused bits of a BIT STRING. */
export const carriedOffset = ({ tag, contentOffset }: Header): number =>
  tag === tags.bitString ? contentOffset + 1 : contentOffset;
