import { expect, test } from 'vitest';
import { colonHex, formatTime, printable, printableJson, printableLines } from './terminal-text.js';

test.each([
  ['colour', '\u001b[31mred', '\\u{1b}[31mred'],
  ['another line', 'a\nb', 'a\\u{a}b'],
  ['C1 control', 'a\u009b31m', 'a\\u{9b}31m'],
  ['right to left', 'a\u202egpj.exe', 'a\\u{202e}gpj.exe'],
  ['invisible', 'pay\u200bpal', 'pay\\u{200b}pal'],
  ['lone surrogate', 'a\ud800', 'a\\u{d800}'],
  ['tag beyond the first plane', '\u{e0041}', '\\u{e0041}'],
  ['text of any script', 'Müller 山田', 'Müller 山田'],
])('%s', (_name, text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(printable(shown)).toBe(shown);
});

test('several lines stay lines', () => {
  expect(printableLines('a\u001b[2J\nb\r')).toBe('a\\u{1b}[2J\nb\\u{d}');
});

test('JSON stays the same value and shows nothing but text', () => {
  const value = { a: ['\u001b[31m', '\u009b', '\u202e', '\u{e0041}', 'Müller', 1, true] };
  const json = printableJson(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(json).toContain('\n  "a": [');
});

test('octets and moments', () => {
  expect(colonHex(Uint8Array.of(0, 10, 255))).toBe('00:0a:ff');
  expect(formatTime(0)).toBe('1970-01-01T00:00:00Z');
});
