import { expect, test } from 'vitest';
import { parseModule } from './modules.js';
import {
  forbiddenDependencies,
  forbiddenGlobals,
  forbiddenImports,
  importCycles,
  importsOfInternals,
  type Manifest,
  undeclaredImports,
  upwardLayers,
} from './rules.js';
import type { Layer } from './table.js';

const layers: Readonly<Record<string, Layer>> = {
  low: {},
  middle: { low: 'everywhere', '@other/hash': ['digest'], 'node:': ['fs'] },
  high: { middle: 'everywhere', low: 'everywhere' },
};
const manifests = new Map<string, Manifest>([
  ['low', { name: '@mayfly/low', exports: { '.': {}, './pem': {} } }],
  ['middle', { name: '@mayfly/middle', exports: { '.': {} }, dependencies: { '@mayfly/low': '1.0.0' } }],
]);

const allowed = [
  ['a package below', 'middle', 'a.ts', "import { x } from '@mayfly/low';"],
  ['a subpath of a package below', 'middle', 'a.ts', "export { x } from '@mayfly/low/pem';"],
  ['a third party in its module', 'middle', 'digest.ts', "import { x } from '@other/hash/sha2.js';"],
  ['a third party in the directory of its name', 'middle', 'digest/a.ts', "import { x } from '@other/hash/sha2.js';"],
  ['Node in its module', 'middle', 'fs.ts', "import { x } from 'node:fs';"],
  ['what the package may use somewhere, in a test', 'middle', 'a.test.ts', "import { x } from '@other/hash';"],
  ['Node in a test', 'low', 'a.test.ts', "import { x } from 'node:fs';"],
  ['help for tests beside src', 'low', 'a/b.test.ts', "import { x } from '../../testing/c.js';"],
  ['a neighbour', 'low', 'a/b.ts', "import { x } from '../c.js';"],
] as const;

test.each(allowed)('%s is allowed', (_name, packageName, path, text) => {
  const module = parseModule(packageName, path, text);
  expect(forbiddenImports(module, layers)).toEqual([]);
  expect(importsOfInternals(module, manifests)).toEqual([]);
});

test.each([
  ['a package above', 'low', 'a.ts', "import { x } from '@mayfly/middle';", 'low may not use middle'],
  ['a type of a package above', 'low', 'a.ts', "import type { X } from '@mayfly/middle';", 'low may not use middle'],
  [
    'an inline type of a package above',
    'low',
    'a.ts',
    "type X = import('@mayfly/middle').X;",
    'low may not use middle',
  ],
  ['a package above in a test', 'low', 'a.test.ts', "import { x } from '@mayfly/middle';", 'low may not use middle'],
  ['a package loaded later', 'low', 'a.ts', "const x = () => import('@mayfly/middle');", 'low may not use middle'],
  ['a re-export from above', 'low', 'a.ts', "export * from '@mayfly/high';", 'low may not use high'],
  ['a third party', 'low', 'a.ts', "import 'left';", 'low may not use left'],
  [
    'a third party elsewhere',
    'middle',
    'a.ts',
    "import { x } from '@other/hash';",
    'middle may use @other/hash only in digest',
  ],
  ['Node', 'low', 'a.ts', "import { x } from 'node:fs';", 'low may not use node:'],
  ['Node elsewhere', 'middle', 'fsx.ts', "import { x } from 'node:fs';", 'middle may use node: only in fs'],
  ['a package off the map', 'side', 'a.ts', '', 'packages/side is not in the package map'],
])('%s is refused', (_name, packageName, path, text, message) => {
  expect(forbiddenImports(parseModule(packageName, path, text), layers)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ['Buffer', 'const a = (b: string) => Buffer.from(b);', 1],
  ['process', 'if (process.env) f();', 1],
  ['a member of that name', 'const a = b.process;', 0],
  ['a key of that name', 'const a = { process: 1 };', 0],
  ['a method of that name', 'interface A { process(): void }', 0],
])('a name that only Node defines: %s', (_name, text, count) => {
  expect(forbiddenGlobals(parseModule('low', 'a.ts', text), layers)).toHaveLength(count);
  expect(forbiddenGlobals(parseModule('middle', 'fs.ts', text), layers)).toEqual([]);
});

test.each([
  ['a file behind the exports', 'middle', "import { x } from '@mayfly/low/src/x.js';", 'not among the exports of low'],
  ['a path out of the package', 'middle', "import { x } from '../../low/src/x.js';", 'outside its package'],
  ['a path to what is beside src', 'middle', "import { x } from '../testing/x.js';", 'outside its package'],
  ['its own name', 'low', "import { x } from '@mayfly/low/pem';", 'its own package, by name'],
])('%s is refused', (_name, packageName, text, message) => {
  expect(importsOfInternals(parseModule(packageName, 'a.ts', text), manifests)).toEqual([
    expect.stringContaining(message),
  ]);
});

test('an import that package.json does not declare is refused', () => {
  const module = parseModule(
    'middle',
    'digest.ts',
    "import { x } from '@mayfly/low';\nimport { y } from '@other/hash/sha2.js';",
  );
  expect(undeclaredImports(module, manifests.get('middle')!)).toEqual([
    'packages/middle/src/digest.ts:2 imports @other/hash/sha2.js: not in dependencies',
  ]);
});

test('a dependency that the map does not allow is refused', () => {
  const manifest = { name: '@mayfly/low', exports: {}, dependencies: { '@mayfly/high': '1.0.0' } };
  expect(forbiddenDependencies('low', manifest, layers)).toHaveLength(1);
  expect(forbiddenDependencies('middle', manifests.get('middle')!, layers)).toEqual([]);
});

test('a circle of imports is found once, with its way', () => {
  const modules = [
    parseModule('low', 'a.ts', "import { b } from './b.js';"),
    parseModule('low', 'b.ts', "export { c } from './c/index.js';"),
    parseModule('low', 'c/index.ts', "import type { A } from '../a.js';"),
    parseModule('low', 'd.ts', "import { a } from './a.js';"),
  ];
  expect(importCycles(modules)).toEqual(['low/a -> low/b -> low/c/index -> low/a']);
});

test('a map that points up is refused', () => {
  expect(upwardLayers(layers)).toEqual([]);
  expect(upwardLayers({ low: { high: 'everywhere' }, high: { high: [] } })).toHaveLength(2);
});
