import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { encodePem, parsePem } from '@mayfly/der/pem';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOW } from '../../testing/memory-io.js';
import { printableJson } from '../terminal-text.js';
import { describeInput } from './describe.js';
import type { Description, Facts } from './description.js';
import { formatDescriptions } from './text.js';

const vectors = new URL('../../../../vectors/', import.meta.url);
const vector = (name: string): Uint8Array => readFileSync(new URL(name, vectors));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const inspect = (bytes: Uint8Array, withDump = false) => describeInput(bytes, 'file', { now: NOW, withDump });
const derOf = (pem: Uint8Array): Uint8Array => parsePem(new TextDecoder().decode(pem))[0]!.bytes;

/** Everything that a person or a program gets to see. */
function shown(descriptions: readonly Description[]): string {
  return formatDescriptions('file', descriptions, { wholeDump: true }) + printableJson(descriptions);
}

describe('every vector is recognised by its label and by its DER', () => {
  test.each([
    ['certificates', 'certificate'],
    ['requests', 'certificationRequest'],
    ['crls', 'certificateList'],
  ])('%s', async (folder, type) => {
    for (const file of readdirSync(new URL(folder, vectors)).filter((name) => name.endsWith('.pem'))) {
      const pem = vector(`${folder}/${file}`);
      const [block] = await inspect(pem);
      const [bare] = await inspect(derOf(pem));
      expect(block, file).toMatchObject({ type, line: expect.any(Number), label: expect.any(String) });
      expect({ file, ...bare }).toEqual({ file, type: block!.type, facts: block!.facts, ...dumpOf(block!) });
    }
  });
  const dumpOf = ({ dump }: Description) => (dump === undefined ? {} : { dump });
});

test('all extensions that the packages read are decoded, the others in hexadecimal', async () => {
  const undecoded = new Set<unknown>();
  for (const file of readdirSync(new URL('certificates', vectors)).filter((name) => name.endsWith('.pem'))) {
    const [certificate] = await inspect(vector(`certificates/${file}`));
    for (const extension of certificate!.facts['extensions'] as readonly Facts[]) // a certificate has a list of them
      if (extension['value'] === undefined) undecoded.add(`${extension['extnID']} ${extension['name']}`);
  }
  expect([...undecoded].sort()).toEqual([
    '1.3.6.1.4.1.11129.2.4.3 ctPoison',
    '1.3.6.1.4.1.55555.6.1 undefined',
    '1.3.6.1.4.1.55555.6.2 undefined',
    '1.3.6.1.4.1.55555.6.3 undefined',
    '1.3.6.1.5.5.7.48.1.5 ocspNoCheck',
  ]);
});

test('a certificate says what openssl prints of it', async () => {
  for (const file of [
    'algorithm-p256-sha256',
    'algorithm-rsa2048-sha256',
    'algorithm-ed25519',
    'extension-san-several',
  ]) {
    const pem = vector(`certificates/${file}.pem`);
    const { facts } = (await inspect(pem))[0]!;
    const printed = execFileSync(
      'openssl',
      'x509 -noout -subject -issuer -serial -startdate -enddate -dateopt iso_8601 -fingerprint -sha256 -nameopt RFC2253'.split(
        ' ',
      ),
      { input: pem, encoding: 'utf8' },
    );
    const told = Object.fromEntries(
      printed
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { notBefore, notAfter } = facts['validity'] as Facts; // certificateFacts gives it
    expect({
      subject: facts['subject'],
      issuer: facts['issuer'],
      serial: String(facts['serialNumber']).replaceAll(':', '').toUpperCase(),
      notBefore: String(notBefore).replace('T', ' '),
      notAfter: String(notAfter).replace('T', ' '),
      'sha256 Fingerprint': String(facts['sha256']).toUpperCase(),
    }).toEqual(told);
  }
});

test('keys of every form show their public half', async () => {
  const spkiOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('hex');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const ed25519 = generateKeyPairSync('ed25519');
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  for (const [pair, form] of [
    [rsa, 'pkcs8'],
    [rsa, 'pkcs1'],
    [ec, 'pkcs8'],
    [ec, 'sec1'],
    [ed25519, 'pkcs8'],
    [small, 'pkcs8'],
  ] as const) {
    const key = pair.privateKey as KeyObject; // whatever the form, it can be exported
    const [publicKey] = await inspect(utf8(pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()));
    for (const format of ['pem', 'der'] as const) {
      const [privateKey] = await inspect(Uint8Array.from(Buffer.from(key.export({ format, type: form } as never))));
      expect(privateKey).toMatchObject({ type: 'privateKey', facts: publicKey!.facts });
    }
    const { subjectPublicKey, modulus } = publicKey!.facts['subjectPublicKeyInfo'] as Facts;
    expect(spkiOf(pair.publicKey)).toContain(modulus ?? subjectPublicKey);
    if (key.asymmetricKeyType === 'rsa' && modulus !== undefined)
      expect(modulus).toBe(Buffer.from(key.export({ format: 'jwk' }).n!, 'base64url').toString('hex'));
  }
  const [weak] = await inspect(utf8(small.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()));
  expect(weak!.facts['fault']).toContain('1024 bits');
});

test('encrypted keys show how they are encrypted', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' });
  const [encrypted] = await inspect(utf8(pem.toString()));
  expect(encrypted).toMatchObject({
    type: 'encryptedPrivateKey',
    facts: { encryptionAlgorithm: 'PBES2', cipher: 'AES-256-CBC', iterationCount: 2048, privateKey: 'not decrypted' },
  });
  const old =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
  expect((await inspect(utf8(old)))[0]).toMatchObject({
    type: 'encryptedPrivateKey',
    facts: { cipher: 'AES-128-CBC' },
  });
});

/** Whether eight octets in a row of a secret stand in a text, in hexadecimal with or without gaps or in base64. */
function shows(text: string, secret: Uint8Array): boolean {
  const bare = text.toLowerCase().replace(/[\s:]/g, '');
  for (let i = 0; i + 8 <= secret.length; i++)
    if (bare.includes(Buffer.from(secret.subarray(i, i + 8)).toString('hex'))) return true;
  const base64 = Buffer.from(secret).toString('base64');
  for (let i = 4; i + 12 <= base64.length; i++) if (text.includes(base64.slice(i, i + 10))) return true;
  return false;
}

describe('no octet of a private key is shown', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
  const secretOf = (key: KeyObject) => Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  const der = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1') =>
    Uint8Array.from(key.export({ format: 'der', type } as never) as Buffer); // the overloads know no union
  const dsaDer = der(dsa, 'pkcs8');
  test.each([
    ['P-256, PKCS#8', der(ec, 'pkcs8'), secretOf(ec), 'PRIVATE KEY'],
    ['P-256, SEC 1', der(ec, 'sec1'), secretOf(ec), 'EC PRIVATE KEY'],
    ['Ed25519, PKCS#8', der(ed25519, 'pkcs8'), secretOf(ed25519), 'PRIVATE KEY'],
    ['RSA, PKCS#1', der(rsa, 'pkcs1'), secretOf(rsa), 'RSA PRIVATE KEY'],
    ['DSA, PKCS#8', dsaDer, dsaDer.subarray(-20), 'PRIVATE KEY'],
  ])(
    '%s, whole, cut and with any octet of its beginning damaged, under right and wrong labels',
    async (_name, key, secret, label) => {
      const variants: Uint8Array[] = [
        key,
        key.subarray(0, -1),
        key.subarray(0, key.length >> 1),
        Uint8Array.of(...key, 0),
      ];
      for (let i = 0; i < Math.min(key.length, 48); i++)
        for (const flip of [0x01, 0x10, 0x32, 0x80, 0xff])
          variants.push(Uint8Array.from(key, (octet, at) => (at === i ? octet ^ flip : octet)));
      for (const variant of variants) {
        for (const input of [
          variant,
          utf8(encodePem(label, variant)),
          utf8(encodePem('CERTIFICATE', variant)),
          utf8(encodePem('X', variant)),
        ]) {
          const text = await inspect(input, true).then(shown, (error: Error) => error.message);
          if (shows(text, secret))
            expect.unreachable(`${Buffer.from(variant.subarray(0, 48)).toString('hex')} shows ${text}`);
        }
      }
    },
  );
  test('the search finds a secret', () => {
    const secret = secretOf(ec);
    expect(shows(secret.toString('hex'), secret)).toBe(true);
    expect(shows(`x ${secret.toString('base64')}`, secret)).toBe(true);
    expect(shows(Array.from(secret, (octet) => octet.toString(16).padStart(2, '0')).join(' '), secret)).toBe(true);
  });
});

describe('faults', () => {
  test('a field that cannot be read is told with its place and its octets', async () => {
    const [fault] = await inspect(vector('faults/certificate-time-hour-24.pem'));
    expect(fault).toMatchObject({
      type: 'fault',
      facts: {
        code: 'ERR_DER_TIME',
        offset: 103,
        path: 'certificate.tbsCertificate.validity.notAfter',
        bytes: expect.arrayContaining([expect.stringMatching(/^00000060 {2}30 30 .* {2}000000Z\.\.2701012$/)]),
      },
    });
    const lines = formatDescriptions('file', [fault!]).split('\n');
    const marked = lines.findIndex((line) => line.trim() === '^^');
    expect(lines[marked - 1]!.slice(lines[marked]!.indexOf('^^')).slice(0, 5)).toBe('17 0d');
  });

  test('every damaged certificate is described, none ends the command', async () => {
    for (const file of readdirSync(new URL('faults', vectors)).filter((name) => name.startsWith('certificate-'))) {
      const pem = vector(`faults/${file}`);
      for (const input of [pem, ...[derOf(pem)].filter((der) => der[0] === 0x30)]) {
        const [description] = await inspect(input);
        const { type, facts } = description!;
        // Odd serial numbers are looked at all the same; where there is a fault it has a code.
        expect([type, 'state' in facts || 'code' in facts], file).toEqual([type, type !== 'certificate']);
      }
    }
  });

  test('a broken extension does not hide the certificate', async () => {
    const [certificate] = await inspect(vector('faults/extension-san-ip-three-octets.pem'));
    expect(certificate).toMatchObject({
      type: 'certificate',
      facts: {
        extensions: expect.arrayContaining([
          expect.objectContaining({
            name: 'subjectAltName',
            fault: expect.stringContaining('ERR_X509_GENERAL_NAME'),
            extnValue: '300587030a0000',
          }),
        ]),
      },
    });
  });

  test('one broken block does not hide the others', async () => {
    const chain = utf8(
      [
        vector('certificates/cross-signed.pem'),
        vector('faults/certificate-time-hour-24.pem'),
        vector('certificates/cross-signed.pem'),
      ]
        .map((bytes) => new TextDecoder().decode(bytes))
        .join(''),
    );
    const types = (await inspect(chain)).map(({ type }) => type);
    expect(types).toEqual(['certificate', 'fault', 'certificate']);
  });

  test.each([
    ['empty', '', /it is empty/],
    ['text', 'hello, world', /neither PEM nor DER/],
    ['base64', 'MIIBszCCAVmgAwIBAgIUN4zgv0IVpBCP', /may be base64/],
    ['block without its end', '-----BEGIN CERTIFICATE-----\nMAA=\n', /line 1: .*ERR_PEM_BOUNDARY/],
    ['no base64', '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n', /ERR_PEM_BASE64/],
  ])('%s', async (_name, text, message) => {
    await expect(inspect(utf8(text))).rejects.toMatchObject({
      code: 'ERR_CLI_INPUT',
      message: expect.stringMatching(message),
    });
  });
});

test('a dump shows offsets and the names of OIDs, and is cut unless it was asked for', async () => {
  const [certificate] = await inspect(vector('certificates/algorithm-p256-sha256.pem'), true);
  expect(
    certificate!.dump!.some((line) =>
      /^ +\d+ +\d+ +OBJECT IDENTIFIER 1\.2\.840\.10045\.4\.3\.2 \(ecdsa-with-SHA256\)$/.test(line),
    ),
  ).toBe(true);
  const many = [{ type: 'certificateList' as const, facts: {}, dump: Array.from({ length: 300 }, () => 'x') }];
  expect(formatDescriptions('file', many)).toContain('(100 more lines; --dump shows them all)');
  expect(formatDescriptions('file', many, { wholeDump: true })).not.toContain('more lines');
});

test('whatever octet is damaged, there is a description that can be shown', async () => {
  const inputs = ['certificates', 'requests', 'crls', 'keys'].flatMap((folder) =>
    readdirSync(new URL(folder, vectors))
      .filter((name) => name.endsWith('.pem'))
      .map((name) => derOf(vector(`${folder}/${name}`)))
      // Under RFC 1421 headers there is no DER.
      .filter((der) => der[0] === 0x30),
  );
  const damaged = fc
    .tuple(
      fc.constantFrom(...inputs),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
    )
    // The outer header stays, so that it is taken for DER.
    .map(([der, where, flip]) => {
      const place = 4 + Math.floor(where * (der.length - 4));
      return Uint8Array.from(der, (octet, at) => (at === place ? octet ^ flip : octet));
    });
  await fc.assert(
    fc.asyncProperty(damaged, fc.boolean(), async (der, withDump) => {
      expect(shown(await inspect(der, withDump)).length).toBeGreaterThan(0);
    }),
    { seed: 20260901, numRuns: 3000 },
  );
});
