/** Wycheproof's signatures over every provider. */

import { DerError } from '@mayfly/der';
import { KeysError, type SignatureScheme } from '@mayfly/keys';
import { fromPkcs8 as nodeKey } from '@mayfly/keys/node';
import { fromPkcs8 as webCryptoKey } from '@mayfly/keys/webcrypto';
import type { SigningKey } from '@mayfly/x509/signed';
import { describe, expect, test } from 'vitest';
import { type VerifyingProvider, verifyingProviders } from './providers.js';
import {
  type Algorithm,
  algorithmOf,
  type SignatureCase,
  type SuiteKey,
  signatureValueOf,
  subjectPublicKeyInfoOf,
} from './signature-cases.js';
import { bytesOf, type Case, isPresent, loadCases, loadKeys, orMissing } from './suite.js';

/** Every case on every provider, as `npm run conformance` asks. */
const isWhole = process.env['MAYFLY_CONFORMANCE'] === 'whole';

const suites = ['ecdsa', 'eddsa', 'rsa-pkcs1', 'rsa-pss', 'mldsa-verify'].map((name) => `wycheproof-${name}`);

/** What a provider says of a case: an answer, or that it lacks the algorithm or refuses the key. */
type Verdict = boolean | 'lacking' | 'bad key';

async function verdictOf(
  { verifier }: VerifyingProvider,
  key: SuiteKey,
  { identifier }: Algorithm,
  one: SignatureCase,
): Promise<Verdict> {
  const signatureValue = signatureValueOf(key, bytesOf(one.sig));
  if (signatureValue === undefined) return false;
  try {
    return await verifierFor(verifier, key)({ tbs: bytesOf(one.msg), signatureAlgorithm: identifier, signatureValue });
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    return error.code === 'ERR_KEYS_PUBLIC_KEY' ? 'bad key' : 'lacking';
  }
}

/** Imported once: the cases of a suite share their keys. */
const imported = new WeakMap<SuiteKey, Map<unknown, ReturnType<VerifyingProvider['verifier']>>>();
function verifierFor(make: VerifyingProvider['verifier'], key: SuiteKey): ReturnType<VerifyingProvider['verifier']> {
  const made = imported.get(key) ?? new Map();
  imported.set(key, made);
  const known = made.get(make) ?? make(subjectPublicKeyInfoOf(key));
  made.set(make, known);
  return known;
}

describe.each(suites)('%s', (suite) => {
  test.skipIf(!isPresent(suite)).each(verifyingProviders)(
    `$name${orMissing(suite)}`,
    { timeout: 120_000 },
    async (provider) => {
      const keys = loadKeys<SuiteKey>(suite);
      const wrong: string[] = [];
      const cases = loadCases<SignatureCase>(suite);
      for (let i = 0; i < cases.length; i += isWhole ? 1 : (provider.every ?? 1)) {
        const one = cases[i]!;
        const key = keys[one.k]!;
        const algorithm = algorithmOf(key);
        const verdict = await verdictOf(provider, key, algorithm, one);
        const isClaimed = algorithm.scheme !== undefined && provider.claims(algorithm.scheme);
        if (one.ctx !== undefined && one.expect === 'accept') {
          // X.509 has no context strings (RFC 9881 §3), so a signature under one is none of its own.
          if (isClaimed && verdict !== false) wrong.push(`${one.id}: ${verdict} under an empty context`);
        } else if (!isClaimed) {
          if (verdict === true) wrong.push(`${one.id}: ${verdict}, and it is not claimed`);
        } else if (one.expect === 'accept' ? verdict !== true : one.expect === 'reject' && verdict === true)
          wrong.push(`${one.id}: ${verdict}, not ${one.expect}`);
        else if (verdict === 'lacking') wrong.push(`${one.id}: lacking, and it is claimed`);
      }
      expect(wrong).toEqual([]);
    },
  );
});

interface SigningCase extends Case {
  readonly alg: { readonly hash: string };
  readonly pkcs8: string;
  readonly msg: string;
  readonly sig: string;
}

const signers: readonly (readonly [
  string,
  (pkcs8: Uint8Array, scheme: SignatureScheme) => SigningKey | Promise<SigningKey>,
])[] = [
  ['node:crypto', (pkcs8, scheme) => nodeKey(pkcs8, { scheme })],
  ['WebCrypto', (pkcs8, scheme) => webCryptoKey(pkcs8, { scheme })],
];

describe('wycheproof-rsa-sign', () => {
  const suite = 'wycheproof-rsa-sign';
  test.skipIf(!isPresent(suite)).each(signers)(`%s${orMissing(suite)}`, async (_name, load) => {
    const wrong: string[] = [];
    let small = 0;
    for (const { id, alg, pkcs8, msg, sig } of loadCases<SigningCase>(suite)) {
      const scheme = `sha${alg.hash.slice(4)}WithRSAEncryption` as SignatureScheme; // the suite has the three alone
      try {
        const made = await (await load(bytesOf(pkcs8), scheme)).sign(bytesOf(msg));
        if (Buffer.from(made).toString('base64') !== sig) wrong.push(`${id}: another signature`);
      } catch (error) {
        if (!(error instanceof KeysError || error instanceof DerError)) throw error;
        if (bytesOf(sig).length < 256) small++;
        else wrong.push(`${id}: ${error.message}`);
      }
    }
    expect({ wrong, small }).toEqual({ wrong: [], small: 0 });
  });
});
