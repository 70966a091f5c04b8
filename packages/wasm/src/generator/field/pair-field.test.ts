import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { p256Field } from '../curves/p256.js';
import { p384Field } from '../curves/p384.js';
import { instantiate } from '../instance.js';
import { bigintOperations } from './bigint.js';
import { canonical } from './bounds.js';
import { OverflowError } from './interval.js';
import { combineLanes, gatherLanes, inBothLanes, plusLane } from './lanes.js';
import { limbMask, limbsOf, type Modulus, mod, numberOf } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';
import { PairField, type Register } from './pair-field.js';

const moduli: readonly Modulus[] = [p256Field, p384Field];

type Pair = readonly [bigint, bigint];
type Registers = readonly [target: Register, a: Register, b: Register, s: Register, t: Register];

function pairModule(modulus: Modulus, simd: boolean) {
  const module = new ModuleBuilder();
  const pairs = new PairField(module, modulus, simd);
  const addresses = Array.from({ length: 5 }, () => module.allocate(pairs.byteLength + 16));
  const registers = addresses.map((address) => pairs.register(address, canonical(modulus))) as unknown as Registers;
  const operation = (name: string, build: (f: FunctionBuilder, ...r: Registers) => void) =>
    module.exported(name, [], [], (f) =>
      build(f, ...(registers.map((register) => ({ ...register })) as unknown as Registers)),
    );
  operation('mul', (f, target, a, b) => pairs.mul(f, target, a, b));
  operation('sqr', (f, target, a) => pairs.sqr(f, target, a));
  const twiceLess = (a: Register, b: Register) => inBothLanes([a], [b, -2]);
  operation('carried', (f, target, a, b) => combineLanes(pairs, f, { target, lanes: twiceLess(a, b), carried: true }));
  operation('folded', (f, target, a, b) => combineLanes(pairs, f, { target, lanes: twiceLess(a, b), folded: true }));
  operation('exchanged', (f, target, a, b, s) =>
    gatherLanes(pairs, f, target, [[plusLane(a, 1, 3), plusLane(b, 0)], [plusLane(s, 1, 2)]]),
  );
  operation('add', (f, target, a, b) => pairs.add(f, target, a, b));
  operation('sub', (f, target, a, b) => pairs.sub(f, target, a, b));
  operation('copy', (f, target, a) => pairs.copy(f, target, a));
  const { functions, memory } = instantiate(module.finish());
  const view = new DataView(memory.buffer);
  const guard = addresses.map((address) => address + pairs.byteLength);
  return (name: string, ...operands: readonly Pair[]): readonly (readonly bigint[])[] => {
    for (const [i, pair] of operands.entries())
      for (const [lane, value] of pair.entries())
        for (const [k, limb] of limbsOf(value, modulus).entries())
          view.setInt32(addresses[i + 1]! + 8 * k + 4 * lane, Number(limb), true);
    for (const address of guard) memory.fill(0xa5, address, address + 16);
    functions[name]!();
    for (const address of guard)
      if (memory.subarray(address, address + 16).some((octet) => octet !== 0xa5))
        throw new Error(`${name} wrote behind a pair`);
    return [0, 1].map((lane) =>
      Array.from({ length: modulus.limbs }, (_, k) => BigInt(view.getInt32(addresses[0]! + 8 * k + 4 * lane, true))),
    );
  };
}

describe.each(moduli.flatMap((modulus) => [true, false].map((simd) => ({ name: modulus.name, modulus, simd }))))(
  'pairs modulo $name, SIMD $simd',
  ({ modulus, simd }) => {
    const run = pairModule(modulus, simd);
    const { value: m } = modulus;
    const edges = [0n, 1n, m - 1n, m - 2n, m >> 1n, (1n << 224n) - 1n, (1n << 96n) - 1n].filter((edge) => edge < m);
    const residue = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: m - 1n }));
    const pair = fc.tuple(residue, residue);
    const exact = bigintOperations(simd ? 'pair' : 'scalar');
    const limbs = (value: bigint) => limbsOf(value, modulus);
    /** Compares what the module gives with what BigInt gives, in both lanes. */
    const agree = (name: string, expected: (...lane: bigint[]) => readonly bigint[]) =>
      fc.assert(
        fc.property(pair, pair, pair, pair, (...operands) => {
          const lanes = [0, 1].map((lane) => expected(...operands.map((each) => each[lane]!)));
          expect(run(name, ...operands)).toEqual(lanes);
        }),
        { seed: 7, numRuns: 300 },
      );

    test('products', () => {
      agree('mul', (a, b) => montgomeryProduct(exact, modulus, limbs(a!), limbs(b!)));
      agree('sqr', (a) => montgomeryProduct(exact, modulus, limbs(a!), undefined));
    });

    test('combinations, carried and folded, of lanes that change places', () => {
      const shifted = (sums: readonly bigint[]) =>
        sums.map((sum, k) => {
          const own = k < sums.length - 1 ? sum & limbMask(modulus) : sum;
          return k === 0 ? own : own + (sums[k - 1]! >> BigInt(modulus.limbBits));
        });
      const difference = (a: bigint, b: bigint) => limbs(a).map((limb, k) => limb - 2n * limbs(b)[k]!);
      agree('carried', (a, b) => shifted(difference(a!, b!)));
      fc.assert(
        fc.property(pair, pair, pair, (a, b, s) => {
          const sum = ([x, y]: Pair) => limbs(x).map((limb, k) => 3n * limb + limbs(y)[k]!);
          expect(run('exchanged', a, b, s)).toEqual([sum([a[1], b[0]]), limbs(s[1]).map((limb) => 2n * limb)]);
          const folded = run('folded', a, b);
          for (const [lane, found] of folded.entries()) {
            const number = numberOf(found, modulus);
            expect(mod(number - a[lane]! + 2n * b[lane]!, m)).toBe(0n);
            expect(number > -(m >> 16n) && number < m + (m >> 16n)).toBe(true);
          }
        }),
        { seed: 9, numRuns: 300 },
      );
    });

    test('sums, differences and copies, limb by limb', () => {
      agree('add', (a, b) => limbs(a!).map((limb, k) => limb + limbs(b!)[k]!));
      agree('sub', (a, b) => limbs(a!).map((limb, k) => limb - limbs(b!)[k]!));
      agree('copy', (a) => limbs(a!));
    });

    test('the lanes do not mix', () => {
      fc.assert(
        fc.property(residue, residue, residue, (x, y, z) => {
          const [first] = run('mul', [x, y], [y, z]);
          const [again, other] = run('mul', [x, z], [y, x]);
          expect(again).toEqual(first);
          expect(numberOf(other!, modulus)).toBe(numberOf(run('mul', [z, 0n], [x, 0n])[0]!, modulus));
        }),
        { seed: 8, numRuns: 100 },
      );
    });

    test('refuses at build time sums that do not fit a limb of 32 bits', () => {
      const module = new ModuleBuilder();
      const pairs = new PairField(module, modulus, simd);
      module.function('build', [], [], (f) => {
        const sum = pairs.register(0, canonical(modulus));
        expect(() => {
          for (let i = 0; i < 4; i++) pairs.add(f, sum, sum, sum);
        }).toThrow(OverflowError);
      });
    });
  },
);
