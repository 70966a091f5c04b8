import { createPbkdf2 } from '@mayfly/wasm/pbkdf2';
import { scalarKernels as scalar } from '@mayfly/wasm/scalar';
import { createSha256 } from '@mayfly/wasm/sha256';
import { createSha384, createSha512 } from '@mayfly/wasm/sha512';
import { describe, expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, orMissing } from './suite.js';

interface PrimitiveCase extends Case {
  readonly op: string;
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512';
  readonly out: string;
  readonly features?: readonly string[];
}

interface HmacCase extends PrimitiveCase {
  readonly key: string;
  readonly msg: string;
  readonly tagBits: number;
}

interface Pbkdf2Case extends PrimitiveCase {
  readonly password: string;
  readonly salt: string;
  readonly iterations: number;
  readonly dkLen: number;
}

const suite = 'wycheproof-primitives';

const makers = { 'SHA-256': createSha256, 'SHA-384': createSha384, 'SHA-512': createSha512 };

/** The other hashes of the suite are older than the kernels. */
const casesOf = <T extends PrimitiveCase>(op: string): readonly T[] =>
  loadCases<T>(suite).filter((one) => one.op === op && Object.hasOwn(makers, one.hash));

describe.each([true, false])('with SIMD: %s', (simd) => {
  test.runIf(isPresent(suite))(`HMAC${orMissing(suite)}`, () => {
    const cases = casesOf<HmacCase>('hmac');
    expect(cases.length).toBeGreaterThan(300);
    const wrong = cases.filter(({ hash, key, msg, tagBits, out, expect: expected }) => {
      const tag = makers[hash]({ simd, scalar })
        .hmac(bytesOf(key), bytesOf(msg))
        .subarray(0, tagBits / 8);
      return Buffer.from(tag).equals(bytesOf(out)) !== (expected === 'accept');
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test.runIf(isPresent(suite))(`PBKDF2${orMissing(suite)}`, () => {
    const cases = casesOf<Pbkdf2Case>('pbkdf2').filter(({ features = [] }) => !features.includes('slow'));
    expect(cases.length).toBeGreaterThan(90);
    const wrong = cases.filter(({ hash, password, salt, iterations, dkLen, out }) => {
      const key = createPbkdf2(hash, { simd, scalar }).derive(bytesOf(password), bytesOf(salt), iterations, dkLen);
      return !Buffer.from(key).equals(bytesOf(out));
    });
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });
});
