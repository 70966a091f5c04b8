import { expect, test } from 'vitest';
import { stableRandom } from './stable-random.js';

test('draws depend on identity and serial number alone', () => {
  const once = stableRandom('a', 5n);
  const again = stableRandom(new TextEncoder().encode('a'), 5n);
  expect([once(), once(), once()]).toEqual([again(), again(), again()]);
  expect(stableRandom('a', 5n)()).not.toBe(stableRandom('a', 6n)());
  expect(stableRandom('a', 5n)()).not.toBe(stableRandom('b', 5n)());
  expect(stableRandom('a#1', 2n)()).not.toBe(stableRandom('a', 0x12n)());
});

test('draws are pinned, because they are planned by earlier versions', () => {
  expect(stableRandom('spiffe://example.org/web', 1n)()).toBe(0.026849291452395674);
});

test('first draws of neighbouring serials and later draws of one are even', () => {
  const source = stableRandom('one', 1n);
  for (const draw of [(i: number) => stableRandom('many', BigInt(i))(), () => source()]) {
    const bins = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const u = draw(i);
      expect(u >= 0 && u < 1).toBe(true);
      bins[Math.floor(u * 16)]!++;
    }
    // Chi-square with 15 degrees of freedom: 37.7 is exceeded once in a thousand.
    expect(bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(37.7);
  }
});
