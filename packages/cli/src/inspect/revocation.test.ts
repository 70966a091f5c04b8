/** Lists and OCSP that openssl makes: what `openssl crl -text` and `openssl ocsp -resp_text` say stands in `mayfly inspect` too. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryIo } from '../../testing/memory-io.js';
import { inspectCommand } from '../commands/inspect.js';

const directory = mkdtempSync(join(tmpdir(), 'mayfly-inspect-'));
afterAll(() => rmSync(directory, { recursive: true }));
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const CONFIGURATION = `
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
default_md = sha256
default_crl_days = 7
certificate = ca.crt
private_key = ca.key
policy = names
crl_extensions = list
[names]
commonName = supplied
[list]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical,@point
[point]
fullname = URI:http://crl.example/ca.crl
`;

beforeAll(() => {
  writeFileSync(join(directory, 'ca.cnf'), CONFIGURATION);
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(join(directory, 'serial'), '1234\n');
  writeFileSync(join(directory, 'crlnumber'), '0101\n');
  const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...p256, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/C=DE/O=Example/CN=Root');
  for (const name of ['bad', 'good']) {
    openssl('req', '-new', ...p256, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}.example`);
    openssl('ca', '-batch', '-config', 'ca.cnf', '-in', `${name}.csr`, '-out', `${name}.crt`, '-days', '5', '-notext');
  }
  openssl('ca', '-config', 'ca.cnf', '-revoke', 'bad.crt', '-crl_reason', 'keyCompromise');
  openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'ca.crl');
  const asked = ['-issuer', 'ca.crt', '-cert', 'bad.crt', '-cert', 'good.crt', '-reqout', 'request.der'];
  const answers = ['-index', 'index.txt', '-CA', 'ca.crt', '-rsigner', 'ca.crt', '-rkey', 'ca.key', '-ndays', '3'];
  openssl('ocsp', ...answers, ...asked, '-respout', 'response.der');
});

async function inspect(name: string, ...flags: readonly string[]): Promise<string> {
  const io = memoryIo({ now: () => Math.floor(Date.now() / 1000) });
  await inspectCommand(io)
    .exitOverride()
    .parseAsync([...flags, join(directory, name)], { from: 'user' });
  expect(io.exitCode()).toBeUndefined();
  return io.out();
}

/** A time of openssl, as Mayfly writes it. */
const iso = (text: string): string => `${new Date(text).toISOString().slice(0, 19)}Z`;
const allOf = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found!);
const pairs = (hex: string): string => hex.toLowerCase().match(/../g)!.join(':');

test('a list', async () => {
  const theirs = openssl('crl', '-in', 'ca.crl', '-noout', '-text');
  const ours = await inspect('ca.crl');
  expect(ours).toMatch(/^CertificateList \(CRL\) \(.*ca\.crl:1, X509 CRL\)\n {2}version: 2\n/);
  for (const [field, pattern] of [
    ['thisUpdate', /Last Update: (.*)/g],
    ['nextUpdate', /Next Update: (.*)/g],
    ['revocationDate', /Revocation Date: (.*)/g],
  ] as const)
    expect(ours).toContain(`${field}: ${iso(allOf(theirs, pattern)[0]!)}`);
  expect(ours).toContain(`userCertificate: ${pairs(allOf(theirs, /Serial Number: (.*)/g)[0]!)}`);
  expect(ours).toContain(`keyIdentifier: ${allOf(theirs, /Authority Key Identifier: \n +(.*)/g)[0]!.toLowerCase()}`);
  expect(ours).toContain(`cRLNumber (2.5.29.20)\n      ${allOf(theirs, /CRL Number: \n +(.*)/g)[0]}\n`);
  expect(ours).toContain(
    'issuingDistributionPoint (2.5.29.28), critical\n      fullName: URI:http://crl.example/ca.crl\n',
  );
  expect(ours).toContain('reasonCode: keyCompromise');
  expect(ours).toContain('issuer: CN=Root,O=Example,C=DE\n');
  expect(ours).toMatch(/state: current for (?:6d23h|7d) more/);
});

test('a response', async () => {
  const theirs = openssl('ocsp', '-respin', 'response.der', '-resp_text', '-noverify');
  const ours = await inspect('response.der');
  expect(ours).toMatch(/^OCSP response \(.*response\.der, DER\)\n {2}responseStatus: successful\n/);
  const [nonce] = allOf(theirs, /OCSP Nonce: \n +0410(.*)/g);
  expect(ours).toContain(`ocspNonce (1.3.6.1.5.5.7.48.1.2)\n      ${nonce!.toLowerCase()}\n`);
  for (const [field, pattern, shown] of [
    ['producedAt', /Produced At: (.*)/g, iso],
    ['thisUpdate', /This Update: (.*)/g, iso],
    ['nextUpdate', /Next Update: (.*)/g, iso],
    ['issuerNameHash', /Issuer Name Hash: (.*)/g, (text: string) => text.toLowerCase()],
    ['issuerKeyHash', /Issuer Key Hash: (.*)/g, (text: string) => text.toLowerCase()],
    ['serialNumber', /^ {6}Serial Number: (.*)/gm, pairs],
    ['certStatus', /Cert Status: (.*)/g, (text: string) => text],
    ['revocationTime', /Revocation Time: (.*)/g, iso],
  ] as const) {
    const found = allOf(theirs, pattern);
    expect(found.length).toBeGreaterThan(0);
    for (const text of found) expect(ours).toContain(`${field}: ${shown(text)}`);
  }
  expect(ours).toContain('revocationReason: keyCompromise');
});

test('a request', async () => {
  const ours = await inspect('request.der');
  expect(ours).toMatch(/^OCSP request /);
  expect(allOf(ours, /serialNumber: (.*)/g)).toEqual(['12:34', '12:35']);
  expect(ours).toMatch(/ocspNonce \(1\.3\.6\.1\.5\.5\.7\.48\.1\.2\)\n {6}[0-9a-f]{32}\n/);
});

describe('--lint', () => {
  test.each(['ca.crl', 'good.csr'])('finds nothing in %s', async (name) => {
    expect(await inspect(name, '--lint')).toMatch(/\n {2}lint: \(none\)\n/);
  });

  test('names the rule, where it stands and what it is about, in a certificate and a list', async () => {
    const config = `${CONFIGURATION}[bare]\n`.replace('crl_extensions = list', 'crl_extensions = bare');
    writeFileSync(join(directory, 'bare.cnf'), `${config}extendedKeyUsage = serverAuth\n`);
    openssl('ca', '-config', 'bare.cnf', '-gencrl', '-out', 'bare.crl');
    const list = JSON.parse(await inspect('bare.crl', '--lint', '--json'))[0].lint;
    expect(list.map(({ id }: { readonly id: string }) => id)).toContain('crl-authority-key-identifier');
    const certificate = JSON.parse(await inspect('good.crt', '--lint', '--json'))[0].lint;
    for (const finding of [...list, ...certificate])
      expect(finding).toEqual({
        id: expect.stringMatching(/^[a-z-]+$/),
        source: expect.stringMatching(/RFC|CVE|NIST|§/),
        severity: expect.stringMatching(/^(?:error|warning)$/),
        path: expect.any(String),
        message: expect.any(String),
      });
    expect(await inspect('bare.crl', '--lint')).toMatch(/\n {2}lint\n {4}- .*crl-authority-key-identifier/);
  });
});
