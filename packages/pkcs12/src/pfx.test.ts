import { execFileSync } from 'node:child_process';
import { encode, fromHex, integer, octetString, toHex } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canaryKey, entry, hexed, openssl, other, quick, refusal, web } from '../testing/files.js';
import { inOrder } from './attribute.js';
import {
  cspName,
  cspNameAttribute,
  describePfx,
  friendlyName,
  friendlyNameAttribute,
  keyEntries,
  keyStore,
  localKeyId,
  modern,
  passwordless,
  pbmac1,
  readPfx,
  type SafeBag,
  type SafeContents,
  trustedEntries,
  trustedKeyUsage,
  trustedKeyUsageAttribute,
  trustStore,
  writePfx,
} from './index.js';
import { legacy, legacy3Des, legacyRc2 } from './legacy.js';

describe('what is written is read', () => {
  const profiles = [modern, pbmac1, legacy3Des, legacyRc2];
  test.each(profiles.map((profile) => [profile.name, profile] as const))('%s', async (_name, profile) => {
    const pfx = keyStore({
      keys: [entry, { privateKeyInfo: other.key, certificates: [other.certificate, web.certificate] }],
      trusted: [{ certificate: other.certificate, friendlyName: 'ca' }],
      crls: [fromHex('300102')],
    });
    const file = await writePfx(pfx, 'pässwörd', { profile, ...quick });
    const again = await readPfx(file, 'pässwörd', { legacy });
    expect(hexed(again)).toEqual(hexed(pfx));
    expect(hexed(keyEntries(again))).toMatchObject([hexed(entry), hexed({ certificates: [other.certificate] })]);
    expect(trustedEntries(again)).toEqual([{ certificate: other.certificate, friendlyName: 'ca' }]);
    await expect(readPfx(file, 'password', { legacy })).rejects.toThrow(refusal('ERR_PKCS12_PASSWORD'));
    // The same random octets give the same file.
    expect(await writePfx(pfx, 'pässwörd', { profile, ...quick })).toEqual(file);
    expect(await writePfx(pfx, new TextEncoder().encode('pässwörd'), { profile, ...quick })).toEqual(file);
  });

  const attribute = fc
    .record({ arc: fc.nat(9), values: fc.uniqueArray(fc.nat(99), { maxLength: 3 }) })
    .map(({ arc, values }) => ({
      attrId: `1.2.3.${arc}`,
      attrValues: values.map((value) => encode(integer(value))).sort((a, b) => Buffer.compare(a, b)),
    }));
  const attributes = fc
    .tuple(
      fc.array(attribute, { maxLength: 2 }),
      fc.constantFrom([], [friendlyNameAttribute('x')], [cspNameAttribute('y'), trustedKeyUsageAttribute()]),
    )
    .map((lists) => inOrder(lists.flat()));
  const octets = fc.uint8Array({ minLength: 1, maxLength: 40 });
  const { bag } = fc.letrec<{ bag: SafeBag }>((tie) => ({
    bag: fc.oneof(
      { maxDepth: 4 },
      fc.record({
        type: fc.constant('key' as const),
        privateKeyInfo: fc.constantFrom(web.key, canaryKey),
        shrouded: fc.boolean(),
        attributes,
      }),
      fc.record({ type: fc.constant('certificate' as const), certificate: octets, attributes }),
      fc.record({ type: fc.constant('crl' as const), crl: octets, attributes }),
      fc.record({
        type: fc.constant('secret' as const),
        secretTypeId: fc.constant('1.2.3.4'),
        secretValue: octets.map((value) => encode(octetString(value))),
        attributes,
      }),
      fc.record({
        type: fc.constant('unknown' as const),
        bagId: fc.constant('1.2.3.5'),
        bagValue: octets.map((value) => encode(octetString(value))),
        attributes,
      }),
      fc.record({
        type: fc.constant('safeContents' as const),
        safeBags: fc.array(tie('bag'), { maxLength: 3 }),
        attributes,
      }),
    ),
  }));
  const contents: fc.Arbitrary<SafeContents> = fc.record({
    encrypted: fc.boolean(),
    safeBags: fc.array(bag, { maxLength: 4 }),
  });

  test('whatever the bags', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(contents, { maxLength: 3 }),
        fc.constantFrom(modern, pbmac1, legacy3Des),
        fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text.isWellFormed()),
        async (authenticatedSafe, profile, password) => {
          const file = await writePfx({ authenticatedSafe }, password, { profile, ...quick });
          const pfx = await readPfx(file, password, { legacy });
          expect(hexed(pfx)).toEqual(hexed({ authenticatedSafe }));
          expect(await writePfx(pfx, password, { profile, ...quick })).toEqual(file);
        },
      ),
      { seed: 12, numRuns: 100 },
    );
  });
});

describe('passwords', () => {
  const pfx = keyStore({ keys: [entry] });
  test.each([
    ['', ''],
    ['', null],
    [null, ''],
    [null, null],
  ])('written for %j, opened with %j', async (written, given) => {
    for (const profile of [modern, legacy3Des, pbmac1]) {
      const file = await writePfx(pfx, written, { profile, ...quick });
      expect(hexed(await readPfx(file, given, { legacy }))).toEqual(hexed(pfx));
      await expect(readPfx(file, 'x', { legacy })).rejects.toThrow(refusal('ERR_PKCS12_PASSWORD'));
    }
  });

  test('bags may be under another one than the MAC', async () => {
    const file = await writePfx(pfx, 'integrity', { ...quick, encryptionPassword: 'privacy' });
    expect(hexed(await readPfx(file, 'integrity', { encryptionPassword: 'privacy' }))).toEqual(hexed(pfx));
    await expect(readPfx(file, 'integrity')).rejects.toThrow(refusal('ERR_PKCS12_PASSWORD', /authSafe\[0\]/));
    await expect(readPfx(file, 'privacy')).rejects.toThrow(refusal('ERR_PKCS12_DAMAGED'));
  });
});

describe('trust stores without a password', () => {
  const store = trustStore([{ certificate: web.certificate, friendlyName: 'web' }], { encrypted: false });

  test('are read when a MAC is not asked for', async () => {
    const file = await writePfx(store, null, { profile: passwordless });
    await expect(readPfx(file, null)).rejects.toThrow(refusal('ERR_PKCS12_NO_MAC', /allowMissingMac/));
    expect(trustedEntries(await readPfx(file, null, { allowMissingMac: true }))).toEqual([
      { certificate: web.certificate, friendlyName: 'web' },
    ]);
  });

  test('hold no key and nothing encrypted, and take no password', async () => {
    const options = { profile: passwordless };
    await expect(writePfx(keyStore({ keys: [entry] }), null, options)).rejects.toThrow(RangeError);
    const bare = {
      authenticatedSafe: [
        {
          encrypted: false,
          safeBags: [{ type: 'key', shrouded: false, privateKeyInfo: web.key, attributes: [] } as const],
        },
      ],
    };
    await expect(writePfx(bare, null, options)).rejects.toThrow(RangeError);
    await expect(writePfx(trustStore([]), null, options)).rejects.toThrow(RangeError);
    await expect(writePfx(store, 'x', options)).rejects.toThrow(TypeError);
  });
});

describe('what openssl writes', () => {
  const both = ['-provider', 'legacy', '-provider', 'default'];
  const ciphers = ['AES-128-CBC', 'AES-192-CBC', 'AES-256-CBC'];
  const old = ['SHA1-RC4-128', 'SHA1-RC4-40', 'SHA1-3DES', 'SHA1-2DES', 'SHA1-RC2-128', 'SHA1-RC2-40'].map(
    (name) => `PBE-${name}`,
  );
  const macs = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
  test.each(
    [
      ...[...ciphers, ...old].map((name) => ['-certpbe', name, '-keypbe', name]),
      ...macs.map((name) => ['-macalg', name]),
      ['-legacy'],
      ['-certpbe', 'NONE', '-keypbe', 'NONE'],
      ['-noiter', '-nomaciter'],
      ['-nomac'],
      ['-CSP', 'a provider', '-keyex'],
    ].map((options) => [options.join(' '), options] as const),
  )('%s', async (_name, options) => {
    const args = ['pkcs12', '-export', '-name', 'wéb', '-passout', 'pass:pässwörd', '-iter', '100'];
    const legacyArgs = options.includes('-legacy') ? ['-provider-path', ''] : both;
    const file = openssl([...args, ...options, ...(options.includes('-legacy') ? [] : legacyArgs)], web.pem);
    const pfx = await readPfx(file, 'pässwörd', { legacy, allowMissingMac: options.includes('-nomac') });
    const [found] = keyEntries(pfx);
    expect(found!.friendlyName).toBe('wéb');
    expect(found!.certificates.map(toHex)).toEqual([toHex(web.certificate)]);
    expect(toHex(found!.privateKeyInfo)).toContain(toHex(web.key.subarray(30, 60)));
    if (options[0] === '-CSP') expect(found!.cspName).toBe('a provider');
    if (!options.includes('NONE'))
      await expect(readPfx(file, 'x', { legacy, allowMissingMac: true })).rejects.toThrow(
        refusal('ERR_PKCS12_PASSWORD'),
      );
  });
});

describe('what openssl reads', () => {
  test.each([modern, legacy3Des, legacyRc2].map((profile) => [profile.name, profile] as const))(
    '%s',
    async (_name, profile) => {
      const file = await writePfx(
        keyStore({ keys: [{ ...entry, certificates: [web.certificate, other.certificate] }] }),
        'pässwörd',
        { profile, iterations: 3 },
      );
      const old = profile === modern ? [] : ['-legacy'];
      const text = openssl(['pkcs12', '-nodes', '-passin', 'pass:pässwörd', ...old], file).toString();
      const blocks = parsePem(text).map(({ label, bytes }) => [label, toHex(bytes)]);
      expect(blocks).toEqual([
        ['CERTIFICATE', toHex(web.certificate)],
        ['CERTIFICATE', toHex(other.certificate)],
        ['PRIVATE KEY', toHex(web.key)],
      ]);
      expect(text).toContain('localKeyID: 01 02');
      const info = execFileSync('openssl', ['pkcs12', '-info', '-noout', '-passin', 'pass:pässwörd', ...old], {
        input: file,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      expect(info.toString()).toBe('');
    },
  );
});

test('a file is described without its password', async () => {
  const pfx = keyStore({ keys: [entry], trusted: [{ certificate: other.certificate }] });
  const described = describePfx(await writePfx(pfx, 'x', quick));
  expect(described).toMatchObject({
    mac: { scheme: 'HMAC', hash: 'SHA-256', derivation: { type: 'pkcs12', iterationCount: 2 } },
    contents: [
      {
        encryption: {
          algorithm: '1.2.840.113549.1.5.13 (PBES2)',
          cipher: 'AES-256-CBC',
          derivation: { prf: 'SHA-256' },
        },
      },
      {
        safeBags: [
          {
            type: 'shrouded',
            friendlyName: entry.friendlyName,
            isTrusted: false,
            encryption: { cipher: 'AES-256-CBC' },
          },
        ],
      },
    ],
  });
  const old = describePfx(await writePfx(pfx, 'x', { profile: legacyRc2, ...quick }));
  expect(old.contents[0]!.encryption!.algorithm).toMatch(/40-bit RC2/);
  expect(describePfx(await writePfx(pfx, 'x', { profile: pbmac1, ...quick })).mac).toMatchObject({ scheme: 'PBMAC1' });
});

test('attributes are read from any bag', () => {
  const of = { attributes: [friendlyNameAttribute('n'), cspNameAttribute('c'), trustedKeyUsageAttribute(['1.2.3'])] };
  expect([friendlyName(of), cspName(of), trustedKeyUsage(of), localKeyId(of)]).toEqual([
    'n',
    'c',
    ['1.2.3'],
    undefined,
  ]);
  expect(friendlyName({ attributes: [] })).toBeUndefined();
  expect(() => friendlyNameAttribute('\ud83d')).toThrow(RangeError);
  const windows = { attrId: '1.2.840.113549.1.9.20', attrValues: [fromHex('1e0400610000')] };
  expect(friendlyName({ attributes: [windows] })).toBe('a');
});
