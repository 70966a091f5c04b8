import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { KeyAlgorithm, SignatureScheme } from './algorithms.js';
import { signingKeyChecks, verifySignatureChecks } from './compliance.js';
import * as noble from './noble.js';
import * as node from './node.js';
import { parsePrivateKey } from './private-key.js';
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

const cases: readonly [KeyAlgorithm, SignatureScheme | undefined][] = [
  ...elliptic.map((algorithm) => [algorithm, undefined] as [KeyAlgorithm, undefined]),
  ['P-256', 'ecdsa-with-SHA512'],
  ['RSA-3072', undefined],
  ['RSA-4096', undefined],
  ...rsaSchemes.map((scheme) => ['RSA-2048', scheme] as [KeyAlgorithm, SignatureScheme]),
];

describe.each(cases)('%s %s', (algorithm, scheme) => {
  const options = scheme === undefined ? {} : { scheme };
  const made = node.generateKeySync(algorithm, options);
  const pkcs8 = made.exportPkcs8();
  const secrets = secretsOf(pkcs8);

  test('node:crypto, generated', () => run(made, webcrypto.verifyWithWebCrypto, secrets));
  test('node:crypto, imported', () =>
    run(node.fromPkcs8(pkcs8, options), webcrypto.verifyWithWebCrypto, secrets, made.subjectPublicKeyInfo));
  test('WebCrypto, imported', async () =>
    run(await webcrypto.fromPkcs8(pkcs8, options), node.verifyWithNode, secrets, made.subjectPublicKeyInfo));
  test('WebCrypto, generated', async () => {
    const key = await webcrypto.generateKey(algorithm, { ...options, extractable: true });
    await run(key, node.verifyWithNode, secretsOf(await key.exportPkcs8()));
  });
  test('node:crypto verifies', () => verification(made, node.verifyWithNode));
  test('WebCrypto verifies', () => verification(made, webcrypto.verifyWithWebCrypto));
});

describe.each(elliptic)('%s in software', (algorithm) => {
  const made = noble.generateKey(algorithm);
  const pkcs8 = made.exportPkcs8();

  test('generated', () => run(made, node.verifyWithNode, secretsOf(pkcs8)));
  test('imported', () =>
    run(noble.softwareKey(pkcs8), webcrypto.verifyWithWebCrypto, secretsOf(pkcs8), made.subjectPublicKeyInfo));
  test('verifies what it signed', () => verification(made, noble.verifyWithNoble));
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
  for (const check of signingKeyChecks({ key, verify, secrets, inspect: show })) await check.run();
}

async function verification(
  key: Parameters<typeof verifySignatureChecks>[0]['key'],
  verify: Parameters<typeof verifySignatureChecks>[0]['verify'],
): Promise<void> {
  for (const check of verifySignatureChecks({ key, verify })) await check.run();
}
