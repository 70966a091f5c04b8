import { expect, test } from 'vitest';
import { withClaims } from './claims.js';
import { examplesInMarkdown, examplesInSource } from './extract.js';

test('blocks of ts and js are found in Markdown, with their lines', () => {
  const text = '# A\n\n```ts\nlet a: 1;\n```\n```sh\nls\n```\n```js no-run\nb();\nc();\n```\n';
  expect(examplesInMarkdown('a.md', text)).toEqual([
    { place: 'a.md:4', language: 'ts', runs: true, code: 'let a: 1;\n' },
    { place: 'a.md:10', language: 'js', runs: false, code: 'b();\nc();\n' },
  ]);
});

test('a misspelt mark is refused', () => {
  expect(() => examplesInMarkdown('a.md', '```ts norun\n```\n')).toThrow(
    'Cannot use the example at a.md:2: unknown mark "norun"',
  );
});

test('blocks after @example are found in doc comments', () => {
  const text =
    'const a = 1;\n  /**\n   * Adds.\n   * @example\n   * ```ts\n   * add(1, 2);\n   * ```\n   */\n/** None. */\n';
  expect(examplesInSource('a.ts', text)).toEqual([
    { place: 'a.ts:6', language: 'ts', runs: true, code: 'add(1, 2);\n' },
  ]);
});

test('an @example without a block is refused', () => {
  expect(() => examplesInSource('a.ts', '/**\n * @example add(1, 2)\n */\n')).toThrow('a.ts:1');
});

test.each([
  ["f(x); // 'y'", `globalThis["s"].was("'y'", f(x)); // 'y'`],
  ['if (a) {\n  console.log(b, c); // d e\n}', `if (a) {\n  globalThis["s"].said("d e", b, c); // d e\n}`],
  ['console.log(serial); // for example 7', 'console.log(serial); // for example 7'],
  ['f(x); // takes a while', 'f(x); // takes a while'],
  ['f(x);\n// 7', 'f(x);\n// 7'],
])('promises: %s', (code, expected) => {
  expect(withClaims(code, 's')).toBe(expected);
});
