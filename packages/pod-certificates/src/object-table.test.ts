import { expect, test } from 'vitest';
import { createObjectTable, type Versioned } from './object-table.js';

const object = (version: number): Versioned => ({ metadata: { resourceVersion: String(version) } }) as Versioned;

test('a watch that nobody reads is ended, and says to begin anew', async () => {
  const table = createObjectTable<Versioned>();
  const controller = new AbortController();
  const watch = table.watch(() => true, { signal: controller.signal }, 0);
  for (let version = 1; version <= 10_001; version++) table.set('one', object(version));
  let seen = 0;
  await expect(async () => {
    for await (const _event of watch) seen++;
  }).rejects.toMatchObject({ reason: 'Expired', status: 410 });
  expect(seen).toBe(10_000);
});
