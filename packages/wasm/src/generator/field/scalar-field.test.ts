import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { i32 } from '../asm/expression.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { p256Field, p256Order } from '../curves/p256.js';
import { p384Field, p384Order } from '../curves/p384.js';
import { instantiate } from '../instance.js';
import { bigintOperations } from './bigint.js';
import { canonical, differenceBounds, normalized } from './bounds.js';
import { interval, OverflowError } from './interval.js';
import { limbsOf, type Modulus, mod, numberOf, radix } from './modulus.js';
import { montgomeryProduct } from './montgomery.js';
import { type Endian, octetCodec } from './octets.js';
import { safegcd } from './safegcd.js';
import { type Inverting, ScalarField } from './scalar-field.js';

const moduli: readonly Modulus[] = [p256Field, p256Order, p384Field, p384Order];

/** Ranges that numbers are frozen from, in multiples of the modulus; the upper end is outside. */
const ranges: readonly (readonly [bigint, bigint])[] = [
  [0n, 1n],
  [0n, 2n],
  [-1n, 1n],
  [-2n, 3n],
  [-4n, 4n],
];

/** Every operation of a field as a function (target, a, b) of a module. */
function fieldModule(modulus: Modulus, inLanes: boolean) {
  const module = new ModuleBuilder();
  const [target, a, b, octets] = [0, 1, 2, 3].map(() => module.allocate(256)) as [number, number, number, number];
  const field = new ScalarField(module, modulus, inLanes);
  const residues = canonical(modulus);
  const register = (address: number, bounds = residues) => field.register(address, bounds);
  const operation = (name: string, build: Parameters<typeof module.exported>[3]) =>
    module.exported(name, [], [], build);
  operation('mul', (f) => field.mul(f, register(target), register(a), register(b)));
  operation('sqr', (f) => field.sqr(f, register(target), register(a)));
  operation('add', (f) => field.add(f, register(target), register(a), register(b)));
  operation('sub', (f) => field.sub(f, register(target), register(a), register(b)));
  for (const [from, to] of ranges) {
    const bounds = normalized(modulus, interval(from * modulus.value, to * modulus.value - 1n));
    operation(`freeze ${from} ${to}`, (f) => field.freeze(f, register(target), register(a, bounds)));
    operation(`freeze ${from} ${to} in place`, (f) => field.freeze(f, register(a), register(a, bounds)));
  }
  operation('invert', (f) => {
    const result = register(target);
    field.invertMontgomery(f, result, register(a));
    field.freeze(f, result, result);
  });
  for (const isFirst of [true, false])
    operation(`invert ${isFirst ? 'first' : 'second'} of both`, (f) => {
      const [result, other] = [register(target), register(b)];
      const wanted = { field, target: result, a: register(a), factor: field.inverseFactor };
      const beside = { field, target: other, a: other, factor: field.inverseFactor };
      ScalarField.invertBoth(f, isFirst ? wanted : beside, isFirst ? beside : wanted);
      field.freeze(f, result, result);
    });
  module.exported('isZero', [], ['i32'], (f) => f.result(field.isZero(f, register(a))));
  const byteLength = 8 * Math.ceil(modulus.value.toString(16).length / 16);
  for (const endian of ['big', 'little'] satisfies Endian[]) {
    const codec = octetCodec(module, modulus, byteLength, endian);
    operation(`read ${endian}`, (f) => f.run(codec.read, i32.const(target), i32.const(octets)));
    operation(`write ${endian}`, (f) => f.run(codec.write, i32.const(octets), i32.const(a)));
  }
  const { functions, memory } = instantiate(module.finish());
  const view = new DataView(memory.buffer);
  const limbsAt = (address: number) =>
    Array.from({ length: modulus.limbs }, (_, k) => view.getBigInt64(address + 8 * k, true));
  const put = (address: number, limbs: readonly bigint[]) => {
    for (const [k, limb] of limbs.entries()) view.setBigInt64(address + 8 * k, limb, true);
  };
  return {
    byteLength,
    octets: () => memory.subarray(octets, octets + byteLength),
    setA: (value: bigint) => put(a, limbsOf(value, modulus)),
    getA: () => numberOf(limbsAt(a), modulus),
    /** Runs one operation on numbers; returns the limbs of its result. */
    run: (name: string, x: bigint = 0n, y: bigint = 0n): readonly bigint[] => {
      put(a, limbsOf(x, modulus));
      put(b, limbsOf(y, modulus));
      functions[name]!();
      return limbsAt(target);
    },
    isZero: () => functions['isZero']!(),
  };
}

const fields = moduli.flatMap((modulus) => [false, true].map((inLanes) => ({ name: modulus.name, modulus, inLanes })));

describe.each(fields)('modulo $name, two inversions in lanes: $inLanes', ({ modulus, inLanes }) => {
  const { value: m } = modulus;
  const field = fieldModule(modulus, inLanes);
  const R = radix(modulus);
  const edges = [0n, 1n, 2n, m - 1n, m - 2n, m >> 1n, R % m, (1n << 32n) - 1n, ((1n << 250n) - 1n) % m];
  const residue = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: m - 1n }));
  const check = (property: fc.IPropertyWithHooks<[bigint, bigint]>) => fc.assert(property, { seed: 5, numRuns: 200 });
  const number = (limbs: readonly bigint[]) => numberOf(limbs, modulus);

  test('products are those of the same code over BigInt, limb for limb', () => {
    const exact = bigintOperations('scalar');
    check(
      fc.property(residue, residue, (x, y) => {
        const [a, b] = [limbsOf(x, modulus), limbsOf(y, modulus)];
        expect(field.run('mul', x, y)).toEqual(montgomeryProduct(exact, modulus, a, b));
        expect(field.run('sqr', x)).toEqual(montgomeryProduct(exact, modulus, a, undefined));
      }),
    );
  });

  test('sums and differences are carried', () => {
    check(
      fc.property(residue, residue, (x, y) => {
        expect(field.run('add', x, y)).toEqual(limbsOf(x + y, modulus));
        expect(field.run('sub', x, y)).toEqual(limbsOf(x - y, modulus));
      }),
    );
  });

  test.each(ranges)('freeze gives the residue of numbers from %i to %i times the modulus', (from, to) => {
    const within = (x: bigint) => x >= from * m && x < to * m;
    const multiples = Array.from({ length: Number(to - from) + 1 }, (_, i) => (from + BigInt(i)) * m);
    const near = multiples.flatMap((multiple) => [multiple - 1n, multiple, multiple + 1n]).filter(within);
    for (const x of near) expect(number(field.run(`freeze ${from} ${to}`, x)), `${x}`).toBe(mod(x, m));
    const any = fc.bigInt({ min: from * m, max: to * m - 1n });
    check(
      fc.property(any, any, (x, y) => {
        expect(number(field.run(`freeze ${from} ${to}`, x))).toBe(mod(x, m));
        field.run(`freeze ${from} ${to} in place`, y);
        expect(field.getA()).toBe(mod(y, m));
      }),
    );
  });

  test('inverses, and zero for zero', () => {
    for (const x of edges) expect(number(field.run('invert', x)), `${x}`).toBe(inverse(x, m, R));
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: m - 1n }), (x) => {
        const inverted = number(field.run('invert', x));
        expect((inverted * x) % m).toBe((R * R) % m); // both in Montgomery form
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  test('two inverses at once are those of one after the other', () => {
    const both = (x: bigint, y: bigint) => {
      const wanted = field.run('invert', x);
      for (const place of ['first', 'second'])
        expect(field.run(`invert ${place} of both`, x, y), `${place} ${x} ${y}`).toEqual(wanted);
    };
    for (const x of edges) for (const y of edges) both(x, y);
    const any = fc.bigInt({ min: 0n, max: m - 1n });
    fc.assert(fc.property(any, any, both), { seed: 8, numRuns: 300 });
  });

  test('isZero', () => {
    for (const x of edges) {
      field.setA(x);
      expect(field.isZero()).toBe(x === 0n ? 1 : 0);
    }
    for (let k = 0; k < modulus.limbs; k++) {
      field.setA(1n << BigInt(k * modulus.limbBits));
      expect(field.isZero(), `limb ${k}`).toBe(0);
    }
  });

  test.each<Endian>(['big', 'little'])('octets, %s end first', (endian) => {
    const { byteLength } = field;
    const all = (1n << BigInt(8 * byteLength)) - 1n;
    check(
      fc.property(fc.bigInt({ min: 0n, max: all }), fc.constantFrom(0n, all, ...edges), (x, y) => {
        for (const value of [x, y]) {
          const octets = Buffer.from(value.toString(16).padStart(2 * byteLength, '0'), 'hex');
          if (endian === 'little') octets.reverse();
          field.octets().set(octets);
          expect(field.run(`read ${endian}`)).toEqual(limbsOf(value, modulus));
          field.octets().fill(0xaa);
          field.run(`write ${endian}`, value);
          expect(Buffer.from(field.octets())).toEqual(octets);
        }
      }),
    );
  });

  test('refuses at build time what could overflow', () => {
    const module = new ModuleBuilder();
    const scalars = new ScalarField(module, modulus);
    const residues = canonical(modulus);
    module.function('build', [], [], (f) => {
      const wide = scalars.register(0, {
        ...residues,
        limbs: residues.limbs.map((limb, k) => (k === 3 ? interval(0n, limb.high << 33n) : limb)),
      });
      expect(() => scalars.mul(f, scalars.allocate(), wide, wide)).toThrow(OverflowError);
      const widest = scalars.register(0, {
        ...residues,
        limbs: residues.limbs.map(() => interval(-(1n << 62n), 1n << 62n)),
      });
      expect(() =>
        scalars.add(f, scalars.allocate(), widest, scalars.register(0, differenceBounds(widest.bounds, residues))),
      ).toThrow(OverflowError);
    });
  });
});

describe.each([
  ['P-256', p256Field, p256Order],
  ['P-384', p384Field, p384Order],
])('modulo p and n of %s at once', (_, p, n) => {
  test.each([false, true])('each is the inverse of its number, in lanes: %s', (inLanes) => {
    const module = new ModuleBuilder();
    const field = new ScalarField(module, p, inLanes);
    const fields = [field, new ScalarField(module, n, inLanes, field)] as const;
    const addresses = fields.map(() => module.allocate(256));
    const both = (name: string, first: number, second: number) =>
      module.exported(name, [], [], (f) => {
        const [one, other] = [first, second].map((i) => {
          const each = fields[i]!;
          const at = each.register(addresses[i]!, canonical(each.modulus));
          return { field: each, target: at, a: at, factor: each.inverseFactor };
        }) as [Inverting, Inverting];
        ScalarField.invertBoth(f, one, other);
        for (const { field: each, target } of [one, other]) each.freeze(f, target, target);
      });
    both('p first', 0, 1);
    both('n first', 1, 0);
    const { functions, memory } = instantiate(module.finish());
    const view = new DataView(memory.buffer);
    const check = (x: bigint, y: bigint) => {
      for (const name of ['p first', 'n first']) {
        for (const [i, value] of [x, y].entries())
          for (const [k, limb] of limbsOf(value, fields[i]!.modulus).entries())
            view.setBigInt64(addresses[i]! + 8 * k, limb, true);
        functions[name]!();
        for (const [i, value] of [x, y].entries()) {
          const { modulus } = fields[i]!;
          const limbs = Array.from({ length: modulus.limbs }, (_unused, k) =>
            view.getBigInt64(addresses[i]! + 8 * k, true),
          );
          expect(numberOf(limbs, modulus), `${name}: ${value} modulo ${modulus.name}`).toBe(
            inverse(value, modulus.value, radix(modulus)),
          );
        }
      }
    };
    const edges = (m: bigint) => [0n, 1n, 2n, m >> 1n, m - 1n];
    for (const x of edges(p.value)) for (const y of edges(n.value)) check(x, y);
    const any = (m: bigint) => fc.bigInt({ min: 0n, max: m - 1n });
    fc.assert(fc.property(any(p.value), any(n.value), check), { seed: 9, numRuns: 60 });
  });
});

test('inversions in lanes refuse limbs that are too wide', () => {
  const wide: Modulus = { ...p256Field, limbBits: 30 };
  expect(() => safegcd(new ModuleBuilder(), wide, true)).toThrow(OverflowError);
  expect(() => safegcd(new ModuleBuilder(), wide, false)).not.toThrow();
});

/** R² / x, which is the inverse in Montgomery form, by Fermat. */
function inverse(x: bigint, m: bigint, R: bigint): bigint {
  let [power, base] = [1n, x];
  for (let exponent = m - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) power = (power * base) % m;
    base = (base * base) % m;
  }
  return (power * R * R) % m;
}
