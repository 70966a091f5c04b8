import { createECDH, createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { copy, i32 } from '../asm/expression.js';
import type { Module, ModuleBuilder } from '../asm/module-builder.js';
import { trapping } from '../audit/patch.js';
import { p256 } from '../curves/p256.js';
import { p384 } from '../curves/p384.js';
import { inverseOf, mod, radix } from '../field/modulus.js';
import { type Instance, instantiate } from '../instance.js';
import { BATCH_SIZE } from './batch.js';
import { batchWidth, type CurveParameters, windowCount } from './curve.js';
import { type LastAddition, ofLanes, ofTree, scalarsOfEqualSummands } from './exceptional.js';
import { type Nonces, weierstrassKernel } from './kernel.js';
import { NONCE, STATUS } from './signing.js';

const curves: readonly { readonly name: string; readonly openssl: string; readonly parameters: CurveParameters }[] = [
  { name: 'P-256', openssl: 'prime256v1', parameters: p256 },
  { name: 'P-384', openssl: 'secp384r1', parameters: p384 },
];

/** Nonces that a script in memory gives one after the other, in place of those that are derived. */
const SCRIPT_LENGTH = 16;

function scriptedNonces(module: ModuleBuilder, length: number): Nonces {
  const next = module.data(new Uint8Array(4));
  const script = module.data(new Uint8Array(64 * SCRIPT_LENGTH));
  for (const [name, address] of Object.entries({ next, script }))
    module.exported(name, [], ['i32'], (f) => f.result(i32.const(address)));
  const give = (octets: number) =>
    module.function(`give${octets}`, ['i32'], [], (f, out) => {
      const at = f.let(i32.load(i32.const(next)));
      f.do(copy(out, i32.add(i32.const(script), i32.mul(at, i32.const(64))), i32.const(octets)));
      f.do(i32.store(i32.const(next), 0, i32.add(at, i32.const(1))));
    });
  const [giveScalar, giveWide] = [give(length), give(64)];
  const drbg = {
    setKey: module.function('setKey', ['i32'], [], () => {}),
    nonce: module.function('nonce', ['i32', 'i32'], [], (f, out) => f.run(giveScalar, out)),
    nonceWithData: module.function('nonceWithData', ['i32', 'i32', 'i32'], [], (f, out) => f.run(giveScalar, out)),
    retry: giveScalar,
    secrets: { address: 0, length: 0 },
  };
  const hedged = {
    nonce: module.function('hedged', ['i32', 'i32', 'i32', 'i32'], [], (f, out) => f.run(giveWide, out)),
    secrets: drbg.secrets,
  };
  return { drbg, hedged, drbgLanes: drbg, hedgedLanes: hedged, nonceLanes: 1 };
}

/** The exports of a kernel, on numbers. */
class Harness {
  readonly #instance: Instance;
  readonly #length: number;

  constructor(instance: Instance, length: number) {
    this.#instance = instance;
    this.#length = length;
    this.call('prepareSingle');
    this.call('prepareBatch');
    this.call('prepareVerification');
  }

  get memory(): Uint8Array {
    return this.#instance.memory;
  }

  call(name: string, ...operands: number[]): number {
    return this.#instance.functions[name]!(...operands);
  }

  /** Writes a number where an export says, `index` lengths further. */
  put(where: string, value: bigint, index = 0, length = this.#length, distance = length): void {
    const octets = Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
    this.memory.set(octets, this.call(where) + index * distance);
  }

  script(...nonces: readonly bigint[]): void {
    for (const [i, nonce] of nonces.entries()) this.put('script', nonce, i, this.#length, 64);
    this.memory.fill(0, this.call('next'), this.call('next') + 4);
  }

  scriptWide(...nonces: readonly bigint[]): void {
    for (const [i, nonce] of nonces.entries()) this.put('script', nonce, i, 64);
    this.memory.fill(0, this.call('next'), this.call('next') + 4);
  }

  /** Two numbers of result `index`. */
  result(index = 0): readonly [bigint, bigint] {
    const at = this.call('results') + 2 * index * this.#length;
    const read = (from: number) =>
      BigInt(`0x${Buffer.from(this.memory.subarray(from, from + this.#length)).toString('hex')}`);
    return [read(at), read(at + this.#length)];
  }
}

describe.each(curves.flatMap((curve) => [true, false].map((simd) => ({ ...curve, simd }))))(
  'kernel of $name, SIMD $simd',
  ({ openssl, parameters, simd }) => {
    const { byteLength, windows } = parameters;
    const n = parameters.order.value;
    const built: Module = weierstrassKernel(parameters, simd, (module) => scriptedNonces(module, byteLength));
    const start = (bytes: Uint8Array<ArrayBuffer> = built.bytes) =>
      new Harness(instantiate({ ...built, bytes }), byteLength);
    const kernel = start();
    const most = (1n << BigInt(8 * byteLength)) - 1n;
    const laneWindowCount = 2 * Math.ceil(windowCount(parameters, windows.single) / 2);
    const ofSingle = ofLanes(windows.single, laneWindowCount);
    const width = batchWidth(parameters, simd);
    const ofBatch = ofTree(width, windowCount(parameters, width));

    const pointOf = (scalar: bigint): readonly [bigint, bigint] => {
      const ecdh = createECDH(openssl);
      ecdh.setPrivateKey(Buffer.from(scalar.toString(16).padStart(2 * byteLength, '0'), 'hex'));
      const octets = ecdh.getPublicKey();
      const read = (from: number) => BigInt(`0x${octets.subarray(from, from + byteLength).toString('hex')}`);
      return [read(1), read(1 + byteLength)];
    };
    /** FIPS 186-5 §6.4.1 with a given nonce. */
    const signed = (digest: bigint, key: bigint, nonce: bigint): readonly [bigint, bigint] => {
      const r = mod(pointOf(nonce)[0], n);
      return [r, mod(inverseOf(nonce, n) * (digest + r * key), n)];
    };
    const key = n / 7n;
    const digest = n / 5n;
    const nonce = n / 3n;

    const sign = (on: Harness, mode: number, d: bigint = key, h: bigint = digest): number => {
      on.put('secretKey', d);
      on.put('digests', h);
      return on.call('sign', mode);
    };

    test('signs with the nonce given', () => {
      for (const k of [nonce, 1n, 2n, n - 1n, n - 2n]) {
        kernel.script(k);
        expect(sign(kernel, NONCE.deterministic), `${k}`).toBe(STATUS.done);
        expect(kernel.result(), `${k}`).toEqual(signed(digest, key, k));
      }
    });

    test('takes the next candidate where one is out of range', () => {
      for (const mode of [NONCE.deterministic, NONCE.additionalData]) {
        kernel.script(0n, n, n + 1n, most, nonce);
        expect(sign(kernel, mode)).toBe(STATUS.done);
        expect(kernel.result()).toEqual(signed(digest, key, nonce));
      }
    });

    test('takes the next candidate where s is zero', () => {
      const [r] = signed(digest, key, nonce);
      const cancelling = mod(-r * key, n);
      kernel.script(nonce, 5n);
      expect(sign(kernel, NONCE.deterministic, key, cancelling)).toBe(STATUS.done);
      expect(kernel.result()).toEqual(signed(cancelling, key, 5n));
      kernel.scriptWide(nonce);
      expect(sign(kernel, NONCE.hedged, key, cancelling)).toBe(STATUS.again);
    });

    test('reduces hedged nonces from 64 octets, and refuses zero', () => {
      const room = BigInt(512 - 8 * byteLength);
      for (const wide of [nonce, n + nonce, (1n << 512n) - 1n, (n << room) + 3n]) {
        kernel.scriptWide(wide);
        expect(sign(kernel, NONCE.hedged)).toBe(STATUS.done);
        expect(kernel.result()).toEqual(signed(digest, key, mod(wide, n)));
      }
      for (const zero of [0n, n, n << room]) {
        kernel.scriptWide(zero);
        expect(sign(kernel, NONCE.hedged)).toBe(STATUS.again);
      }
    });

    test('reduces digests', () => {
      for (const h of [0n, n - 1n, n, n + 1n, most]) {
        kernel.script(nonce);
        expect(sign(kernel, NONCE.deterministic, key, h)).toBe(STATUS.done);
        expect(kernel.result(), `${h}`).toEqual(signed(h, key, nonce));
      }
    });

    test.each([0n, n, n + 1n, most])('refuses the private key %d', (d) => {
      kernel.script(nonce);
      expect(sign(kernel, NONCE.deterministic, d)).toBe(STATUS.secretKey);
      kernel.put('secretKey', d);
      expect(kernel.call('makePublicKey')).toBe(STATUS.secretKey);
      kernel.put('secretKey', d);
      expect(kernel.call('signMany', BATCH_SIZE, NONCE.deterministic)).toBe(STATUS.secretKey);
      for (let i = 0; i < BATCH_SIZE; i++) kernel.put('secretKeys', i === 9 ? d : key, i);
      expect(kernel.call('makePublicKeys', BATCH_SIZE)).toBe(STATUS.again);
    });

    describe('additions of equal points', () => {
      /** The same kernel whose slow multiplication traps. */
      const withoutSlow = start(
        trapping(
          built.bytes,
          built.functionNames.findIndex((name) => name.endsWith('multiplySlow')),
        ),
      );
      const publicKey = (on: Harness, d: bigint) => {
        on.put('secretKey', d);
        expect(on.call('makePublicKey')).toBe(STATUS.done);
        return on.result();
      };
      const batch = (scalars: readonly bigint[]): number => {
        for (let i = 0; i < BATCH_SIZE; i++) kernel.put('secretKeys', scalars[i] ?? BigInt(i) + 1n, i);
        return kernel.call('makePublicKeys', BATCH_SIZE);
      };
      const found = (addition: LastAddition) => {
        const scalars = scalarsOfEqualSummands(parameters, addition).flatMap((scalar) => [scalar, n - scalar]);
        expect(scalars, 'some').not.toEqual([]);
        return scalars;
      };

      test('of a single multiplication go the slow way, and others do not', () => {
        for (const scalar of found(ofSingle)) {
          expect(() => publicKey(withoutSlow, scalar), `${scalar}`).toThrow('unreachable');
          expect(publicKey(kernel, scalar), `${scalar}`).toEqual(pointOf(scalar));
          kernel.script(scalar);
          expect(sign(kernel, NONCE.deterministic)).toBe(STATUS.done);
          expect(kernel.result()).toEqual(signed(digest, key, scalar));
          for (const near of [scalar - 2n, scalar - 1n, scalar + 1n, scalar + 2n])
            if (near > 0n && near < n) expect(publicKey(withoutSlow, near), `${near}`).toEqual(pointOf(near));
        }
      });

      test('of a batch send it back as a whole, wherever they are', () => {
        expect(batch([])).toBe(STATUS.done);
        for (const scalar of found(ofBatch))
          for (const at of [0, 1, 15, 16, BATCH_SIZE - 1]) {
            const scalars = Array.from({ length: BATCH_SIZE }, (_, i) => (i === at ? scalar : nonce + BigInt(i)));
            expect(batch(scalars), `${scalar} at ${at}`).toBe(STATUS.again);
          }
      });

      test('the slow way is right for small, large and ordinary scalars', () => {
        const damaged = start();
        // Every table is wrong, so the fast way gives no point of the curve.
        for (let at = 16_384; at < damaged.call('digests'); at++) damaged.memory[at]! ^= 1;
        for (const scalar of [1n, 2n, 3n, nonce, n - 1n, n - 2n, 1n << 200n])
          expect(publicKey(damaged, scalar), `${scalar}`).toEqual(pointOf(scalar));
        damaged.script(nonce);
        expect(sign(damaged, NONCE.deterministic)).toBe(STATUS.done);
        expect(damaged.result()).toEqual(signed(digest, key, nonce));
        for (let i = 0; i < BATCH_SIZE; i++) damaged.put('secretKeys', key, i);
        expect(damaged.call('makePublicKeys', BATCH_SIZE)).toBe(STATUS.again);
      });
    });

    test('a fault that no way avoids is told, and nothing is signed', () => {
      const broken = start();
      // Constants, the base point and b among them.
      const { memory } = broken;
      for (let at = 1024; at < 16_384; at += 8)
        if (memory[at + 3] !== 0 && at !== broken.call('next')) memory[at]! ^= 1;
      broken.put('secretKey', key);
      expect(broken.call('makePublicKey')).not.toBe(STATUS.done);
      broken.script(nonce);
      expect(sign(broken, NONCE.deterministic)).not.toBe(STATUS.done);
    });

    test('a batch with one nonce out of range is sent back', () => {
      for (const bad of [0n, n]) {
        kernel.script(...Array.from({ length: SCRIPT_LENGTH }, (_, i) => (i === 5 ? bad : nonce + BigInt(i))));
        kernel.put('secretKey', key);
        for (let i = 0; i < SCRIPT_LENGTH; i++) kernel.put('digests', digest + BigInt(i), i);
        expect(kernel.call('signMany', SCRIPT_LENGTH, NONCE.deterministic)).toBe(STATUS.again);
      }
    });

    test('a batch signs with the nonces given', () => {
      const nonces = Array.from({ length: SCRIPT_LENGTH }, (_, i) => (i % 2 === 0 ? nonce + BigInt(i) : BigInt(i)));
      kernel.script(...nonces);
      kernel.put('secretKey', key);
      for (let i = 0; i < SCRIPT_LENGTH; i++) kernel.put('digests', i === 3 ? most : digest + BigInt(i), i);
      expect(kernel.call('signMany', SCRIPT_LENGTH, NONCE.deterministic)).toBe(STATUS.done);
      for (const [i, k] of nonces.entries())
        expect(kernel.result(i), `${i}`).toEqual(signed(i === 3 ? most : digest + BigInt(i), key, k));
    });

    describe('leaves nothing of', () => {
      const moduli = [parameters.field, parameters.order];
      /** Octets, and limbs of 64 and of 32 bits, as they stand and in Montgomery form; three limbs are no coincidence. */
      const forms = (secret: bigint): readonly Buffer[] => {
        const octets = Buffer.from(secret.toString(16).padStart(2 * byteLength, '0'), 'hex');
        const parts = [octets.subarray(0, 12), octets.subarray(byteLength - 12)];
        const words = Buffer.from(octets);
        words.swap32();
        const limbs = moduli.flatMap((modulus) =>
          [secret, secret * radix(modulus)].flatMap((value) => {
            const of = Array.from(
              { length: 3 },
              (_, k) =>
                (mod(value, modulus.value) >> BigInt(modulus.limbBits * (k + 1))) &
                ((1n << BigInt(modulus.limbBits)) - 1n),
            );
            return [Buffer.from(BigUint64Array.from(of).buffer), Buffer.from(Uint32Array.from(of, Number).buffer)];
          }),
        );
        const all = [...parts, words.subarray(0, 12), Buffer.from(octets).reverse().subarray(0, 12), ...limbs];
        return all.filter((form) => form.some((octet) => octet !== form[0]));
      };
      const remains = (on: Harness, ...secrets: readonly bigint[]): readonly string[] =>
        secrets.flatMap((secret) =>
          forms(secret)
            .map((form, i) => [i, Buffer.from(on.memory.buffer).indexOf(form)] as const)
            .filter(([, at]) => at >= 0)
            .map(([form, at]) => `form ${form} at ${at}`),
        );
      const on = start();
      const [d, k] = ['key', 'nonce'].map((text) =>
        mod(BigInt(`0x${createHash('sha512').update(text).digest('hex')}`), n),
      ) as [bigint, bigint];
      const clear = () => on.memory.fill(0, on.call('script'), on.call('script') + 64 * SCRIPT_LENGTH);

      test('is found where it is', () => {
        on.put('secretKey', d);
        expect(remains(on, d)).not.toEqual([]);
        on.memory.fill(0, on.call('secretKey'), on.call('secretKey') + byteLength);
        expect(remains(on, d)).toEqual([]);
      });

      test.each<[string, () => number, number]>([
        ['publicKey', () => on.call('makePublicKey'), STATUS.done],
        ['sign', () => on.call('sign', NONCE.deterministic), STATUS.done],
        ['sign with additional data', () => on.call('sign', NONCE.additionalData), STATUS.done],
        ['signMany', () => on.call('signMany', SCRIPT_LENGTH, NONCE.deterministic), STATUS.done],
      ])('%s', (_name, run, status) => {
        on.script(...Array<bigint>(SCRIPT_LENGTH).fill(k));
        on.put('secretKey', d);
        expect(run()).toBe(status);
        clear();
        expect(remains(on, d, k, n - k, n - d, inverseOf(k, n))).toEqual([]);
      });

      test('publicKeys', () => {
        for (let i = 0; i < BATCH_SIZE; i++) on.put('secretKeys', d + BigInt(i), i);
        expect(on.call('makePublicKeys', BATCH_SIZE)).toBe(STATUS.done);
        expect(remains(on, d, d + 1n, n - d - 1n)).toEqual([]);
      });

      test('refusals', () => {
        const tooLarge = n + (most - n) / 3n;
        on.put('secretKey', tooLarge);
        expect(on.call('makePublicKey')).toBe(STATUS.secretKey);
        on.script(tooLarge);
        on.put('secretKey', d);
        expect(on.call('signMany', SCRIPT_LENGTH, NONCE.deterministic)).toBe(STATUS.again);
        clear();
        expect(remains(on, d, tooLarge)).toEqual([]);
      });
    });
  },
);
