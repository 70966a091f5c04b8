import { createHash } from 'node:crypto';
import { DerError, read } from '@mayfly/der';
import { createP256 } from '@mayfly/wasm/p256';
import { createP384 } from '@mayfly/wasm/p384';
import { scalarKernels as scalar } from '@mayfly/wasm/scalar';
import { parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, loadKeys, orMissing } from './suite.js';

interface SignatureCase extends Case {
  /** Index of the key. */
  readonly k: number;
  readonly msg: string;
  readonly sig: string;
}

interface Key {
  readonly alg: { readonly curve: string; readonly hash: string; readonly encoding: 'der' | 'p1363' };
  readonly spki: string;
}

const SUITE = 'wycheproof-ecdsa';

/** Calls after which a verifier has made a table of multiples. */
const USES_BEFORE_TABLE = 12;

/** `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` as r and s; nothing where it is none, or they are too large. */
function compact(der: Uint8Array, length: number): Uint8Array | undefined {
  try {
    return read(der, (reader) => {
      const value = reader.sequence('signature');
      const [r, s] = [value.integer('r'), value.integer('s')];
      value.end();
      if ([r, s].some((each) => each < 0n || each >> BigInt(8 * length) !== 0n)) return undefined;
      const hex = [r, s].map((each) => each.toString(16).padStart(2 * length, '0')).join('');
      return Uint8Array.from(Buffer.from(hex, 'hex'));
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

test.runIf(isPresent(SUITE)).each([true, false])(`ECDSA, SIMD %s${orMissing(SUITE)}`, (simd) => {
  const curves = {
    secp256r1: { ecdsa: createP256({ simd, scalar }), length: 32 },
    secp384r1: { ecdsa: createP384({ simd, scalar }), length: 48 },
  };
  const keys = loadKeys<Key>(SUITE).map(({ alg, spki }) => {
    const { ecdsa, length } = curves[alg.curve as keyof typeof curves] ?? {};
    if (ecdsa === undefined) return undefined;
    const publicKey = parseSubjectPublicKeyInfo(bytesOf(spki)).subjectPublicKey;
    const known = ecdsa.verifier(publicKey);
    const warm = new Uint8Array(2 * length).fill(1);
    for (let i = 0; i < USES_BEFORE_TABLE; i++) known(warm, warm);
    return { alg, length, verify: ecdsa.verify, publicKey, known };
  });
  let answered = 0;
  const wrong: string[] = [];
  for (const { id, k, msg, sig, expect: expected } of loadCases<SignatureCase>(SUITE)) {
    const key = keys[k];
    if (key === undefined) continue;
    const { alg, length, verify, publicKey, known } = key;
    const digest = createHash(alg.hash.replace('-', '')).update(bytesOf(msg)).digest();
    const signature = alg.encoding === 'der' ? compact(bytesOf(sig), length) : bytesOf(sig);
    const verdicts = [verify, known].map((way) => signature !== undefined && way(signature, digest, publicKey));
    answered++;
    if (expected !== 'either' && verdicts.some((accepted) => accepted !== (expected === 'accept'))) wrong.push(id);
  }
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(2200);
});
