import { execFileSync } from 'node:child_process';
import { fromHex, toHex } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import { chooseScheme, type SignatureScheme, schemes, signatureAlgorithm, signatureScheme } from './algorithms.js';

const names = Object.keys(schemes) as SignatureScheme[];
const refusal = expect.objectContaining({ code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' });

test.each(names)('%s is read back from its AlgorithmIdentifier', (name) => {
  expect(signatureScheme(signatureAlgorithm(name))).toBe(name);
});

test.each<[SignatureScheme, string]>([
  ['ecdsa-with-SHA256', ''],
  ['Ed25519', ''],
  ['sha256WithRSAEncryption', '0500'],
  [
    'RSASSA-PSS-SHA256',
    '3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  ],
])('parameters of %s', (name, hex) => {
  const { parameters } = signatureAlgorithm(name);
  expect(parameters === undefined ? '' : toHex(parameters)).toBe(hex);
});

test.each([256, 384, 512])('PSS with SHA-%d is what openssl writes', (bits) => {
  const sigopts = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:digest'].flatMap((option) => ['-sigopt', option]);
  const subject = ['-subj', '/CN=x', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null'];
  const args = ['req', '-x509', `-sha${bits}`, ...subject, ...sigopts, '-outform', 'DER'];
  const certificate = toHex(execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }));
  const { parameters } = signatureAlgorithm(`RSASSA-PSS-SHA${bits}` as SignatureScheme); // 256, 384 and 512 are in the table
  expect(certificate).toContain(toHex(parameters!));
});

describe('refused identifiers', () => {
  const [rsa, ecdsa, pss] = ['1.2.840.113549.1.1.11', '1.2.840.10045.4.3.2', '1.2.840.113549.1.1.10'] as const;
  test.each([
    ['RSA without NULL', rsa, undefined],
    ['RSA with something else', rsa, '3000'],
    ['ECDSA with NULL', ecdsa, '0500'],
    ['Ed25519 with NULL', '1.3.101.112', '0500'],
    ['PSS with defaults, that is SHA-1', pss, '3000'],
    ['PSS without parameters', pss, undefined],
    ['PSS with a longer salt', pss, toHex(signatureAlgorithm('RSASSA-PSS-SHA256').parameters!).replace(/20$/, '40')],
    ['SHA-1 with RSA', '1.2.840.113549.1.1.5', '0500'],
    ['a key algorithm', '1.2.840.10045.2.1', undefined],
  ])('%s', (_name, algorithm, parameters) => {
    const identifier = parameters === undefined ? { algorithm } : { algorithm, parameters: fromHex(parameters) };
    expect(() => signatureScheme(identifier)).toThrow(refusal);
  });
});

test('a scheme has to fit the key', () => {
  expect(chooseScheme('P-384', undefined)).toBe('ecdsa-with-SHA384');
  expect(chooseScheme('P-384', 'ecdsa-with-SHA256')).toBe('ecdsa-with-SHA256');
  expect(() => chooseScheme('P-256', 'Ed25519')).toThrow(TypeError);
  expect(() => chooseScheme('Ed25519', 'sha256WithRSAEncryption')).toThrow(TypeError);
  expect(() => chooseScheme('RSA', 'nonsense' as SignatureScheme)).toThrow(TypeError);
});
