import { tags } from './tags.js';

/** Alphabets of the string types with one octet a character, as bits of {@link ALPHABETS}. */
const NUMERIC = 1;
const PRINTABLE = 2;
const VISIBLE = 4;
const ASCII = 8;
const LATIN = 16;

/** For each octet, the alphabets that it belongs to (X.680 §41). */
const ALPHABETS: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, c) => {
  const digit = c >= 0x30 && c <= 0x39;
  const letter = (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
  const mark = c === 0x20 || (c >= 0x27 && c <= 0x2f && c !== 0x2a) || c === 0x3a || c === 0x3d || c === 0x3f;
  return (
    (digit || c === 0x20 ? NUMERIC : 0) |
    (digit || letter || mark ? PRINTABLE : 0) |
    (c >= 0x20 && c < 0x7f ? VISIBLE : 0) |
    (c < 0x80 ? ASCII : 0) |
    LATIN
  );
});

/** Whether a text has only characters of PrintableString. */
export const fitsPrintableString = (text: string): boolean => fits(text, PRINTABLE);

/**
 * One character an octet; `undefined` when an octet is not of the alphabet. Eight and four at a time take half as long as one
 * by one (benchmarks/parse).
 */
function octets(bytes: Uint8Array, start: number, end: number, alphabet: number): string | undefined {
  let text = '';
  let at = start;
  let common = alphabet;
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at]!;
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    const d = bytes[at + 3]!;
    const e = bytes[at + 4]!;
    const f = bytes[at + 5]!;
    const g = bytes[at + 6]!;
    const h = bytes[at + 7]!;
    common &= ALPHABETS[a]! & ALPHABETS[b]! & ALPHABETS[c]! & ALPHABETS[d]!;
    common &= ALPHABETS[e]! & ALPHABETS[f]! & ALPHABETS[g]! & ALPHABETS[h]!;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  if (at + 4 <= end) {
    const a = bytes[at]!;
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    const d = bytes[at + 3]!;
    common &= ALPHABETS[a]! & ALPHABETS[b]! & ALPHABETS[c]! & ALPHABETS[d]!;
    text += String.fromCharCode(a, b, c, d);
    at += 4;
  }
  for (; at < end; at++) {
    common &= ALPHABETS[bytes[at]!]!;
    text += String.fromCharCode(bytes[at]!);
  }
  return common === 0 ? undefined : text;
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const ascii = octets(bytes, start, end, ASCII);
  if (ascii !== undefined) return ascii;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
  } catch {
    return undefined; // the caller reports the place
  }
}

/** UCS-2 big-endian: surrogates are no characters of the Basic Multilingual Plane (X.680 §41.15). */
function decodeBmp(bytes: Uint8Array, start: number, end: number): string | undefined {
  if ((end - start) % 2 !== 0) return undefined;
  let text = '';
  for (let i = start; i < end; i += 2) {
    const unit = (bytes[i]! << 8) | bytes[i + 1]!;
    if (unit >= 0xd800 && unit <= 0xdfff) return undefined;
    text += String.fromCharCode(unit);
  }
  return text;
}

function decodeUniversal(bytes: Uint8Array, start: number, end: number): string | undefined {
  if ((end - start) % 4 !== 0) return undefined;
  let text = '';
  for (let i = start; i < end; i += 4) {
    const point = bytes[i]! * 0x1000000 + ((bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}

/**
 * Text of a character string type, by its tag. TeletexString is read as ISO 8859-1, as everybody else does.
 * @returns `undefined` when the tag is no character string or the content is not of its alphabet.
 */
export function decodeString(tag: number, bytes: Uint8Array, start: number, end: number): string | undefined {
  switch (tag) {
    case tags.utf8String:
      return decodeUtf8(bytes, start, end);
    case tags.printableString:
      return octets(bytes, start, end, PRINTABLE);
    case tags.ia5String:
      return octets(bytes, start, end, ASCII);
    case tags.numericString:
      return octets(bytes, start, end, NUMERIC);
    case tags.visibleString:
      return octets(bytes, start, end, VISIBLE);
    case tags.teletexString:
      return octets(bytes, start, end, LATIN);
    case tags.bmpString:
      return decodeBmp(bytes, start, end);
    case tags.universalString:
      return decodeUniversal(bytes, start, end);
    default:
      return undefined;
  }
}

/** Whether all characters are of an alphabet. */
function fits(text: string, alphabet: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 0xff || (ALPHABETS[c]! & alphabet) === 0) return false;
  }
  return true;
}

/** The text itself, whose characters are its octets, or `undefined` when one is not of the alphabet. */
const itself = (text: string, alphabet: number): string | undefined => (fits(text, alphabet) ? text : undefined);

/**
 * Content of a text in a character string type, or `undefined` when it does not fit. Where each character is one octet, that
 * is the text: a writer copies them anyway, and an array takes longer to make than to fill.
 */
export function encodeString(tag: number, text: string): Uint8Array | string | undefined {
  switch (tag) {
    case tags.utf8String:
      return itself(text, ASCII) ?? (text.isWellFormed() ? new TextEncoder().encode(text) : undefined);
    case tags.printableString:
      return itself(text, PRINTABLE);
    case tags.ia5String:
      return itself(text, ASCII);
    case tags.numericString:
      return itself(text, NUMERIC);
    case tags.visibleString:
      return itself(text, VISIBLE);
    case tags.teletexString:
      return itself(text, LATIN);
    case tags.bmpString: {
      const bytes = new Uint8Array(2 * text.length);
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit >= 0xd800 && unit <= 0xdfff) return undefined;
        bytes[2 * i] = unit >> 8;
        bytes[2 * i + 1] = unit & 0xff;
      }
      return bytes;
    }
    case tags.universalString: {
      if (!text.isWellFormed()) return undefined;
      const points = Array.from(text, (character) => character.codePointAt(0)!);
      const bytes = new Uint8Array(4 * points.length);
      const view = new DataView(bytes.buffer);
      for (const [i, point] of points.entries()) view.setUint32(4 * i, point);
      return bytes;
    }
    default:
      return undefined;
  }
}
