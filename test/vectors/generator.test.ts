import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { collect } from './collect.js';
import { child, parseTree, serialize } from './der-tree.js';
import { derOf, textOf, vectors } from './read-vectors.js';

const root = fileURLToPath(new URL('../../vectors/', import.meta.url));

test('the committed vectors are what the definitions say', () => {
  const { files, made } = collect({ root, facts: false, newKeys: false });
  expect(made).toBe(0);
  for (const [file, text] of files) expect(text === textOf(file), file).toBe(true);
});

test('names of vectors are theirs alone', () => {
  expect(new Set(vectors.map(({ file }) => file)).size).toBe(vectors.length);
});

test('a tree that nobody edits is the same again', () => {
  for (const { file } of vectors.filter(({ kind, expect: outcome }) => kind !== 'pem' && outcome === 'valid')) {
    const der = derOf(file);
    expect(serialize(parseTree(der)).der).toEqual(Uint8Array.from(der));
  }
});

test('offsets are those of the identifier octets', () => {
  const tree = parseTree(derOf('certificates/leaf.pem'));
  const { der, offsets } = serialize(tree);
  const serialNumber = child(tree, 0, 1);
  expect(der[offsets.get(serialNumber)!]).toBe(0x02);
});
