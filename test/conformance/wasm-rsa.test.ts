import { createPrivateKey, createPublicKey } from 'node:crypto';
import { parseRSAPublicKey } from '@mayfly/pkcs8/rsa';
import { createRsa, type HashName, type RsaVerifier } from '@mayfly/wasm/rsa';
import { parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, loadKeys, orMissing } from './suite.js';

interface Algorithm {
  readonly hash: string;
  readonly mgfHash?: string;
  readonly saltLength?: number;
}

interface SignatureCase extends Case {
  /** Index of the key. */
  readonly k: number;
  readonly msg: string;
  readonly sig: string;
}

interface Key {
  readonly alg: Algorithm;
  readonly spki: string;
}

const rsa = createRsa();

const verifierOf = (spki: Uint8Array): RsaVerifier =>
  rsa.verifier(parseRSAPublicKey(parseSubjectPublicKeyInfo(spki).subjectPublicKey));

/** The others have SHA-1 or SHA-224 somewhere, or two different hashes: no scheme of Mayfly is like that. */
const isScheme = ({ hash, mgfHash = hash }: Algorithm): boolean =>
  ['SHA-256', 'SHA-384', 'SHA-512'].includes(hash) && mgfHash === hash;

function wrongAnswers(
  suite: string,
  verify: (key: RsaVerifier, hash: HashName, one: SignatureCase, algorithm: Algorithm) => boolean,
): { readonly answered: number; readonly wrong: readonly string[] } {
  const keys = loadKeys<Key>(suite).map(({ alg, spki }) => ({ alg, verifier: verifierOf(bytesOf(spki)) }));
  const cases = loadCases<SignatureCase>(suite).filter(({ k }) => isScheme(keys[k]!.alg));
  const wrong = cases.filter((one) => {
    const { alg, verifier } = keys[one.k]!;
    const accepted = verify(verifier, alg.hash as HashName, one, alg); // filtered above
    return one.expect !== 'either' && accepted !== (one.expect === 'accept');
  });
  return { answered: cases.length, wrong: wrong.map(({ id }) => id) };
}

const pkcs1 = 'wycheproof-rsa-pkcs1';
test.runIf(isPresent(pkcs1))(`PKCS#1 v1.5${orMissing(pkcs1)}`, () => {
  const { answered, wrong } = wrongAnswers(pkcs1, (key, hash, { msg, sig }) =>
    key.verifyPkcs1(hash, bytesOf(msg), bytesOf(sig)),
  );
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(1200);
});

const pss = 'wycheproof-rsa-pss';
test.runIf(isPresent(pss))(`PSS${orMissing(pss)}`, () => {
  const { answered, wrong } = wrongAnswers(pss, (key, hash, { msg, sig }, { saltLength }) =>
    key.verifyPss(hash, bytesOf(msg), bytesOf(sig), saltLength),
  );
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(1000);
});

interface SignCase extends Case {
  readonly alg: Algorithm;
  readonly pkcs8: string;
  readonly msg: string;
  readonly sig: string;
}

const signing = 'wycheproof-rsa-sign';
test.runIf(isPresent(signing))(`the only signature that there is${orMissing(signing)}`, () => {
  const wrong = loadCases<SignCase>(signing).filter(({ alg, pkcs8, msg, sig }) => {
    const key = createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' }));
    const verifier = verifierOf(key.export({ format: 'der', type: 'spki' }));
    return !verifier.verifyPkcs1(alg.hash as HashName, bytesOf(msg), bytesOf(sig));
  });
  expect(wrong.map(({ id }) => id)).toEqual([]);
});
