import { expect, test } from 'vitest';
import { errorCodePage, errorCodes, meaningOf, unionsIn } from './error-codes.js';

test('every code has a row in the README of its package', () => {
  const codes = errorCodes();
  expect(codes.length).toBeGreaterThan(100);
  expect(codes.filter(({ meaning }) => meaning === undefined).map(({ code }) => code)).toEqual([]);
});

test('no two packages have the same code', () => {
  const codes = errorCodes().map(({ code }) => code);
  expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
});

test('unions are found in sources', () => {
  expect(unionsIn("export type AErrorCode =\n  | 'ERR_A'\n  | 'ERR_B';\nexport type B = 'ERR_C';\n")).toEqual([
    { code: 'ERR_A', type: 'AErrorCode' },
    { code: 'ERR_B', type: 'AErrorCode' },
  ]);
  expect(unionsIn("export type OneErrorCode = 'ERR_ONE';")).toEqual([{ code: 'ERR_ONE', type: 'OneErrorCode' }]);
});

test('a row may name several codes, and have more columns', () => {
  const readme = 'text `ERR_A`\n| `ERR_A`, `ERR_B` | what | limit |\n';
  expect(meaningOf('ERR_B', readme)).toBe('what; limit');
  expect(meaningOf('ERR_C', readme)).toBeUndefined();
  const each = '| `ERR_A`, `ERR_B` | one; another | limit |\n';
  expect(['ERR_A', 'ERR_B'].map((code) => meaningOf(code, each))).toEqual(['one; limit', 'another; limit']);
});

test('the page has an anchor for each code', () => {
  const page = errorCodePage([{ code: 'ERR_A', package: 'a', type: 'AErrorCode', meaning: 'what' }]);
  expect(page).toContain('## a\n');
  expect(page).toContain('| <a id="ERR_A"></a>`ERR_A` | `AErrorCode` | what |');
});
