import { createEd25519 } from '@mayfly/wasm/ed25519';
import { createP256 } from '@mayfly/wasm/p256';
import { createP384 } from '@mayfly/wasm/p384';
import { scalarKernels } from '@mayfly/wasm/scalar';
import { type Curve, p256, p384 } from '../differential/curves.js';
import { compareBatch, compareOnce, Difference, edgeScalars, type Random } from '../differential/ecdsa.js';
import { compareEddsaBatch, compareEddsaOnce } from '../differential/eddsa.js';
import { randomNumbers } from '../differential/random.js';

/** Starts a kernel, and tries one case with each call of what it returns. */
export type Comparison = () => (random: Random) => void;

/** Cases between two batches. */
const BATCH_EVERY = 256;

/** One case in eight is of the build without SIMD. */
const SCALAR_EVERY = 8;

const ecdsa = (curve: Curve, create: typeof createP256): Comparison => {
  return () => {
    const [simd, scalar] = [create(), create({ simd: false, scalar: scalarKernels })];
    const keys = edgeScalars(curve);
    let tried = 0;
    return (random) => {
      const kernel = ++tried % SCALAR_EVERY === 0 ? scalar : simd;
      if (tried % BATCH_EVERY === 0) compareBatch(kernel, curve, random, Math.floor(100 * random()));
      else compareOnce(kernel, curve, random, keys);
    };
  };
};

const eddsa: Comparison = () => {
  const [simd, scalar] = [createEd25519(), createEd25519({ simd: false, scalar: scalarKernels })];
  let tried = 0;
  return (random) => {
    const kernel = ++tried % SCALAR_EVERY === 0 ? scalar : simd;
    if (tried % BATCH_EVERY === 0) compareEddsaBatch(kernel, random, Math.floor(40 * random()));
    else compareEddsaOnce(kernel, random);
  };
};

/** Kernels by name. */
export const kernelComparisons: Readonly<Record<string, Comparison>> = {
  'P-256': ecdsa(p256, createP256),
  'P-384': ecdsa(p384, createP384),
  Ed25519: eddsa,
};

/** Tries cases until one differs, and tells how it goes; whether none did. */
export function compareKernel(name: string, start: Comparison, count: number, seed: number): boolean {
  const random = randomNumbers(seed);
  const compare = start();
  const started = performance.now();
  const perSecond = (done: number) => Math.round((done * 1000) / (performance.now() - started));
  let told = started;
  for (let i = 0; i < count; i++) {
    try {
      compare(random);
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      process.stdout.write(`case ${i} of seed ${seed}: ${error.message}\n`);
      return false;
    }
    if (performance.now() - told > 5000) {
      told = performance.now();
      process.stdout.write(`${i} of ${count}, ${perSecond(i)} a second\n`);
    }
  }
  process.stdout.write(`${count} cases of ${name}, seed ${seed}, ${perSecond(count)} a second: no difference\n`);
  return true;
}
