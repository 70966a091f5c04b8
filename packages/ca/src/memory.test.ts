import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharedMemory } from './memory.js';

test('parts are as long as asked for, zero, and nobody else’s', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 60 }), (lengths) => {
      const allocate = sharedMemory(128);
      const parts = lengths.map((length, i) => {
        const part = allocate(length);
        expect([...part]).toEqual(Array.from({ length }, () => 0));
        return part.fill(i + 1);
      });
      for (const [i, part] of parts.entries())
        expect([...part]).toEqual(Array.from({ length: lengths[i]! }, () => i + 1));
    }),
    { seed: 17 },
  );
});

test('a block serves many; what is long has its own memory', () => {
  const allocate = sharedMemory(128);
  const parts = [allocate(30), allocate(32), allocate(32)];
  expect(new Set(parts.map(({ buffer }) => buffer)).size).toBe(1);
  expect(allocate(33).buffer.byteLength).toBe(33);
  expect(allocate(32).buffer).toBe(parts[0]!.buffer);
  expect(allocate(32).buffer).not.toBe(parts[0]!.buffer);
});
