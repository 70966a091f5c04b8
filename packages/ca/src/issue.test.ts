import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, sequence, toHex } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { type Extension, encodeTBSCertificate, lifetime, parseCertificate } from '@mayfly/x509';
import { extKeyUsage, extKeyUsageExtension, keyUsage, subjectAltName } from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { buildName, encodeName } from '@mayfly/x509/name';
import { assemble } from '@mayfly/x509/signed';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyPair, NOW, root, surroundings, verifyEcdsa } from '../testing/authority.js';
import { compile, complete, defineProfile, type IssuanceRequest, issue, issueSync, lint, prepare } from './index.js';
import { podClient, podPeer, podServer, spiffeWorkload, subCa } from './profiles.js';

const authority = keyPair();
const certificate = root(authority.key);
const issuer = { certificate, chain: [], key: authority.key, verify: verifyEcdsa };
const leaf = keyPair();
const request: IssuanceRequest = {
  subjectPublicKeyInfo: leaf.key.subjectPublicKeyInfo,
  subject: encodeName(buildName({ organization: 'Shop', commonName: 'web' })),
  subjectAltName: [
    { type: 'dNSName', value: 'web.shop.svc' },
    { type: 'uniformResourceIdentifier', value: 'spiffe://example.org/ns/shop/sa/web' },
  ],
  lifetime: 3600,
};

describe('issue', () => {
  test('makes a leaf that node:crypto and openssl accept', async () => {
    const issued = await issue(compile(podPeer(), issuer), request, surroundings());
    const theirs = new X509Certificate(Buffer.from(issued.certificate));
    expect(theirs.verify(createPublicKey(authority.privateKey))).toBe(true);
    expect(theirs.subject).toBe('O=Shop\nCN=web');
    expect(theirs.subjectAltName).toBe('DNS:web.shop.svc, URI:spiffe://example.org/ns/shop/sa/web');
    expect(theirs.ca).toBe(false);
    expect(BigInt('0x' + theirs.serialNumber)).toBe(issued.serialNumber);
    const ours = parseCertificate(issued.certificate);
    expect([...keyUsage(ours)!]).toEqual(['digitalSignature']);
    expect(extKeyUsage(ours)).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(ours.validity).toEqual({ notBefore: NOW - 60, notAfter: NOW - 60 + 3600 });

    const folder = mkdtempSync(join(tmpdir(), 'mayfly-ca-'));
    try {
      writeFileSync(join(folder, 'ca.crt'), encodePem('CERTIFICATE', certificate.der));
      writeFileSync(join(folder, 'tls.crt'), encodePem('CERTIFICATE', issued.certificate));
      const args = [
        'verify',
        '-x509_strict',
        '-attime',
        String(NOW),
        '-CAfile',
        join(folder, 'ca.crt'),
        join(folder, 'tls.crt'),
      ];
      expect(execFileSync('openssl', args, { encoding: 'utf8' })).toContain('OK');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the synchronous twin gives the same signed bytes', async () => {
    const compiled = compile(podClient(), issuer);
    const one = await issue(compiled, request, surroundings());
    expect(toHex(issueSync(compiled, request, surroundings()).tbsCertificate)).toBe(toHex(one.tbsCertificate));
  });

  test('an empty subject makes subjectAltName critical', () => {
    const issued = issueSync(compile(spiffeWorkload(), issuer), request, surroundings());
    const ours = parseCertificate(issued.certificate);
    expect(ours.subject).toHaveLength(2);
    expect(ours.extensions.find(({ extnID }) => extnID === '2.5.29.17')?.critical).toBe(true);
    expect(subjectAltName(ours)).toEqual(request.subjectAltName);
  });

  test('a sub-CA issues in its turn, and its chain goes along', async () => {
    const below = keyPair();
    const name = encodeName(buildName({ commonName: 'Test Sub CA' }));
    const sub = await issue(
      compile(subCa(), issuer),
      { subjectPublicKeyInfo: below.key.subjectPublicKeyInfo, subject: name, subjectAltName: [], lifetime: 86_400 },
      surroundings(),
    );
    const subCertificate = parseCertificate(sub.certificate);
    const leafOfSub = issueSync(
      compile(podClient(), { certificate: subCertificate, chain: [subCertificate], key: below.key }),
      request,
      surroundings(),
    );
    expect(leafOfSub.chain.map(toHex)).toEqual([toHex(sub.certificate)]);
    expect(
      new X509Certificate(Buffer.from(leafOfSub.certificate)).checkIssued(
        new X509Certificate(Buffer.from(sub.certificate)),
      ),
    ).toBe(true);
  });

  test('a key that signs wrongly is caught before anything leaves', async () => {
    const broken = { ...authority.key, sign: (tbs: Uint8Array) => authority.key.sign(tbs.subarray(1)) };
    await expect(
      issue(compile(podClient(), { ...issuer, key: broken }), request, surroundings()),
    ).rejects.toMatchObject({ code: 'ERR_CA_SIGNATURE' });
  });

  test('serial numbers do not repeat and take 17 octets', () => {
    const compiled = compile(podClient(), { ...issuer, instance: 127 });
    const around = surroundings();
    const serials = new Set(Array.from({ length: 500 }, () => prepare(compiled, request, around).serialNumber));
    expect(serials.size).toBe(500);
    for (const serial of serials) expect(serial >> 128n).toBe(127n);
  });
});

describe('lifetimes', () => {
  test.each([
    ['as asked', podClient(), { lifetime: 3600 }, 3600],
    ['at most what the profile allows', podClient({ maxLifetime: 7200 }), { lifetime: 86_400 }, 7200],
    [
      'inclusive: one second less between the ends',
      podClient({ lifetimeCounts: 'inclusive' }),
      { lifetime: 3600 },
      3599,
    ],
  ])('%s', (_name, profile, wanted, difference) => {
    const { notBefore, notAfter } = prepare(compile(profile, issuer), { ...request, ...wanted }, surroundings());
    expect(notAfter - notBefore).toBe(difference);
  });

  test('a leaf never outlives its issuer, and one that would be too short waits for a new authority', () => {
    const compiled = compile(podClient(), issuer);
    const end = certificate.validity.notAfter;
    fc.assert(
      fc.property(
        fc.integer({ min: NOW, max: end + 10 }),
        fc.integer({ min: 1, max: 86_400 }),
        fc.integer({ min: 1, max: 3600 }),
        (now, wanted, minLifetime) => {
          const asked = { ...request, lifetime: wanted, minLifetime: Math.min(minLifetime, wanted) };
          try {
            const prepared = prepare(compiled, asked, surroundings(now));
            expect(prepared.notAfter).toBeLessThanOrEqual(end);
            expect(prepared.notAfter - prepared.notBefore).toBeGreaterThanOrEqual(asked.minLifetime);
            expect(lifetime(prepared)).toBeLessThanOrEqual(wanted + 1);
            if (prepared.notAfter >= now) expect(lint(compiled, prepared, now)).toBeUndefined();
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_CA_ISSUER_EXPIRING' });
            expect(Math.min(wanted - 60, end - now)).toBeLessThan(asked.minLifetime);
          }
        },
      ),
      { seed: 5280, numRuns: 500 },
    );
  });
});

describe('lint sees the bytes', () => {
  const compiled = compile(podPeer(), issuer);
  const prepared = prepare(compiled, request, surroundings());
  const with_ = (change: Partial<IssuanceRequest>) => prepare(compiled, { ...request, ...change }, surroundings());
  const other = compile(podClient(), issuer);
  const otherIssuer = keyPair();
  const foreign = compile(podPeer(), { certificate: root(otherIssuer.key), chain: [], key: otherIssuer.key });
  const named = (name: GeneralName) => with_({ subjectAltName: [name] });
  const concat = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
  const spki = (type: 'rsa' | 'ec' | 'x25519', options: object = {}): Uint8Array => {
    // The overloads want each type with its own options.
    const generate = generateKeyPairSync as (type: string, options: object) => { publicKey: KeyObject };
    return generate(type, options).publicKey.export({ format: 'der', type: 'spki' });
  };
  const edited = (before: string, after: string) => ({
    ...prepared,
    tbsCertificate: Uint8Array.from(Buffer.from(toHex(prepared.tbsCertificate).replace(before, after), 'hex')),
  });
  test.each([
    ['nothing wrong', compiled, prepared, undefined],
    ['no name at all', compiled, with_({ subject: encode(sequence()), subjectAltName: [] }), 'no-name'],
    ['a host name with a blank', compiled, with_({ subjectAltName: [{ type: 'dNSName', value: 'a b' }] }), 'dns-name'],
    ['two dots', compiled, with_({ subjectAltName: [{ type: 'dNSName', value: 'a..b' }] }), 'dns-name'],
    ['a dot at the end', compiled, with_({ subjectAltName: [{ type: 'dNSName', value: 'a.b.' }] }), 'dns-name'],
    ['other usages', other, prepared, 'ext-key-usage'],
    ['another issuer', foreign, prepared, 'authority-key-identifier'],
    ['another serial number', compiled, { ...prepared, serialNumber: 2n }, 'serial-number'],
    ['v1 with extensions', compiled, edited('a003020102', 'a003020101'), 'der'],
    [
      'another signature algorithm',
      compiled,
      edited('06082a8648ce3d040302', '06082a8648ce3d040303'),
      'signature-algorithm',
    ],
    [
      'a trailing octet',
      compiled,
      { ...prepared, tbsCertificate: Uint8Array.from([...prepared.tbsCertificate, 0]) },
      'der',
    ],
    ['a key usage more', compiled, edited('0603551d0f0101ff040403020780', '0603551d0f0101ff0404030206c0'), 'key-usage'],
    ['a host name that is an address', compiled, named({ type: 'dNSName', value: '10.0.0.1' }), 'dns-name'],
    ['a host name with a NUL', compiled, named({ type: 'dNSName', value: 'a.example\0.b' }), 'dns-name'],
    ['an empty host name', compiled, named({ type: 'dNSName', value: '' }), 'dns-name'],
    ['no mailbox', compiled, named({ type: 'rfc822Name', value: 'web' }), 'rfc822-name'],
    ['a relative URI', compiled, named({ type: 'uniformResourceIdentifier', value: '/ns/shop' }), 'uri'],
    ['a URI with a line feed', compiled, named({ type: 'uniformResourceIdentifier', value: 'a:b\nc' }), 'uri'],
    ['an address with its mask', compiled, named({ type: 'iPAddress', value: new Uint8Array(8) }), 'der'],
    ['a subject that is no Name', compiled, with_({ subject: Uint8Array.of(0x30, 2, 0x05, 0) }), 'subject-value'],
    ['a key that is none', compiled, with_({ subjectPublicKeyInfo: Uint8Array.of(0x30, 0) }), 'der'],
    [
      'another key, put in with the subject',
      compiled,
      with_({
        subject: concat(request.subject!, otherIssuer.key.subjectPublicKeyInfo),
        subjectPublicKeyInfo: Uint8Array.of(0x81, 2, 0, 0xff),
      }),
      'unique-identifiers',
    ],
    ['RSA of 1024 bits', compiled, with_({ subjectPublicKeyInfo: spki('rsa', { modulusLength: 1024 }) }), 'public-key'],
    ['secp256k1', compiled, with_({ subjectPublicKeyInfo: spki('ec', { namedCurve: 'secp256k1' }) }), 'public-key'],
    ['a key that cannot sign', compiled, with_({ subjectPublicKeyInfo: spki('x25519') }), 'key-usage-of-algorithm'],
    [
      'a second longer than the profile, counted inclusively',
      compile(podPeer({ maxLifetime: 3600, lifetimeCounts: 'inclusive' }), issuer),
      prepared,
      'lifetime',
    ],
    [
      'another pathLenConstraint',
      compile(subCa({ pathLenConstraint: 1 }), issuer),
      prepare(compile(subCa(), issuer), request, surroundings()),
      'basic-constraints',
    ],
    [
      'an extension that no profile has',
      compiled,
      edited('0603551d25', '0603551d36'), // inhibitAnyPolicy in the place of extKeyUsage
      'ext-key-usage',
    ],
    [
      'too large',
      compiled,
      with_({
        subjectAltName: Array.from({ length: 999 }, (_, i) => ({
          type: 'dNSName' as const,
          value: `${'a'.repeat(60)}.host-${i}`,
        })),
      }),
      'size',
    ],
  ])('%s', (_name, against, bytes, rule) => {
    expect(lint(against, bytes, NOW)?.rule).toBe(rule);
  });

  describe('what was judged when the profile was compiled hides no fault', () => {
    // Nothing that was judged before ever stands in a certificate: all is decoded anew.
    const never = Uint8Array.of(0xff);
    const { parts } = compiled.judged;
    const signature = { ...parts.signature, der: never };
    const forgetful = { ...compiled, judged: { ...compiled.judged, parts: { signature, extensions: [] } } };
    const { tbsCertificate } = prepared;
    const changedAt = (at: number, change: number) => ({
      ...prepared,
      tbsCertificate: tbsCertificate.map((octet, i) => (i === at ? octet ^ change : octet)),
    });
    const placeOf = (octets: Uint8Array): number => Buffer.from(tbsCertificate).indexOf(octets);

    test.each([0x01, 0x80, 0xff])('any octet changed by %d: the same finding as without', (change) => {
      for (let at = 0; at < tbsCertificate.length; at++)
        expect(lint(compiled, changedAt(at, change), NOW)).toEqual(lint(forgetful, changedAt(at, change), NOW));
    });

    test.each<[string, Uint8Array]>([
      ['the algorithm', parts.signature.der],
      ['the issuer', certificate.subject],
      ...parts.extensions.map(({ value, der }) => [value.extnID, der] satisfies [string, Uint8Array]),
    ])('%s is known by every one of its octets', (_name, octets) => {
      const start = placeOf(octets);
      expect(start).toBeGreaterThan(0);
      for (let at = start; at < start + octets.length; at++)
        expect(lint(compiled, changedAt(at, 0x01), NOW)).toBeDefined();
    });

    test('an extension of the profile is known in its place alone', () => {
      const [first, second] = parts.extensions.map(({ der }) => toHex(der));
      expect(lint(compiled, edited(first! + second!, second! + first!), NOW)).toBeDefined();
      expect(lint(compiled, edited(first! + second!, first! + first!), NOW)).toBeDefined();
    });
  });

  test.each(['ediPartyName', 'x400Address'] as const)('a host name disguised as an %s is not even prepared', (type) => {
    expect(() => named({ type, value: Uint8Array.of(0x82, 1, 0x61) })).toThrow(
      expect.objectContaining({ code: 'ERR_CA_REQUEST' }),
    );
  });

  test.each([
    ['one SPIFFE ID', ['spiffe://example.org/ns/shop/sa/web'], undefined],
    ['none', [], 'svid'],
    ['two', ['spiffe://example.org/a', 'spiffe://example.org/b'], 'svid'],
    ['one of another scheme', ['https://example.org/a'], 'svid'],
    ['one without a path', ['spiffe://example.org'], 'svid'],
  ])('an X.509-SVID has exactly one SPIFFE ID: %s', (_name, uris, rule) => {
    const svid = compile(spiffeWorkload(), issuer);
    const subjectAltName = [
      { type: 'dNSName', value: 'web.shop.svc' } as const,
      ...uris.map((value) => ({ type: 'uniformResourceIdentifier', value }) as const),
    ];
    expect(lint(svid, prepare(svid, { ...request, subjectAltName }, surroundings()), NOW)?.rule).toBe(rule);
  });

  test('a finding stops the signature', async () => {
    await expect(
      issue(compiled, { ...request, subjectAltName: [{ type: 'dNSName', value: 'a..b' }] }, surroundings()),
    ).rejects.toMatchObject({ code: 'ERR_CA_LINT' });
  });
});

describe('refused before anything is compiled', () => {
  const config = { name: 'x', maxLifetime: 60, keyUsage: ['digitalSignature'], extKeyUsage: [] } as const;
  test.each([
    ['maxLifetime', { maxLifetime: 0 }],
    ['maxLifetime', { maxLifetime: 1.5 }],
    ['backdate', { backdate: 301 }],
    ['keyUsage', { keyUsage: [] }],
    ['keyUsage', { cA: true, subject: 'from-request' as const }],
    ['pathLenConstraint', { pathLenConstraint: 0 }],
    [
      'subjectKeyIdentifier',
      {
        cA: true,
        keyUsage: ['keyCertSign' as const],
        subject: 'from-request' as const,
        subjectKeyIdentifier: 'omit' as const,
      },
    ],
    ['name', { name: '' }],
    ['maxLifetimes', { maxLifetimes: 5 }],
  ])('%s', (member, change) => {
    expect(() => defineProfile({ ...config, ...change })).toThrow(
      expect.objectContaining({ code: 'ERR_CA_PROFILE', message: expect.stringContaining(member) }),
    );
  });

  test('an issuer that may not pass on what the profile wants', () => {
    const below = keyPair();
    const constrained = (extensions: readonly Extension[]) => {
      const tbs = encodeTBSCertificate({ ...certificate, signature: authority.key.signatureAlgorithm, extensions });
      const signatureValue = authority.key.sign(tbs);
      return parseCertificate(assemble({ tbs, signatureAlgorithm: authority.key.signatureAlgorithm, signatureValue }));
    };
    const clientsOnly = constrained([...certificate.extensions, extKeyUsageExtension(['1.3.6.1.5.5.7.3.2'])]);
    expect(() => compile(podServer(), { ...issuer, certificate: clientsOnly })).toThrow(
      expect.objectContaining({ code: 'ERR_CA_ISSUER', message: expect.stringContaining('1.3.6.1.5.5.7.3.1') }),
    );
    expect(compile(podClient(), { ...issuer, certificate: clientsOnly }).profile.name).toBe('pod-client');
    const subject = encodeName(buildName({ commonName: 'Sub CA' }));
    const wanted = { ...request, subject, subjectPublicKeyInfo: below.key.subjectPublicKeyInfo };
    const sub = parseCertificate(issueSync(compile(subCa(), issuer), wanted, surroundings()).certificate);
    expect(() => compile(subCa(), { certificate: sub, chain: [], key: below.key })).toThrow(/pathLenConstraint of 0/);
  });

  test('an issuer that is none', () => {
    const leafCertificate = parseCertificate(
      issueSync(compile(podClient(), issuer), request, surroundings()).certificate,
    );
    expect(() => compile(podClient(), { certificate: leafCertificate, chain: [], key: leaf.key })).toThrow(
      expect.objectContaining({ code: 'ERR_CA_ISSUER' }),
    );
    expect(() => compile(podClient(), { certificate, chain: [], key: leaf.key })).toThrow(
      /the key belongs to another certificate/,
    );
  });
});

test('complete only puts the parts together', () => {
  const compiled = compile(podClient(), issuer);
  const prepared = prepare(compiled, request, surroundings());
  const completed = complete(compiled, prepared, authority.key.sign(prepared.tbsCertificate));
  expect(toHex(parseCertificate(completed.certificate).tbsCertificate)).toBe(toHex(prepared.tbsCertificate));
});
