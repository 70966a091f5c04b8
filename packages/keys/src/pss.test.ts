import { execFileSync } from 'node:child_process';
import { decodePem } from '@mayfly/der/pem';
import { parseCertificate, signedParts } from '@mayfly/x509';
import { describe, expect, test } from 'vitest';
import * as noble from './noble.js';
import * as node from './node.js';
import * as webcrypto from './webcrypto.js';

const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const verifiers = [node.verifyWithNode, webcrypto.verifyWithWebCrypto];

/** A certificate of openssl, signed by its own key under PSS. */
function selfSigned(key: readonly string[], ...options: readonly string[]) {
  const sigopts = options.flatMap((option) => ['-sigopt', option]);
  const args = ['req', '-x509', '-newkey', ...key, '-nodes', '-keyout', '/dev/null', '-subj', '/CN=pss', '-sha256'];
  return parseCertificate(decodePem(openssl(...args, ...sigopts), 'CERTIFICATE'));
}

describe('a signature by PSS', () => {
  const padding = 'rsa_padding_mode:pss';
  test.each([
    ['with one hash', ['rsa:2048'], [padding, 'rsa_mgf1_md:sha256', 'rsa_pss_saltlen:32']],
    ['with a longer salt', ['rsa:2048'], [padding, 'rsa_mgf1_md:sha256', 'rsa_pss_saltlen:48']],
    ['of a key that is tied to PSS', ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'], []],
  ] as const)('%s is verified', async (_name, key, options) => {
    const certificate = selfSigned(key, ...options);
    for (const verify of verifiers)
      expect(await verify(signedParts(certificate), certificate.subjectPublicKeyInfo)).toBe(true);
  });

  test.each([
    ['MGF1 with another hash', 'rsa_mgf1_md:sha512', /SHA-256 and MGF1 with SHA-512/],
    ['MGF1 with SHA-1', 'rsa_mgf1_md:sha1', /SHA-1, which is broken/],
  ])('%s is refused as what it is', async (_name, mask, message) => {
    const certificate = selfSigned(['rsa:2048'], padding, mask, 'rsa_pss_saltlen:32');
    for (const verify of verifiers)
      await expect((async () => verify(signedParts(certificate), certificate.subjectPublicKeyInfo))()).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM',
          message: expect.stringMatching(message),
        }),
      );
  });
});

test('a private key that is tied to PSS is refused as what it is, by every provider', async () => {
  const pem = openssl('genpkey', '-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048');
  const pkcs8 = decodePem(pem, 'PRIVATE KEY');
  for (const load of [node.fromPkcs8, webcrypto.fromPkcs8, noble.softwareKey])
    await expect((async () => load(pkcs8))()).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM',
        message: expect.stringMatching(/tied to RSASSA-PSS/),
      }),
    );
});
