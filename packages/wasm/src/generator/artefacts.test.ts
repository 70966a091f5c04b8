import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { artefacts } from './artefacts.js';
import { kernels } from './kernels.js';

const directory = new URL('../kernels/', import.meta.url);

test('the kernels that are shipped are those that the generator makes', () => {
  const made = artefacts(kernels);
  expect(readdirSync(directory).sort()).toEqual([...made.keys()].sort());
  const stale = [...made].filter(([name, bytes]) => !readFileSync(new URL(name, directory)).equals(bytes));
  expect(stale.map(([name]) => name)).toEqual([]);
});
