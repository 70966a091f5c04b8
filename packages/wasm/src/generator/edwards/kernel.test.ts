import { ed25519 as noble } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BATCH, memory as layout } from '../../ed25519-memory.js';
import { i32 } from '../asm/expression.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { ed25519Field, ed25519Order } from '../curves/ed25519.js';
import { bigintOperations } from '../field/bigint.js';
import { foldedProduct } from '../field/folding.js';
import { carryOnce, gatherLanes, minusLane, plusLane } from '../field/lanes.js';
import { limbsOf, mod, numberOf } from '../field/modulus.js';
import { PairField } from '../field/pair-field.js';
import { ScalarField } from '../field/scalar-field.js';
import { instantiate } from '../instance.js';
import { CARRIED } from './curve.js';
import { ed25519Kernel } from './kernel.js';

const p = ed25519Field.value;
const l = ed25519Order.value;
const SCALAR_SAMPLES = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  31n,
  32n,
  33n,
  127n,
  128n,
  l >> 1n,
  (l >> 1n) + 1n,
  2n ** 252n,
  l - 2n,
  l - 1n,
];

/** Limbs of any number, or all at an end of the bounds that the code was made for. */
const elements = fc.oneof(
  fc.bigInt({ min: 0n, max: p - 1n }).map((value) => limbsOf(value, ed25519Field)),
  fc.tuple(
    ...CARRIED.limbs.map(({ low, high }) =>
      fc.constantFrom(low, high, 0n, 1n, (1n << 29n) - 1n > high ? high : (1n << 29n) - 1n),
    ),
  ),
);
const numbers = fc.tuple(elements, elements, elements, elements);

describe.each([
  ['with SIMD', true],
  ['without SIMD', false],
])('field of 2^255 - 19 %s', (_, simd) => {
  const module = new ModuleBuilder();
  const pairs = new PairField(module, ed25519Field, simd);
  const scalars = new ScalarField(module, ed25519Field);
  const [a, b, out] = [0, 0, 0].map(() => pairs.register(module.allocate(pairs.byteLength), CARRIED));
  const [x, y, z] = [0, 0, 0].map(() => scalars.register(module.allocate(scalars.byteLength, 8), CARRIED));
  const operation = (name: string, emit: Parameters<ModuleBuilder['exported']>[3]) =>
    module.exported(name, [], [], (f, ...params) => {
      for (const register of [a, b, x, y]) register!.bounds = CARRIED;
      emit(f, ...params);
    });
  operation('mul', (f) => pairs.mul(f, out!, a!, b!));
  operation('sqr', (f) => pairs.sqr(f, out!, a!));
  operation('sum', (f) =>
    gatherLanes(pairs, f, out!, [
      [plusLane(a!, 1), minusLane(b!, 0)],
      [plusLane(a!, 0), plusLane(b!, 0), minusLane(a!, 1)],
    ]),
  );
  operation('carry', (f) => carryOnce(pairs, f, out!, a!));
  operation('scalarMul', (f) => scalars.mul(f, z!, x!, y!));
  operation('scalarSqr', (f) => scalars.sqr(f, z!, x!));
  operation('invert', (f) => {
    scalars.mul(f, z!, x!, scalars.constant(1n));
    scalars.invert(f, z!, z!, scalars.constant(1n));
  });
  for (const register of [a, b, out, x, y, z])
    module.exported(`at${[a, b, out, x, y, z].indexOf(register)}`, [], ['i32'], (f) =>
      f.result(i32.add(register!.address, i32.const(0))),
    );
  const { functions, memory } = instantiate(module.finish());
  const view = new DataView(memory.buffer);
  const address = (i: number) => functions[`at${i}`]!();
  const put = (i: number, lanes: readonly (readonly bigint[])[]) => {
    for (const [lane, limbs] of lanes.entries())
      for (const [k, limb] of limbs.entries()) view.setInt32(address(i) + 8 * k + 4 * lane, Number(limb), true);
  };
  const putScalar = (i: number, limbs: readonly bigint[]) => {
    for (const [k, limb] of limbs.entries()) view.setBigInt64(address(i) + 8 * k, limb, true);
  };
  const get = (lane: number) =>
    numberOf(
      Array.from({ length: 9 }, (_unused, k) => BigInt(view.getInt32(address(2) + 8 * k + 4 * lane, true))),
      ed25519Field,
    );
  const getScalar = () =>
    numberOf(
      Array.from({ length: 9 }, (_unused, k) => view.getBigInt64(address(5) + 8 * k, true)),
      ed25519Field,
    );
  const value = (limbs: readonly bigint[]) => numberOf(limbs, ed25519Field);

  test('products, squares, sums and carries', () => {
    fc.assert(
      fc.property(numbers, ([a0, a1, b0, b1]) => {
        put(0, [a0, a1]);
        put(1, [b0, b1]);
        const same = (name: string, first: bigint, second: bigint) => {
          functions[name]!();
          expect([mod(get(0), p), mod(get(1), p)], name).toEqual([mod(first, p), mod(second, p)]);
        };
        same('mul', value(a0) * value(b0), value(a1) * value(b1));
        same('sqr', value(a0) ** 2n, value(a1) ** 2n);
        same('sum', value(a1) - value(b0), value(a0) + value(b0) - value(a1));
        same('carry', value(a0), value(a1));
        putScalar(3, a0);
        putScalar(4, b1);
        functions['scalarMul']!();
        expect(mod(getScalar(), p)).toBe(mod(value(a0) * value(b1), p));
        functions['scalarSqr']!();
        expect(mod(getScalar(), p)).toBe(mod(value(a0) ** 2n, p));
      }),
      { numRuns: 1000, seed: 25519 },
    );
  });

  test('the emitted product is limb by limb what BigInt gives', () => {
    fc.assert(
      fc.property(numbers, ([a0, a1, b0, b1]) => {
        put(0, [a0, a1]);
        put(1, [b0, b1]);
        functions['mul']!();
        const operations = bigintOperations(simd ? 'pair' : 'scalar');
        expect(get(0)).toBe(value(foldedProduct(operations, ed25519Field, a0, b0)));
        expect(get(1)).toBe(value(foldedProduct(operations, ed25519Field, a1, b1)));
      }),
      { numRuns: 200, seed: 25519 },
    );
  });

  test('inverses, that of zero too', () => {
    fc.assert(
      fc.property(elements, (element) => {
        putScalar(3, element);
        functions['invert']!();
        expect(mod(getScalar() * value(element), p)).toBe(mod(value(element), p) === 0n ? 0n : 1n);
      }),
      { numRuns: 200, seed: 25519 },
    );
  });
});

describe.each([
  ['with SIMD', true],
  ['without SIMD', false],
])('multiples of the base point %s', (_, simd) => {
  const { functions, memory } = instantiate(ed25519Kernel({ simd }));
  const view = new DataView(memory.buffer);
  const io = functions['io']!();
  functions['buildSingle']!();
  functions['buildFixed']!();
  if (simd) functions['buildPlanes']!();
  const scalars = fc.oneof(fc.constantFrom(...SCALAR_SAMPLES), fc.bigInt({ min: 0n, max: l - 1n }));
  const putScalar = (scalar: bigint) => {
    for (const [k, limb] of limbsOf(scalar, ed25519Order).entries())
      view.setBigInt64(io + layout.expanded + 8 * k, limb, true);
  };
  const encoded = (at: number) => Buffer.from(memory.subarray(io + at, io + at + 32)).toString('hex');
  const expected = (scalar: bigint) => Buffer.from(noble.Point.BASE.multiplyUnsafe(scalar).toBytes()).toString('hex');

  test('one at a time', () => {
    fc.assert(
      fc.property(scalars, (scalar) => {
        putScalar(scalar);
        expect(functions['publicKey']!()).toBe(1);
        expect(encoded(layout.publicKey)).toBe(expected(scalar));
      }),
      { numRuns: 60, seed: 8032, examples: SCALAR_SAMPLES.map((scalar): [bigint] => [scalar]) },
    );
  });

  test.skipIf(!simd)('sixteen at a time', () => {
    const samples = fc.array(scalars, { minLength: BATCH, maxLength: BATCH });
    fc.assert(
      fc.property(samples, (batch) => {
        for (const [i, scalar] of batch.entries()) {
          putScalar(scalar);
          functions['keyAsNonce']!(i);
        }
        expect(functions['commitMany']!()).toBe(1);
        expect(batch.map((_unused, i) => encoded(layout.signatures + 64 * i))).toEqual(batch.map(expected));
      }),
      { numRuns: 8, seed: 8032, examples: [[SCALAR_SAMPLES]] },
    );
  });
});
