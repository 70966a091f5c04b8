import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesGlob } from './pattern.js';

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
