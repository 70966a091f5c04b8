/** Wycheproof's PBES2, with whatever pseudorandom functions and ciphers `@mayfly/pkcs8/pbes2` has. */
import { Pkcs8Error } from '@mayfly/pkcs8';
import type { Hash } from '@mayfly/pkcs8/password-based';
import { decryptPbes2, type Pbes2Parameters } from '@mayfly/pkcs8/pbes2';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, orMissing } from './suite.js';

interface PrimitiveCase extends Case {
  readonly op: string;
  readonly prf: string;
  readonly cipher: 'AES-128-CBC' | 'AES-192-CBC' | 'AES-256-CBC';
  readonly password: string;
  readonly salt: string;
  readonly iterations: number;
  readonly iv: string;
  readonly ct: string;
  readonly out: string;
  readonly features?: readonly string[];
}

const suite = 'wycheproof-primitives';
const PRFS: readonly string[] = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] satisfies readonly Hash[];

async function isRight(one: PrimitiveCase): Promise<boolean> {
  const parameters: Pbes2Parameters = {
    keyDerivation: {
      type: 'pbkdf2',
      prf: one.prf.slice(5) as Hash, // one of PRFS
      salt: bytesOf(one.salt),
      iterationCount: one.iterations,
      keyLength: Number(one.cipher.slice(4, 7)) / 8,
    },
    cipher: one.cipher,
    iv: bytesOf(one.iv),
  };
  try {
    const out = await decryptPbes2(parameters, bytesOf(one.ct), bytesOf(one.password));
    return (Buffer.from(out).toString('base64') === one.out) === (one.expect === 'accept');
  } catch (error) {
    if (!(error instanceof Pkcs8Error)) throw error;
    return one.expect === 'reject';
  }
}

test.skipIf(!isPresent(suite))(`pbes2-decrypt of ${suite}${orMissing(suite)}`, { timeout: 60_000 }, async () => {
  const cases = loadCases<PrimitiveCase>(suite).filter(
    ({ op, prf, features }) => op === 'pbes2-decrypt' && PRFS.includes(prf.slice(5)) && !features?.includes('slow'),
  );
  const wrong: string[] = [];
  for (const one of cases) if (!(await isRight(one))) wrong.push(one.id);
  expect(wrong).toEqual([]);
  expect(cases.length).toBeGreaterThan(300);
});
