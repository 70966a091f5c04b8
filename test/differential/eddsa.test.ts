import type { Eddsa } from '@mayfly/keys/backend';
import { nobleBackend } from '@mayfly/keys/noble';
import { createEd25519 } from '@mayfly/wasm/ed25519';
import { scalarKernels } from '@mayfly/wasm/scalar';
import { describe, expect, test } from 'vitest';
import { Difference } from './ecdsa.js';
import { compareEddsaBatch, compareEddsaOnce } from './eddsa.js';
import { randomNumbers } from './random.js';

const kernels = [
  { name: 'the kernel', eddsa: createEd25519(), cases: 10_000 },
  { name: 'the kernel without SIMD', eddsa: createEd25519({ simd: false, scalar: scalarKernels }), cases: 1_000 },
];
const providers: readonly { readonly name: string; readonly eddsa: Eddsa; readonly cases: number }[] = [
  { name: 'noble', eddsa: nobleBackend.ed25519, cases: 20 },
  ...kernels,
];

describe.each(providers)('Ed25519 of $name and of OpenSSL', ({ eddsa, cases }) => {
  test('give the same keys, signatures and verdicts', { timeout: 120_000 }, () => {
    const random = randomNumbers(4);
    for (let i = 0; i < cases; i++) compareEddsaOnce(eddsa, random);
  });
});

describe.each(kernels)('batches of $name', ({ eddsa }) => {
  test('are what OpenSSL signs one by one', () => {
    const random = randomNumbers(5);
    for (let count = 0; count <= 40; count++) compareEddsaBatch(eddsa, random, count);
  });

  test('that differ are found', () => {
    const signer: typeof eddsa.signer = (seed) => {
      const real = eddsa.signer(seed);
      return { ...real, signMany: (messages) => [...real.signMany(messages)].reverse() };
    };
    expect(() => compareEddsaBatch({ signer }, randomNumbers(6), 20)).toThrow(Difference);
  });
});
