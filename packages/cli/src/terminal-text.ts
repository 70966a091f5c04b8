const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text from outside as a terminal may show it: one line, without control sequences, invisible characters and marks that
 * turn the direction of writing. Each is shown as `\u{…}` with its code point.
 */
export const printable = (text: string): string =>
  text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** As {@link printable}, for a text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A value as indented JSON in which nothing but text is left that a terminal shows as it stands. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

/** Octets as `0a:1b:2c`, the way that certificates are compared by eye. */
export const colonHex = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(':');

/** A moment as `2026-09-01T12:00:00Z`. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
