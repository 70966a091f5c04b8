import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync, type NodeSigningKey } from '@mayfly/keys/node';
import { type Extension, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, intermediateContents, rootContents } from '@mayfly/x509/create';
import {
  authorityKeyIdentifierExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  subjectAltNameExtension,
} from '@mayfly/x509/extensions';
import { parseGeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MemoryIo, memoryIo, NOW } from '../../testing/memory-io.js';
import { verifyCommand } from './verify.js';

const DAY = 86_400;
const validity = { notBefore: NOW - DAY, notAfter: NOW + 10 * DAY };
const authorityContents = (
  commonName: string,
  { subjectPublicKeyInfo }: NodeSigningKey,
  extensions: Extension[] = [],
) => ({
  serialNumber: 7n,
  validity,
  subject: encodeName(buildName({ commonName })),
  subjectKeyIdentifier: rfc7093KeyIdentifier(subjectPublicKeyInfo),
  extensions,
});

const rootKey = generateKeySync('P-256');
const root = createCertificateSync(rootContents(authorityContents('Root', rootKey), rootKey), rootKey);
const issuingKey = generateKeySync('P-256');
const issued = (extensions: Extension[] = []) =>
  createCertificateSync(
    intermediateContents(
      authorityContents('Issuing', issuingKey, extensions),
      issuingKey.subjectPublicKeyInfo,
      parseCertificate(root),
    ),
    rootKey,
  );
const issuing = issued();
const constrained = issued([
  nameConstraintsExtension({ permittedSubtrees: [{ base: parseGeneralName('DNS:other.example') }] }),
]);
const leafKey = generateKeySync('Ed25519');
const leaf = (commonName: string, notAfter = NOW + DAY) =>
  createCertificateSync(
    {
      serialNumber: 0x1234n,
      issuer: parseCertificate(issuing).subject,
      validity: { notBefore: NOW - 60, notAfter },
      subject: encodeName(buildName({ commonName })),
      subjectPublicKeyInfo: leafKey.subjectPublicKeyInfo,
      extensions: [
        authorityKeyIdentifierExtension({ keyIdentifier: rfc7093KeyIdentifier(issuingKey.subjectPublicKeyInfo) }),
        keyUsageExtension(['digitalSignature']),
        extKeyUsageExtension([keyPurposes.serverAuth]),
        subjectAltNameExtension(['DNS:web.example', 'URI:spiffe://example.org/web'].map(parseGeneralName)),
      ],
    },
    issuingKey,
  );

let directory: string;
const at = (name: string) => join(directory, name);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-verify-'));
  const pem = (...certificates: readonly Uint8Array[]) =>
    certificates.map((der) => encodePem('CERTIFICATE', der)).join('');
  const web = leaf('web');
  const damaged = Uint8Array.from(web, (octet, i) => (i === web.length - 1 ? octet ^ 1 : octet));
  const files: Record<string, string | Uint8Array> = {
    'ca.crt': pem(root),
    'issuing.crt': pem(issuing),
    'constrained.crt': pem(constrained),
    'leaf.crt': pem(web),
    'leaf.der': web,
    'chain.crt': pem(web, issuing),
    'damaged.crt': pem(damaged, issuing),
    'hostile.crt': pem(leaf('web\u001b[2J\u202e\nTrusted'), issuing),
    'cut.crt': pem(root, web.subarray(0, 100)),
    'key.pem': encodePem('PRIVATE KEY', leafKey.exportPkcs8()),
    'text.txt': 'hello',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
});
afterAll(() => rm(directory, { recursive: true }));

async function run(args: readonly string[], io: MemoryIo = memoryIo()): Promise<MemoryIo> {
  const placed = args.map((arg) => (/^[\w-]+\.(?:crt|der|pem|txt)$/.test(arg) ? at(arg) : arg));
  await verifyCommand(io).exitOverride().parseAsync(placed, { from: 'user' });
  return io;
}

describe('accepts', () => {
  test.each([
    ['a file with the chain', ['chain.crt']],
    ['a leaf with further certificates', ['leaf.crt', '--untrusted', 'issuing.crt']],
    ['DER', ['leaf.der', '--untrusted', 'issuing.crt']],
    ['a DNS name', ['chain.crt', '--name', 'web.example']],
    ['a SPIFFE ID', ['chain.crt', '--name', 'spiffe://example.org/web']],
    ['its purpose', ['chain.crt', '--purpose', 'server']],
    ['a moment ahead', ['chain.crt', '--at', '+23h']],
    ['a date', ['chain.crt', '--at', '2026-06-01T12:00:00Z']],
    ['a date with an offset', ['chain.crt', '--at', '2026-06-01T12:00:00+02:00']],
  ])('%s', async (_name, args) => {
    const io = await run(['--ca', 'ca.crt', ...args]);
    expect({ err: io.err(), code: io.exitCode() }).toEqual({ err: '', code: 0 });
    expect(io.out()).toMatch(
      / is good at .*\n {2}leaf +CN=web, .*\n {2}intermediate +CN=Issuing, .*\n {2}trusted +CN=Root, .*\n$/,
    );
  });

  test('a certificate that is trusted itself, from standard input', async () => {
    const stdin = new TextEncoder().encode(encodePem('CERTIFICATE', root));
    const io = await run(['--ca', 'ca.crt', '-'], memoryIo({ stdin }));
    expect(io.out()).toMatch(
      /^standard input is good at .*\n {2}trusted +CN=Root, serial 07, until 2026-06-11T00:00:00Z\n$/,
    );
  });
});

test.each([
  ['no issuer', ['leaf.crt'], 'IssuerNotFound', 'CN=web'],
  ['expired', ['chain.crt', '--at', '+2d'], 'Expired', 'CN=web'],
  ['not yet valid', ['chain.crt', '--at', '2026-01-01'], 'NotYetValid', 'CN=web'],
  ['other purpose', ['chain.crt', '--purpose', 'client'], 'ExtKeyUsageMismatch', 'CN=web'],
  ['other name', ['chain.crt', '--name', 'other.example'], 'NameMismatch', 'CN=web'],
  ['other SPIFFE ID', ['chain.crt', '--name', 'spiffe://example.org/other'], 'NameMismatch', 'CN=web'],
  ['damaged signature', ['damaged.crt'], 'SignatureInvalid', 'CN=web'],
  ['name constraints', ['leaf.crt', '--untrusted', 'constrained.crt'], 'NameNotPermitted', 'CN=web'],
  ['a policy', ['chain.crt', '--policy', '1.2.3'], 'PolicyNotAcceptable', 'CN=Issuing'],
  ['the Web', ['chain.crt', '--mode', 'webpki'], 'KeyRefused', 'CN=web'],
])('refuses: %s', async (_name, args, reason, subject) => {
  const io = await run(['--ca', 'ca.crt', ...args]);
  expect({ err: io.err(), code: io.exitCode() }).toEqual({ err: '', code: 1 });
  expect(io.out()).toMatch(new RegExp(` is refused at .*: ${reason}\n  .+\n  in ${subject}, serial .*\n$`));
  const json = JSON.parse((await run(['--json', '--ca', 'ca.crt', ...args])).out());
  expect(json).toMatchObject({ ok: false, reason, certificate: { subject } });
  expect(Object.keys(json)).toEqual('ok at mode chain reason rule message certificate attempt'.split(' '));
});

test('--explain shows every candidate, and what was wrong with it', async () => {
  const io = await run(['--ca', 'ca.crt', '--untrusted', 'constrained.crt', '--explain', 'leaf.crt']);
  expect(io.out()).toMatch(
    /\ntried:\n {2}CN=web, serial 12:34\n {4}CN=Issuing, serial 07\n {6}trusted CN=Root, serial 07: NameNotPermitted, .*\n$/,
  );
});

test('the keys of the JSON object are stable', async () => {
  const json = JSON.parse((await run(['--json', '--ca', 'ca.crt', 'chain.crt'])).out());
  expect(json).toEqual({
    ok: true,
    at: '2026-06-01T00:00:00Z',
    mode: 'rfc5280',
    policies: [],
    chain: [
      {
        subject: 'CN=web',
        issuer: 'CN=Issuing',
        serialNumber: '12:34',
        notBefore: '2026-05-31T23:59:00Z',
        notAfter: '2026-06-02T00:00:00Z',
      },
      expect.objectContaining({ subject: 'CN=Issuing' }),
      expect.objectContaining({ subject: 'CN=Root', issuer: 'CN=Root' }),
    ],
    attempt: {
      subject: 'CN=web',
      serialNumber: '12:34',
      trusted: false,
      issuers: [
        {
          subject: 'CN=Issuing',
          serialNumber: '07',
          trusted: false,
          issuers: [{ subject: 'CN=Root', serialNumber: '07', trusted: true, issuers: [] }],
        },
      ],
    },
  });
});

test.each([
  ['missing file', ['--ca', 'ca.crt', 'missing.crt'], /there is no such file/],
  ['missing bundle', ['--ca', 'missing.crt', 'leaf.crt'], /there is no such file/],
  ['a key as certificate', ['--ca', 'ca.crt', 'key.pem'], /ERR_X509_NO_CERTIFICATE\); it has PRIVATE KEY/],
  ['text as bundle', ['--ca', 'text.txt', 'leaf.crt'], /ERR_X509_NO_CERTIFICATE\); is it PEM\?/],
  ['broken bundle', ['--ca', 'cut.crt', 'leaf.crt'], /cut\.crt, certificate at line \d+: .*ERR_DER_TRUNCATED/],
  ['no name', ['--ca', 'ca.crt', '--name', 'a b', 'leaf.crt'], /--name a b: it is no DNS name/],
  ['no purpose', ['--ca', 'ca.crt', '--purpose', 'toString', 'leaf.crt'], /--purpose toString: write client/],
  ['no policy', ['--ca', 'ca.crt', '--policy', '1.2.', 'leaf.crt'], /--policy 1\.2\.: it is no OID/],
  ['no response', ['--ca', 'ca.crt', '--ocsp', 'ca.crt', 'leaf.crt'], /no OCSP RESPONSE block/],
  ['a broken response', ['--ca', 'ca.crt', '--ocsp', 'leaf.der', 'leaf.crt'], /leaf\.der: .*ERR_/],
  ['no list', ['--ca', 'ca.crt', '--crl', 'ca.crt', 'leaf.crt'], /no X509 CRL block/],
  ['no moment', ['--ca', 'ca.crt', '--at', 'tomorrow', 'leaf.crt'], /--at tomorrow: write/],
  ['moment without a zone', ['--ca', 'ca.crt', '--at', '2026-06-01T12:00', 'leaf.crt'], /--at/],
  ['a moment after all', ['--ca', 'ca.crt', '--at', '+99999999d', 'leaf.crt'], /--at .* until 9999/],
  ['a day that no month has', ['--ca', 'ca.crt', '--at', '2026-02-31', 'leaf.crt'], /--at 2026-02-31: write/],
  ['standard input twice', ['--ca', '-', '-'], /can be read once/],
])('cannot check: %s', async (_name, args, message) => {
  const io = memoryIo();
  await expect(run(args, io)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
  expect(io.out()).toBe('');
});

test('a hostile name stays on its line and cannot steer a terminal', async () => {
  for (const args of [[], ['--json'], ['--at', '+2d'], ['--name', 'x.example']]) {
    const out = (await run(['--ca', 'ca.crt', ...args, 'hostile.crt'])).out();
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out).not.toMatch(/^Trusted/m);
  }
});
