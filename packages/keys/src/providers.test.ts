import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { batchingBackend } from '../testing/batching-backend.js';
import type { KeyAlgorithm, SignatureScheme } from './algorithms.js';
import { signingKeyChecks, verifySignatureChecks } from './compliance.js';
import * as noble from './noble.js';
import * as node from './node.js';
import { parsePrivateKey } from './private-key.js';
import type { SoftwareKey } from './software.js';
import * as software from './software.js';
import * as webcrypto from './webcrypto.js';

const elliptic: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'P-521', 'Ed25519'];
const rsaSchemes: readonly SignatureScheme[] = [
  'sha256WithRSAEncryption',
  'sha384WithRSAEncryption',
  'sha512WithRSAEncryption',
  'RSASSA-PSS-SHA256',
  'RSASSA-PSS-SHA384',
  'RSASSA-PSS-SHA512',
];

/** The private numbers of a key, as any leak would show them. */
function secretsOf(pkcs8: Uint8Array): readonly Uint8Array[] {
  const key = parsePrivateKey(pkcs8);
  return key.keyType === 'RSA' ? [key.key.privateExponent, key.key.prime1, key.key.exponent2] : [key.privateKey];
}

/** RSA keys take their time to make, so one of 2048 bits signs by every scheme. */
const made = new Map<KeyAlgorithm, Uint8Array>();
function pkcs8Of(algorithm: KeyAlgorithm): Uint8Array {
  const pkcs8 = made.get(algorithm) ?? node.generateKeySync(algorithm).exportPkcs8();
  made.set(algorithm, pkcs8);
  return pkcs8;
}

const cases: readonly [KeyAlgorithm, SignatureScheme][] = [
  ['P-256', 'ecdsa-with-SHA256'],
  ['P-256', 'ecdsa-with-SHA512'],
  ['P-384', 'ecdsa-with-SHA384'],
  ['P-521', 'ecdsa-with-SHA512'],
  ['Ed25519', 'Ed25519'],
  ['Ed448', 'Ed448'],
  ...rsaSchemes.map((scheme) => ['RSA-2048', scheme] as [KeyAlgorithm, SignatureScheme]),
  ['RSA-3072', 'sha256WithRSAEncryption'],
  ['RSA-4096', 'RSASSA-PSS-SHA512'],
];

describe.each(cases)('%s %s', (algorithm, scheme) => {
  const pkcs8 = pkcs8Of(algorithm);
  const secrets = secretsOf(pkcs8);
  const key = node.fromPkcs8(pkcs8, { scheme });

  test('node:crypto', () => run(key, webcrypto.verifyWithWebCrypto, secrets));
  test('WebCrypto', async () =>
    run(await webcrypto.fromPkcs8(pkcs8, { scheme }), node.verifyWithNode, secrets, key.subjectPublicKeyInfo));
  test('node:crypto verifies', () => verification(key, node.verifyWithNode));
  test('WebCrypto verifies', () => verification(key, webcrypto.verifyWithWebCrypto));
});

describe.each<[KeyAlgorithm, SignatureScheme | undefined]>([
  ...elliptic.map((algorithm) => [algorithm, undefined] as [KeyAlgorithm, undefined]),
  ['RSA-2048', undefined],
  ['RSA-2048', 'RSASSA-PSS-SHA256'],
])('%s generated, scheme %s', (algorithm, scheme) => {
  const options = scheme === undefined ? {} : { scheme };
  test('by node:crypto', async () => {
    const key = await node.generateKey(algorithm, options);
    await run(key, webcrypto.verifyWithWebCrypto, secretsOf(key.exportPkcs8()));
  });
  test('by WebCrypto', async () => {
    const key = await webcrypto.generateKey(algorithm, { ...options, extractable: true });
    await run(key, node.verifyWithNode, secretsOf(await key.exportPkcs8()));
  });
});

test('an algorithm that does not exist is a TypeError', async () => {
  const nonsense = 'P-255' as KeyAlgorithm; // on purpose
  expect(() => node.generateKeySync(nonsense)).toThrow(TypeError);
  await expect(node.generateKey(nonsense)).rejects.toThrow(TypeError);
  await expect(webcrypto.generateKey(nonsense)).rejects.toThrow(TypeError);
  expect(() => noble.generateKey(nonsense)).toThrow(TypeError);
});

describe.each(elliptic)('%s in software', (algorithm) => {
  const made = noble.generateKey(algorithm);
  const pkcs8 = made.exportPkcs8();

  test('generated', () => {
    const key = noble.generateKey(algorithm);
    return run(key, node.verifyWithNode, secretsOf(key.exportPkcs8()));
  });

  test('imported', () =>
    run(noble.softwareKey(pkcs8), webcrypto.verifyWithWebCrypto, secretsOf(pkcs8), made.subjectPublicKeyInfo));
  test('imported, with hedged nonces', () =>
    run(noble.softwareKey(pkcs8, { nonce: 'hedged' }), webcrypto.verifyWithWebCrypto, secretsOf(pkcs8)));
  test('with a backend that signs batches', () =>
    run(software.softwareKey(pkcs8, batchingBackend), node.verifyWithNode, secretsOf(pkcs8)));
  test('verifies what it signed', () => verification(made, noble.verifyWithNoble));
  test('verifies, and remembers keys', () => verification(made, software.verifyWith(noble.nobleBackend)));
  test('verifies what node:crypto signed', () => verification(node.fromPkcs8(pkcs8), noble.verifyWithNoble));
});

async function run(
  key: Parameters<typeof signingKeyChecks>[0]['key'],
  verify: Parameters<typeof signingKeyChecks>[0]['verify'],
  secrets: readonly Uint8Array[],
  subjectPublicKeyInfo: Uint8Array = key.subjectPublicKeyInfo,
): Promise<void> {
  expect(key.subjectPublicKeyInfo).toEqual(subjectPublicKeyInfo);
  const show = (value: unknown) => inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null });
  const destroy = 'destroy' in key ? (key as SoftwareKey).destroy : undefined; // no other key here has it
  const subject = { key, verify, secrets, inspect: show, ...(destroy && { destroy }) };
  for (const check of signingKeyChecks(subject)) await check.run();
}

async function verification(
  key: Parameters<typeof verifySignatureChecks>[0]['key'],
  verify: Parameters<typeof verifySignatureChecks>[0]['verify'],
): Promise<void> {
  for (const check of verifySignatureChecks({ key, verify })) await check.run();
}
