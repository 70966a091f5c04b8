import { expect, test } from 'vitest';
import { withClaims } from './claims.js';
import { commandsInMarkdown, examplesInMarkdown, examplesInSource } from './extract.js';

test('blocks of ts and js are found in Markdown, with their lines', () => {
  const text = '# A\n\n```ts\nlet a: 1;\n```\n```sh\nls\n```\n```js no-run\nb();\nc();\n```\n';
  expect(examplesInMarkdown('a.md', text)).toEqual([
    { place: 'a.md:4', language: 'ts', runs: true, code: 'let a: 1;\n' },
    { place: 'a.md:10', language: 'js', runs: false, code: 'b();\nc();\n' },
  ]);
});

test('a block that continues belongs to the one before it', () => {
  const text = '```ts\na();\n```\nthen\n```ts continues\nb();\n```\n';
  expect(examplesInMarkdown('a.md', text)).toEqual([
    { place: 'a.md:2', language: 'ts', runs: true, code: 'a();\nb();\n' },
  ]);
  expect(() => examplesInMarkdown('a.md', '```js\na();\n```\n```ts continues\nb();\n```\n')).toThrow('a.md:5');
});

test('commands are the blocks of sh', () => {
  expect(commandsInMarkdown('a.md', '```sh\nls\n```\n```\nfile\n```\n```sh no-run\nkubectl get pods\n```\n')).toEqual([
    { place: 'a.md:2', runs: true, code: 'ls\n' },
    { place: 'a.md:8', runs: false, code: 'kubectl get pods\n' },
  ]);
  expect(() => commandsInMarkdown('a.md', '```sh norun\n```\n')).toThrow('unknown mark "norun"');
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
