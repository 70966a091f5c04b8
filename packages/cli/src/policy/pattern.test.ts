import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob, matchesUri } from './pattern.js';

test.each<[string, string, boolean]>([
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['a', 'A', false],
  ['a*', 'a', true],
  ['a*c', 'abbc', true],
  ['a*c', 'abcb', false],
  ['*-*-x', 'a-b-c-x', true],
  ['**', 'abc', true],
  ['a.c', 'abc', false],
  ['?', 'a', false],
])('%j and %j', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['https://*.example.org/', 'https://a.example.org/', true],
  ['https://*.example.org/', 'https://evil.example?.example.org/', false],
  ['https://example.org:*', 'https://example.org:8443', true],
  ['https://example.org:*', 'https://example.org:1@evil.example', false],
  ['https://*.example.org/', 'https://evil.example:80.example.org/', false],
  ['https://*.example.org/', 'https://user:password.example.org/', false],
  ['urn:example:*', 'urn:example:a:b', false],
  ['https://example.org/a?b=*', 'https://example.org/a?b=c', true],
  ['https://example.org/a?*', 'https://example.org/a/b', false],
  ['https://example.org/*', 'https://example.org/a?admin', false],
])('URI pattern %j and %j', (pattern, uri, expected) => {
  expect(matchesUri(pattern, uri)).toBe(expected);
});

test('globs agree with regular expressions', () => {
  const alphabet = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
  fc.assert(
    fc.property(alphabet, fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 }), (pattern, text) => {
      const expression = pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*');
      expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${expression}$`).test(text));
    }),
    { seed: 20260901, numRuns: 2000 },
  );
});

test('a pattern made to backtrack ends at once', () => {
  expect(matchesGlob('*a'.repeat(100), 'a'.repeat(5000) + 'b')).toBe(false);
});
