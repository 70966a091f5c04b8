/**
 * What a person types; octets are taken as UTF-8. `null` is no password at all, which RFC 7292 tells from the empty one.
 * Text cannot be wiped: pass octets where that matters.
 */
export type Password = string | Uint8Array | null;

/** The octets that PBKDF2 and scrypt take (RFC 8018 §3), a new array. */
export const utf8Password = (password: Password): Uint8Array<ArrayBuffer> =>
  typeof password === 'string' ? new TextEncoder().encode(password) : new Uint8Array(password ?? []);

/**
 * The octets that RFC 7292 §B.1 takes, a new array: UTF-16 in big-endian order and two NUL octets; nothing for `null`.
 * @throws TypeError when octets are no UTF-8.
 */
export function bmpPassword(password: Password): Uint8Array<ArrayBuffer> {
  if (password === null) return new Uint8Array(0);
  const text = typeof password === 'string' ? password : decodeUtf8(password);
  const octets = new Uint8Array(2 * text.length + 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    octets[2 * i] = unit >> 8;
    octets[2 * i + 1] = unit;
  }
  return octets;
}

function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    // The cause would quote nothing, and must not.
    throw new TypeError('Cannot use the password: its octets are no UTF-8');
  }
}
