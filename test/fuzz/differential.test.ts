/** Mutants of certificates, read by Mayfly and by OpenSSL through node:crypto. */
import { expect, test } from 'vitest';
import { compareWithNode, isRefusal } from './formats.js';
import { mutate, mutationFrom } from './mutation.js';
import { targets } from './sources.js';

/** Inputs in all; `npm run fuzz -- --format certificate-by-node` tries as many as it is told, and asks about each. */
const INPUTS = 100_000;
/** OpenSSL takes a hundred times as long as we do, so it is asked about one input in so many. */
const EVERY = 5;

test('what is read here is read there, and says the same', { timeout: 180_000 }, () => {
  const { sources } = targets().find(({ format }) => format.name === 'certificate')!;
  const { again } = targets().find(({ format }) => format.name === 'certificate')!.format;
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  let [accepted, refused] = [0, 0];
  for (let i = 0; i < INPUTS; i++) {
    const mutant = mutate(sources, mutationFrom(sources, [random(), random(), random(), random()]));
    try {
      (i % EVERY === 0 ? compareWithNode : again)(mutant);
      accepted++;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused++;
    }
  }
  expect(accepted + refused).toBe(INPUTS);
  expect(Math.min(accepted, refused)).toBeGreaterThan(INPUTS / 20);
});
