import { expect, test } from 'vitest';
import { parseModule } from './modules.js';
import { sideEffects } from './purity.js';

const check = (text: string): readonly string[] => sideEffects(parseModule('low', 'a.ts', text));

test.each([
  "import { a } from './a.js';",
  "import type { A } from './a.js';",
  "export * from './a.js';",
  "export const a = 1, b = 'c', d = 2n ** 64n, e = /f/;",
  'export const a: readonly number[] = [1, ...b, { c: d.e }] as const;',
  'export const a = (): number => f();',
  'export function a(b = f()): void { g(b); }',
  'export const a = /* @__PURE__ */ new Map([[1, 2]]);',
  'export const a = /* @__PURE__ */ f(/* @__PURE__ */ g());',
  'export const a = b satisfies Record<string, string>;',
  "export class A extends Error { static readonly b = 1; override readonly name = 'A'; c = f(); }",
  'export type A = { b: string };\nexport interface B { c(): void }',
  'declare const a: unique symbol;',
])('nothing happens on import of: %s', (text) => {
  expect(check(text)).toEqual([]);
});

test.each([
  ["import './a.js';", 'imports for the effect alone'],
  ['const a = f();', 'calls f'],
  ['const a = new Map();', 'calls Map'],
  ['const a = { b: [f()] };', 'calls f'],
  ['const a = /* @__PURE__ */ f(g());', 'calls g'],
  ['const a = /* @__PURE__ */ b(f()).c();', 'calls f'],
  ['const a = /* PURE */ f();', 'calls f'],
  ['const a = b`c`;', 'calls b'],
  ['const a = await b;', 'waits'],
  ['const a = (b = 1);', 'assigns'],
  ['const a = b++;', 'assigns'],
  ['let a = 1;', 'makes a variable'],
  ['f();', 'runs a statement'],
  ['globalThis.a = 1;', 'runs a statement'],
  ['if (a) { b(); }', 'runs a statement'],
  ['export default f();', 'calls f'],
  ['class A extends f() {}', 'calls f'],
  ['class A { static b = f(); }', 'calls f'],
  ['class A { static { f(); } }', 'runs a static block'],
  ['class A { [f()]() {} }', 'calls f'],
])('on import, %s', (text, what) => {
  expect(check(text)).toEqual([expect.stringContaining(`packages/low/src/a.ts:1 ${what}`)]);
});
