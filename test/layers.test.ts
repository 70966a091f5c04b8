import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Module, parseModule } from './layers/modules.js';
import { sideEffects } from './layers/purity.js';
import {
  forbiddenDependencies,
  forbiddenGlobals,
  forbiddenImports,
  importCycles,
  importsOfInternals,
  type Manifest,
  undeclaredImports,
  upwardLayers,
} from './layers/rules.js';
import { layers } from './layers/table.js';

const packages = new URL('../packages/', import.meta.url);
const names = readdirSync(packages);
const manifests = new Map<string, Manifest>(
  names.map((name) => [name, JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8'))]),
);
const modules = names.flatMap(modulesOf);
/** What a `generator` directory holds runs when the package is made, and is left out of it. */
const published = modules.filter(({ isTest, path }) => !isTest && !path.startsWith('generator/'));

function modulesOf(name: string): readonly Module[] {
  const src = new URL(`${name}/src/`, packages);
  if (!existsSync(src)) return [];
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => parseModule(name, path, readFileSync(new URL(path, src), 'utf8')));
}

test('the package map covers every package and points down only', () => {
  expect(Object.keys(layers).toSorted()).toEqual(names.toSorted());
  expect(upwardLayers(layers)).toEqual([]);
});

test.each(names)('%s depends on what the package map allows', (name) => {
  expect(forbiddenDependencies(name, manifests.get(name)!, layers)).toEqual([]);
});

test.each(names)('%s imports what the package map allows and its package.json declares', (name) => {
  const own = modules.filter((module) => module.package === name);
  expect(own.flatMap((module) => forbiddenImports(module, layers))).toEqual([]);
  expect(own.flatMap((module) => forbiddenGlobals(module, layers))).toEqual([]);
  expect(own.flatMap((module) => importsOfInternals(module, manifests))).toEqual([]);
  expect(own.flatMap((module) => undeclaredImports(module, manifests.get(name)!))).toEqual([]);
});

test('no modules import each other in a circle', () => {
  expect(importCycles(published)).toEqual([]);
});

/** Packages that promise to bundlers that importing them does nothing. The command line and the pages are nothing to bundle. */
const pure = names.filter((name) => manifests.get(name)!.sideEffects === false);

test('every library promises that importing it does nothing', () => {
  expect(names.filter((name) => !pure.includes(name))).toEqual(['cli', 'console']);
});

test.each(pure)('%s does nothing when it is imported', (name) => {
  expect(published.filter((module) => module.package === name).flatMap(sideEffects)).toEqual([]);
});
