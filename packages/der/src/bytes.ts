/** Whether two octet strings are the same. Not constant time: never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of two octet strings, a prefix before what it begins: negative, zero or positive (X.690 §11.6). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A new array holding the parts one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Lower-case hexadecimal, two digits an octet. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte < 16 ? '0' + byte.toString(16) : byte.toString(16);
  return text;
}

/**
 * Octets from hexadecimal of either case; white space and colons between octets are passed over.
 * @throws RangeError for anything else, with the position of the first digit that is none.
 */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/[\s:]/g, '');
  const stranger = digits.search(/[^0-9a-fA-F]/);
  if (stranger >= 0) throw new RangeError(`Cannot read hexadecimal: no digit at position ${stranger}`);
  if (digits.length % 2 !== 0) throw new RangeError(`Cannot read hexadecimal: odd number of digits ${digits.length}`);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
