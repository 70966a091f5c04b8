import { execFileSync } from 'node:child_process';
import { decodePem, encodePem } from '@mayfly/der/pem';
import { describe, expect, test } from 'vitest';
import { ecFromPrivateKeyInfo } from './ec.js';
import { decryptPrivateKeyInfo, encryptPrivateKeyInfo } from './encrypted.js';
import { parsePrivateKeyPem } from './pem.js';
import { encodePrivateKeyInfo, parsePrivateKeyInfo } from './private-key-info.js';

const openssl = (args: readonly string[], input: string = ''): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });

/** The key as PKCS#8, whatever form openssl gave it. */
function pkcs8Of(text: string): Uint8Array {
  const pem = parsePrivateKeyPem(text);
  if (pem.label === 'ENCRYPTED PRIVATE KEY') throw new Error('Cannot compare: it is encrypted');
  return pem.privateKeyInfo;
}

const ec = (curve: string) => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`];
const rsa = (bits: number, primes: number) => [
  '-algorithm',
  'RSA',
  '-pkeyopt',
  `rsa_keygen_bits:${bits}`,
  '-pkeyopt',
  `rsa_keygen_primes:${primes}`,
];
const kinds: readonly [string, readonly string[]][] = [
  ['P-256', ec('P-256')],
  ['P-384', ec('P-384')],
  ['P-521', ec('P-521')],
  ['secp256k1', ec('secp256k1')],
  ['Ed25519', ['-algorithm', 'ED25519']],
  ['Ed448', ['-algorithm', 'ED448']],
  ['X25519', ['-algorithm', 'X25519']],
  ['RSA of two primes', rsa(2048, 2)],
  ['RSA of three primes', rsa(1024, 3)],
];

describe.each(kinds)('%s', (_name, options) => {
  const text = openssl(['genpkey', ...options]);
  const der = decodePem(text, 'PRIVATE KEY');

  test('PKCS#8 of openssl is written again as it was', () => {
    expect(encodePrivateKeyInfo(parsePrivateKeyInfo(der))).toEqual(der);
    expect(pkcs8Of(text)).toEqual(der);
  });

  test('openssl opens what is encrypted here', async () => {
    const encrypted = await encryptPrivateKeyInfo(der, 'pässwörd', { iterations: 1000 });
    const opened = openssl(['pkey', '-passin', 'pass:pässwörd'], encodePem('ENCRYPTED PRIVATE KEY', encrypted));
    expect(opened).toBe(text);
  });

  test.each([
    ['-aes-128-cbc', 'hmacWithSHA1'],
    ['-aes-192-cbc', 'hmacWithSHA256'],
    ['-aes-256-cbc', 'hmacWithSHA512'],
  ])('what openssl encrypts by %s and %s opens', async (cipher, prf) => {
    const args = ['pkcs8', '-topk8', '-v2', cipher.slice(1), '-v2prf', prf, '-iter', '1000', '-passout', 'pass:secret'];
    const pem = parsePrivateKeyPem(openssl(args, text));
    if (pem.label !== 'ENCRYPTED PRIVATE KEY') throw new Error(`Cannot open: it is ${pem.label}`);
    expect(await decryptPrivateKeyInfo(pem.encryptedPrivateKeyInfo, 'secret')).toEqual(der);
  });
});

describe.each([
  ['EC PRIVATE KEY', ec('P-256')],
  ['EC PRIVATE KEY', ec('secp256k1')],
  ['RSA PRIVATE KEY', rsa(1024, 2)],
  ['RSA PRIVATE KEY', rsa(1024, 3)],
])('%s of genpkey %s', (label, options) => {
  const text = openssl(['genpkey', ...options]);
  const traditional = openssl(['pkey', '-traditional'], text);
  const info = parsePrivateKeyInfo(decodePem(text, 'PRIVATE KEY'));

  test('becomes the PKCS#8 of openssl', () => {
    expect(pkcs8Of(traditional)).toEqual(encodePrivateKeyInfo(info));
  });

  test('is written as openssl does', () => {
    expect(encodePem(label, label.startsWith('EC') ? ecFromPrivateKeyInfo(info) : info.privateKey)).toBe(traditional);
  });
});
