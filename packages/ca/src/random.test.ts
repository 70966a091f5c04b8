import { expect, test } from 'vitest';
import { bufferedRandomBytes } from './random.js';

/** Octets that count up through all draws, so that none can be given out twice unseen. */
function counting() {
  let next = 0;
  const lengths: number[] = [];
  return {
    lengths,
    source: (length: number) => {
      lengths.push(length);
      return Uint8Array.from({ length }, () => next++ & 0xff);
    },
  };
}

test('gives out every octet once, from few draws', () => {
  const { source, lengths } = counting();
  const draw = bufferedRandomBytes(source, 64);
  const drawn = Array.from({ length: 8 }, () => [...draw(16)]);
  expect(drawn.flat()).toEqual(Array.from({ length: 128 }, (_, i) => i));
  expect(lengths).toEqual([64, 64]);
});

test('what is left of a block is dropped rather than joined, and long draws pass by', () => {
  const { source, lengths } = counting();
  const draw = bufferedRandomBytes(source, 64);
  expect(draw(40)).toHaveLength(40);
  expect([...draw(40)][0]).toBe(64);
  expect(draw(65)).toHaveLength(65);
  expect(lengths).toEqual([64, 64, 65]);
});

test('a caller that keeps or changes its octets changes no others', () => {
  const { source } = counting();
  const draw = bufferedRandomBytes(source, 64);
  draw(16).fill(0xff);
  expect([...draw(16)][0]).toBe(16);
});
