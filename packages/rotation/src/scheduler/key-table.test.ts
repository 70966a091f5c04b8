import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyTable, NONE } from './key-table.js';

const seed = 20260729;

test('behaves as a plain map for any history', () => {
  const action = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 60 }));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (history) => {
      const table = new KeyTable();
      const model = new Map<string, number>();
      for (const [isAdded, n] of history) {
        const key = n === 0 ? '' : `key ${n}`;
        const known = model.get(key);
        if (isAdded) {
          const { slot, isNew } = table.findOrAdd(key);
          expect(isNew).toBe(known === undefined);
          if (known === undefined) expect([...model.values()]).not.toContain(slot);
          else expect(slot).toBe(known);
          model.set(key, slot);
        } else if (known !== undefined) {
          table.remove(known);
          model.delete(key);
        }
        expect(table.size).toBe(model.size);
      }
      for (let n = 0; n <= 60; n++) {
        const key = n === 0 ? '' : `key ${n}`;
        expect(table.find(key)).toBe(model.get(key) ?? NONE);
      }
      for (const [key, slot] of model) expect(table.key(slot)).toBe(key);
    }),
    { seed, numRuns: 200 },
  );
});

test('keeps every key while it grows, shrinks and is used again', () => {
  const table = new KeyTable();
  const slots = Array.from({ length: 20_000 }, (_, i) => table.findOrAdd(`k${i}`).slot);
  for (let i = 0; i < 20_000; i += 2) table.remove(slots[i]!);
  for (let i = 0; i < 20_000; i++) expect(table.find(`k${i}`)).toBe(i % 2 === 0 ? NONE : slots[i]);
  for (let i = 0; i < 10_000; i++) table.findOrAdd(`again${i}`);
  expect([table.size, table.slots]).toEqual([20_000, 20_000]);
});
