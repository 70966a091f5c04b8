import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { keyStore, writePfx } from '@mayfly/pkcs12';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { certificatePoliciesExtension, subjectAltNameExtension } from '@mayfly/x509/extensions';
import { encodeName } from '@mayfly/x509/name';
import { expect, test } from 'vitest';
import { type MemoryIo, memoryIo, NOW } from '../../testing/memory-io.js';
import { inspectCommand } from './inspect.js';

const vector = (name: string) => fileURLToPath(new URL(`../../../../vectors/${name}`, import.meta.url));
const run = async (args: readonly string[], io: MemoryIo = memoryIo()): Promise<MemoryIo> => {
  await inspectCommand(io).exitOverride().parseAsync(args, { from: 'user' });
  return io;
};

test('a certificate reads from top to bottom', async () => {
  const io = await run([vector('certificates/extension-name-constraints.pem')]);
  expect(io.out()).toMatch(/^Certificate \(.*extension-name-constraints\.pem:\d+, CERTIFICATE\)\n {2}version: 3\n/);
  expect(io.out()).toContain('\n  issuer: CN=Root,O=Example,C=DE\n');
  expect(io.out()).toContain('state: valid for 214d more');
  expect(io.out()).toContain(
    '\n    nameConstraints (2.5.29.30), critical\n      permittedSubtrees\n        DNS:example.com\n',
  );
  expect(io.exitCode()).toBeUndefined();
});

test('the keys of the JSON objects are stable', async () => {
  const json = JSON.parse((await run(['--json', vector('certificates/extension-san-several.pem')])).out());
  expect(json).toHaveLength(1);
  expect(Object.keys(json[0])).toEqual([
    'type',
    'label',
    'line',
    'version',
    'serialNumber',
    'signatureAlgorithm',
    'issuer',
    'validity',
    'subject',
    'subjectPublicKeyInfo',
    'extensions',
    'signatureValue',
    'sha256',
  ]);
  expect(json[0]).toMatchObject({
    validity: { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-12-31T23:59:59Z' },
    subjectPublicKeyInfo: { algorithm: 'ecPublicKey', namedCurve: 'P-256', pinSHA256: expect.any(String) },
    extensions: [
      {
        extnID: '2.5.29.17',
        name: 'subjectAltName',
        critical: false,
        value: expect.arrayContaining(['DNS:a.example']),
      },
    ],
  });
});

test('standard input is the default, and --dump shows every element', async () => {
  const stdin = readFileSync(vector('requests/algorithm-p256-sha256.pem'));
  const io = await run(['--dump'], memoryIo({ stdin }));
  expect(io.out()).toMatch(/^CertificationRequest \(standard input:\d+, /);
  expect(io.out()).toContain('proofOfPossession: the signature fits the key');
  expect(io.out()).toMatch(/\n +0 +\d+ +SEQUENCE\n/);
});

test('a fault is shown and is the exit code', async () => {
  const io = await run([vector('faults/certificate-time-hour-24.pem')]);
  expect(io.out()).toContain(
    'code: ERR_DER_TIME\n  offset: 103\n  path: certificate.tbsCertificate.validity.notAfter\n',
  );
  expect(io.exitCode()).toBe(1);
});

test('what a certificate says cannot steer a terminal', async () => {
  const hostile = '\u001b]0;owned\u0007\u009b2J\u202e\n  subject: CN=bank\u2028';
  const key = generateKeySync('P-256');
  const contents = rootContents(
    {
      serialNumber: 1n,
      validity: { notBefore: NOW, notAfter: NOW + 1 },
      subject: encodeName([[{ type: '2.5.4.3', value: hostile, stringType: 'utf8String' }]]),
      subjectKeyIdentifier: new Uint8Array(20),
      extensions: [
        subjectAltNameExtension([{ type: 'dNSName', value: '\u001b[31m\nDNS:bank.example' }]),
        certificatePoliciesExtension([
          { policyIdentifier: '1.2.3', policyQualifiers: [{ type: 'userNotice', explicitText: { value: hostile } }] },
        ]),
      ],
    },
    key,
  );
  const stdin = new TextEncoder().encode(encodePem('CERTIFICATE', createCertificateSync(contents, key)));
  for (const args of [[], ['--json'], ['--dump'], ['--json', '--dump']]) {
    const out = (await run(args, memoryIo({ stdin }))).out();
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(out).not.toMatch(/^ *subject: CN=bank/m);
    expect(out).not.toMatch(/^ *DNS:bank/m);
  }
});

test('a file that is longer than 32 MiB is not read', async () => {
  const stdin = new Uint8Array(32 * 1024 * 1024 + 1);
  await expect(run([], memoryIo({ stdin }))).rejects.toMatchObject({ code: 'ERR_CLI_FILE' });
});

test('a key store is left to the command that shows it', async () => {
  const key = generateKeySync('P-256').exportPkcs8();
  const stdin = await writePfx(keyStore({ keys: [{ privateKeyInfo: key, certificates: [] }] }), 'x', { iterations: 1 });
  await expect(run([], memoryIo({ stdin }))).rejects.toMatchObject({
    code: 'ERR_CLI_INPUT',
    exitCode: 1,
    message: 'Cannot inspect standard input: it is a PKCS#12 file; "mayfly p12 inspect" shows it',
  });
});
