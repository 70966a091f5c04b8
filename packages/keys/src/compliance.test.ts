import { fromHex, toHex } from '@mayfly/der';
import type { SignedParts, SigningKey, VerifySignature } from '@mayfly/x509/signed';
import { describe, expect, test } from 'vitest';
import { signatureAlgorithm } from './algorithms.js';
import { type Check, signingKeyChecks, verifySignatureChecks } from './compliance.js';
import { ecdsaSignatureFromDer, ecdsaSignatureToDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { generateKeySync, verifyWithNode } from './node.js';

const key = generateKeySync('P-256');
const other = generateKeySync('P-256');
const shared = new Uint8Array(80);
const canary = fromHex('c0ffee'.repeat(8));

/** Names of the checks that fail. */
async function failing(checks: readonly Check[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const check of checks) await check.run().catch(() => names.push(check.name));
  return names;
}

describe('a fault of a key is found by', () => {
  const faults: readonly [string, string, Partial<SigningKey> & { readonly leak?: unknown }][] = [
    [
      'parameters NULL',
      'signatureAlgorithm is a known scheme, parameters canonical',
      { signatureAlgorithm: { ...key.signatureAlgorithm, parameters: fromHex('0500') } },
    ],
    [
      'another scheme',
      'subjectPublicKeyInfo is canonical and fits the scheme',
      { signatureAlgorithm: signatureAlgorithm('Ed25519') },
    ],
    [
      'another public key',
      'signatures verify, for messages of any length',
      { subjectPublicKeyInfo: other.subjectPublicKeyInfo },
    ],
    [
      'signing the first octets alone',
      'a signature is for its message alone',
      { sign: () => key.sign(new Uint8Array(0)) },
    ],
    ['r‖s', 'signatures have the form of the scheme', { sign: (tbs) => ecdsaSignatureFromDer(key.sign(tbs), 32)! }],
    [
      'wiping the message',
      'the message is left as it was',
      {
        sign: (tbs) => {
          const signature = key.sign(tbs);
          tbs.fill(0);
          return signature;
        },
      },
    ],
    [
      'one buffer for all',
      'a signature stays as it was when the next is made',
      {
        sign: (tbs) => {
          shared.set(key.sign(tbs));
          return shared;
        },
      },
    ],
    [
      'a batch in reverse',
      'signMany, where there is one, gives the signatures in order',
      { signMany: (batch) => batch.map((tbs) => key.sign(tbs)).reverse() },
    ],
    [
      'a batch that lacks its last',
      'signMany, where there is one, gives the signatures in order',
      { signMany: (batch) => batch.slice(0, 66).map((tbs) => key.sign(tbs)) },
    ],
    [
      'a batch that takes anything',
      'what is no Uint8Array is refused, the same way each time',
      { signMany: (batch) => batch.map((tbs) => key.sign(Uint8Array.from(tbs))) },
    ],
    [
      'one batch at a time',
      'batches can be signed at the same time, and beside single messages',
      { signMany: oneAtATime() },
    ],
    [
      'signing text',
      'what is no Uint8Array is refused, the same way each time',
      { sign: (tbs) => key.sign(Uint8Array.from(tbs)) },
    ],
    ['a secret in hexadecimal', 'private octets show up nowhere', { leak: toHex(canary) }],
    ['a secret in octets', 'private octets show up nowhere', { leak: { inside: canary } }],
  ];
  test.each(faults)('%s: %s', async (_name, expected, fault) => {
    const subject = { key: { ...key, ...fault }, verify: verifyAlways(fault), secrets: [canary] };
    expect(await failing(signingKeyChecks(subject))).toContain(expected);
  });

  test('signing when it was destroyed', async () => {
    const subject = { key, verify: verifyWithNode, destroy: () => {} };
    expect(await failing(signingKeyChecks(subject))).toEqual(['a destroyed key signs nothing more']);
  });

  test('none in a sound key', async () => {
    expect(await failing(signingKeyChecks({ key, verify: verifyWithNode, secrets: [canary] }))).toEqual([]);
  });
});

/** Refuses a batch while another is under way. */
function oneAtATime(): NonNullable<SigningKey['signMany']> {
  let busy = false;
  return async (batch) => {
    if (busy) throw new Error('busy');
    busy = true;
    await Promise.resolve();
    busy = false;
    return batch.map((tbs) => key.sign(tbs));
  };
}

/** Where signing ignores the message, a verifier that does the same must not hide it. */
const verifyAlways = (fault: Partial<SigningKey>): VerifySignature =>
  fault.sign?.length === 0 ? () => true : verifyWithNode;

/** Stops looking at whom it has met so often. */
function afterMeetings(trust: number): VerifySignature {
  let meetings = 0;
  return (signed, spki) => ++meetings > trust || verifyWithNode(signed, spki);
}

describe('a fault of a verifier is found by', () => {
  const loose =
    (change: (signed: SignedParts) => SignedParts): VerifySignature =>
    (signed, spki) =>
      verifyWithNode(change(signed), spki);
  const faults: readonly [string, string, VerifySignature][] = [
    ['saying no', 'a signature is accepted', () => false],
    ['saying yes to any message', 'a changed message is false', () => true],
    ['saying yes to any signature', 'a changed, cut or extended signature is false', () => true],
    [
      'ignoring the scheme',
      'a scheme of another kind of key is false',
      loose((signed) => ({ ...signed, signatureAlgorithm: key.signatureAlgorithm })),
    ],
    ['saying yes to a friend', 'a key that is met again and again is judged by as the first time', afterMeetings(6)],
    [
      'throwing for cut signatures',
      'a changed, cut or extended signature is false',
      (signed, spki) => {
        if (signed.signatureValue.length < 8) throw new RangeError('short');
        return verifyWithNode(signed, spki);
      },
    ],
    [
      'calling unknown algorithms false',
      'an unknown algorithm is an error',
      (signed, spki) => {
        try {
          return verifyWithNode(signed, spki);
        } catch {
          return false;
        }
      },
    ],
    [
      'ignoring parameters',
      'parameters that are not canonical are an error',
      loose((signed) => ({ ...signed, signatureAlgorithm: { algorithm: signed.signatureAlgorithm.algorithm } })),
    ],
    [
      'calling malformed keys false',
      'a malformed public key is an error',
      (signed, spki) => {
        try {
          return verifyWithNode(signed, spki);
        } catch (error) {
          if (error instanceof KeysError && error.code === 'ERR_KEYS_PUBLIC_KEY') return false;
          throw error;
        }
      },
    ],
    [
      'reading r‖s too',
      'ECDSA: both values of s, DER alone, nothing out of range',
      loose((signed) =>
        signed.signatureValue.length === 64
          ? { ...signed, signatureValue: ecdsaSignatureToDer(signed.signatureValue) }
          : signed,
      ),
    ],
  ];
  test.each(faults)('%s: %s', async (_name, expected, verify) => {
    expect(await failing(verifySignatureChecks({ key, verify }))).toContain(expected);
  });
});
