import { type Operations, PAIR_BIAS } from './operations.js';

/** Computes with exact integers: what the emitted code has to give. */
export const bigintOperations = (kind: 'scalar' | 'pair'): Operations<bigint> => ({
  mul: (a, b) => a * b,
  addLimbs: (a, b) => a + b,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  constant: (value) => value,
  and: (a, mask) => a & mask,
  mulLow: (a, factor, mask) => (a * factor) & mask,
  shl: (a, count) => a << BigInt(count),
  shr: (a, count) => a >> BigInt(count),
  let: (a) => a,
  bias: kind === 'scalar' ? 0n : PAIR_BIAS,
});
