import { tags } from './tags.js';

/** Whether the octet is in the alphabet of PrintableString (X.680 §41.4). */
const isPrintable = (c: number): boolean =>
  (c >= 0x61 && c <= 0x7a) ||
  (c >= 0x41 && c <= 0x5a) ||
  (c >= 0x27 && c <= 0x3a && c !== 0x2a) ||
  c === 0x20 ||
  c === 0x3d ||
  c === 0x3f;

const isNumeric = (c: number): boolean => (c >= 0x30 && c <= 0x39) || c === 0x20;

/** Whether a text has only characters of PrintableString. */
export function fitsPrintableString(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isPrintable(text.charCodeAt(i))) return false;
  return true;
}

/** One character an octet; `undefined` at the first octet that is not allowed. */
function octets(bytes: Uint8Array, start: number, end: number, allowed: (c: number) => boolean): string | undefined {
  let text = '';
  for (let i = start; i < end; i++) {
    const c = bytes[i]!;
    if (!allowed(c)) return undefined;
    text += String.fromCharCode(c);
  }
  return text;
}

const isAscii = (c: number): boolean => c < 0x80;
const isVisible = (c: number): boolean => c >= 0x20 && c < 0x7f;
const isAnything = (): boolean => true;

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const ascii = octets(bytes, start, end, isAscii);
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
      return octets(bytes, start, end, isPrintable);
    case tags.ia5String:
      return octets(bytes, start, end, isAscii);
    case tags.numericString:
      return octets(bytes, start, end, isNumeric);
    case tags.visibleString:
      return octets(bytes, start, end, isVisible);
    case tags.teletexString:
      return octets(bytes, start, end, isAnything);
    case tags.bmpString:
      return decodeBmp(bytes, start, end);
    case tags.universalString:
      return decodeUniversal(bytes, start, end);
    default:
      return undefined;
  }
}

/** Octets of ASCII text, or `undefined` when a character is not allowed. */
function encodeOctets(text: string, allowed: (c: number) => boolean): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c > 0xff || !allowed(c)) return undefined;
    bytes[i] = c;
  }
  return bytes;
}

/** Content octets of a text in a character string type, or `undefined` when it does not fit. */
export function encodeString(tag: number, text: string): Uint8Array | undefined {
  switch (tag) {
    case tags.utf8String:
      return encodeOctets(text, isAscii) ?? (text.isWellFormed() ? new TextEncoder().encode(text) : undefined);
    case tags.printableString:
      return encodeOctets(text, isPrintable);
    case tags.ia5String:
      return encodeOctets(text, isAscii);
    case tags.numericString:
      return encodeOctets(text, isNumeric);
    case tags.visibleString:
      return encodeOctets(text, isVisible);
    case tags.teletexString:
      return encodeOctets(text, isAnything);
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
