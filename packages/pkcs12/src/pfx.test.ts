import { execFileSync } from 'node:child_process';
import { concatBytes, encode, fromHex, integer, octetString, oid, primitive, sequence, toHex } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { encodePrivateKeyInfo } from '@mayfly/pkcs8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inOrder } from './attribute.js';
import {
  allBags,
  cspName,
  cspNameAttribute,
  describePfx,
  friendlyName,
  friendlyNameAttribute,
  type KeyEntry,
  keyEntries,
  keyStore,
  localKeyId,
  modern,
  type Pfx,
  Pkcs12Error,
  passwordless,
  pbmac1,
  type ReadPfxOptions,
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

const openssl = (args: readonly string[], input?: string | Uint8Array): Buffer =>
  execFileSync('openssl', args, { ...(input !== undefined && { input }), stdio: ['pipe', 'pipe', 'pipe'] });

function certificate(name: string): {
  readonly pem: string;
  readonly key: Uint8Array;
  readonly certificate: Uint8Array;
} {
  const pem = openssl(
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-'],
      ...['-subj', `/CN=${name}`, '-days', '30'],
    ],
    '',
  ).toString();
  const [key, own] = parsePem(pem);
  return { pem, key: key!.bytes, certificate: own!.bytes };
}

const web = certificate('web');
const other = certificate('other');
const CANARY = 'ca'.repeat(32);
const canaryKey = encodePrivateKeyInfo({
  privateKeyAlgorithm: { algorithm: '1.3.101.112' },
  privateKey: fromHex(`0420${CANARY}`),
});
const entry: KeyEntry = {
  privateKeyInfo: web.key,
  certificates: [web.certificate],
  friendlyName: 'wéb \u{1f511}',
  localKeyId: fromHex('0102'),
  cspName: 'Microsoft Enhanced Cryptographic Provider v1.0',
};
const quick = { iterations: 2, randomBytes: (length: number) => new Uint8Array(length).fill(length) };
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const hexed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? toHex(inner) : inner)));

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

describe('limits', () => {
  const pfx = keyStore({ keys: [entry] });
  const file = writePfx(pfx, 'x', { ...quick, iterations: 50 });
  const nested = (depth: number): SafeBag =>
    depth === 0
      ? { type: 'crl', crl: fromHex('00'), attributes: [] }
      : { type: 'safeContents', safeBags: [nested(depth - 1)], attributes: [] };
  const deep = (depth: number): Pfx => ({ authenticatedSafe: [{ encrypted: false, safeBags: [nested(depth)] }] });

  test.each<[string, NonNullable<ReadPfxOptions['limits']>, string]>([
    ['fileLength', { fileLength: 100 }, 'ERR_PKCS12_TOO_LARGE'],
    ['iterationCount', { iterationCount: 49 }, 'ERR_PKCS12_ITERATIONS'],
    ['saltLength', { saltLength: 15 }, 'ERR_PKCS12_SALT'],
    ['bags', { bags: 1 }, 'ERR_PKCS12_BAGS'],
  ])('%s', async (name, limits, code) => {
    await expect(readPfx(await file, 'x', { limits })).rejects.toThrow(
      refusal(code, new RegExp(name === 'bags' ? 'bags' : `limit ${name}`)),
    );
  });

  test('depth', async () => {
    expect(hexed(await readPfx(await writePfx(deep(31), 'x', quick), 'x'))).toEqual(hexed(deep(31)));
    await expect(readPfx(await writePfx(deep(32), 'x', quick), 'x')).rejects.toThrow(refusal('ERR_PKCS12_DEPTH'));
    await expect(readPfx(await writePfx(deep(2), 'x', quick), 'x', { limits: { depth: 2 } })).rejects.toThrow(
      refusal('ERR_PKCS12_DEPTH'),
    );
  });

  test('bags, counted over all contents', async () => {
    const many = (count: number): Pfx => ({
      authenticatedSafe: [true, false].map((encrypted) => ({
        encrypted,
        safeBags: Array.from(
          { length: count / 2 },
          () => ({ type: 'crl', crl: fromHex('00'), attributes: [] }) as const,
        ),
      })),
    });
    expect(allBags(await readPfx(await writePfx(many(1000), 'x', quick), 'x'))).toHaveLength(1000);
    await expect(readPfx(await writePfx(many(1002), 'x', quick), 'x')).rejects.toThrow(refusal('ERR_PKCS12_BAGS'));
  });

  test('scrypt', async () => {
    const encrypted = openssl(
      ['pkcs8', '-topk8', '-scrypt', '-scrypt_N', '64', '-outform', 'DER', '-passout', 'pass:x'],
      web.pem,
    );
    // A file with a key under scrypt, without a MAC, which no other program writes.
    const bag = sequence(oid('1.2.840.113549.1.12.10.1.2'), primitive(0xa0, encrypted));
    const info = (content: Uint8Array) =>
      sequence(oid('1.2.840.113549.1.7.1'), primitive(0xa0, encode(octetString(content))));
    const bytes = encode(sequence(integer(3), info(encode(sequence(info(encode(sequence(bag))))))));
    expect(keyEntries(await readPfx(bytes, 'x', { allowMissingMac: true }))[0]!.privateKeyInfo).toEqual(web.key);
    const limits = { scryptWork: 511 };
    await expect(readPfx(bytes, 'x', { allowMissingMac: true, limits })).rejects.toThrow(
      refusal('ERR_PKCS12_SCRYPT', /512/),
    );
  });

  test('time of all derivations together', async () => {
    const never = { limits: { derivationTime: 5 }, derive: () => new Promise<never>(() => {}) };
    await expect(readPfx(await file, 'x', never)).rejects.toThrow(refusal('ERR_PKCS12_BUDGET', /5 ms/));
    // However many wait for their turn.
    const keys = Array.from({ length: 6 }, () => entry);
    const several = await writePfx(keyStore({ keys }), 'x', quick);
    await expect(readPfx(several, 'x', never)).rejects.toThrow(refusal('ERR_PKCS12_BUDGET'));
    const bags = await writePfx({ authenticatedSafe: keyStore({ keys }).authenticatedSafe.slice(1) }, null, {
      ...quick,
      profile: { ...modern, mac: undefined },
    });
    await expect(readPfx(bags, null, { ...never, allowMissingMac: true })).rejects.toThrow(
      refusal('ERR_PKCS12_BUDGET'),
    );
    // What is computed here ends as well.
    const long = await writePfx({ authenticatedSafe: [] }, 'x', {
      ...quick,
      derive: async () => new Uint8Array(32),
      iterations: 10_000_000,
    });
    await expect(readPfx(long, 'x', { limits: { derivationTime: 5 } })).rejects.toThrow(refusal('ERR_PKCS12_BUDGET'));
  });

  test.each([{ bags: 0 }, { depth: -1 }, { fileLength: Number.NaN }])('%j is no limit', async (limits) => {
    await expect(readPfx(await file, 'x', { limits })).rejects.toThrow(RangeError);
  });

  test('a limit that is not known is not passed over', async () => {
    await expect(readPfx(await file, 'x', { limits: { iterations: 5 } as never })).rejects.toThrow(TypeError);
  });

  test.each([0, 1.5, 10_000_001])('%d iterations are not written', async (iterations) => {
    await expect(writePfx(pfx, 'x', { iterations })).rejects.toThrow(RangeError);
  });
});

describe('watching', () => {
  const pfx = keyStore({ keys: [entry] });

  test('reading and writing tell their progress to the end', async () => {
    const told: [string, number, number][] = [];
    const note =
      (what: string) =>
      ({ iterations, total }: { iterations: number; total: number }) => {
        told.push([what, iterations, total]);
      };
    const file = await writePfx(pfx, 'x', { iterations: 30_000, onProgress: note('write') });
    await readPfx(file, 'x', { limits: { derivationTime: 60_000 }, onProgress: note('read') });
    for (const what of ['write', 'read']) {
      const last = told.filter(([which]) => which === what).at(-1);
      expect(last).toEqual([what, 90_000, 90_000]);
    }
    expect(told.every(([, iterations, total]) => iterations <= total)).toBe(true);
  });

  test('both end when they are told to', async () => {
    const file = await writePfx(pfx, 'x', quick);
    const over = AbortSignal.abort(new Error('over'));
    await expect(readPfx(file, 'x', { signal: over })).rejects.toThrow('over');
    await expect(writePfx(pfx, 'x', { ...quick, signal: over })).rejects.toThrow('over');
    for (const work of [
      (signal: AbortSignal) => readPfx(file, 'x', { signal, derive: () => new Promise(() => {}) }),
      (signal: AbortSignal) =>
        writePfx(pfx, 'x', { signal, iterations: 10_000_000, derive: () => new Promise(() => {}) }),
    ]) {
      const controller = new AbortController();
      const waiting = work(controller.signal);
      controller.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
    }
  });

  test('derivations can be done elsewhere', async () => {
    const types: string[] = [];
    const derive = (derivation: { readonly type: string; readonly keyLength: number }) => {
      types.push(derivation.type);
      return Promise.resolve(new Uint8Array(derivation.keyLength).fill(1));
    };
    const file = await writePfx(pfx, 'x', { ...quick, derive });
    expect(hexed(await readPfx(file, 'y', { derive }))).toEqual(hexed(pfx));
    expect([...new Set(types)].sort()).toEqual(['pbkdf2', 'pkcs12']);
  });
});

describe('faults', () => {
  const file = writePfx(keyStore({ keys: [{ ...entry, privateKeyInfo: canaryKey }] }), 'hunter2 is secret', quick);
  const changed = async (at: number | ((hex: string) => number)) => {
    const bytes = new Uint8Array(await file);
    const place = typeof at === 'number' ? at : at(toHex(bytes));
    bytes[place]! ^= 1;
    return bytes;
  };

  test('damage is told from a wrong password', async () => {
    // Far inside the first ciphertext: its beginning says that the password is right.
    const damaged = await changed(300);
    await expect(readPfx(damaged, 'hunter2 is secret')).rejects.toThrow(
      refusal('ERR_PKCS12_DAMAGED', /password is not/),
    );
    await expect(readPfx(damaged, 'hunter3')).rejects.toThrow(refusal('ERR_PKCS12_PASSWORD'));
    const mac = await changed((await file).length - 40);
    await expect(readPfx(mac, 'hunter2 is secret')).rejects.toThrow(refusal('ERR_PKCS12_DAMAGED'));
  });

  test.each([
    ['JKS', 'feedfeed00000002', /JKS keystore; "keytool -importkeystore/],
    ['JCEKS', 'cececece00000002', /JCEKS keystore; "keytool -importkeystore/],
    ['PEM', toHex(new TextEncoder().encode('-----BEGIN CERTIFICATE-----')), /PEM text/],
  ])('%s is told what it is', async (_name, hex, message) => {
    await expect(readPfx(fromHex(hex), 'x')).rejects.toThrow(refusal('ERR_PKCS12_FORMAT', message));
  });

  const info = (type: string, content: Uint8Array) => sequence(oid(type), primitive(0xa0, content));
  const data = (content: Uint8Array) => info('1.2.840.113549.1.7.1', encode(octetString(content)));
  test.each([
    ['nothing', new Uint8Array(0), 'ERR_DER_TRUNCATED'],
    ['another version', encode(sequence(integer(2), data(encode(sequence())))), 'ERR_DER_VALUE'],
    [
      'a signed file',
      encode(sequence(integer(3), info('1.2.840.113549.1.7.2', encode(sequence())))),
      'ERR_PKCS12_UNSUPPORTED',
    ],
    [
      'contents for a public key',
      encode(sequence(integer(3), data(encode(sequence(info('1.2.840.113549.1.7.3', encode(sequence()))))))),
      'ERR_PKCS12_UNSUPPORTED',
    ],
    [
      'a MAC with MD5',
      encode(
        sequence(
          integer(3),
          data(encode(sequence())),
          sequence(
            sequence(sequence(oid('1.2.840.113549.2.5')), octetString(new Uint8Array(16))),
            octetString(new Uint8Array(8)),
          ),
        ),
      ),
      'ERR_PKCS12_UNSUPPORTED',
    ],
    [
      'a short MAC',
      encode(
        sequence(
          integer(3),
          data(encode(sequence())),
          sequence(
            sequence(sequence(oid('2.16.840.1.101.3.4.2.1')), octetString(new Uint8Array(4))),
            octetString(new Uint8Array(8)),
          ),
        ),
      ),
      'ERR_PKCS12_PARAMETERS',
    ],
    [
      'no rounds of a MAC',
      encode(
        sequence(
          integer(3),
          data(encode(sequence())),
          sequence(
            sequence(sequence(oid('2.16.840.1.101.3.4.2.1')), octetString(new Uint8Array(32))),
            octetString(new Uint8Array(8)),
            integer(0),
          ),
        ),
      ),
      'ERR_PKCS12_PARAMETERS',
    ],
    [
      'octets behind it',
      concatBytes(encode(sequence(integer(3), data(encode(sequence())))), new Uint8Array(1)),
      'ERR_DER_TRAILING_DATA',
    ],
  ])('%s', async (_name, bytes, code) => {
    await expect(readPfx(bytes, 'x', { allowMissingMac: true })).rejects.toThrow(refusal(code));
  });

  test('old algorithms are refused by name', async () => {
    const old = await writePfx(keyStore({ keys: [entry] }), 'x', { profile: legacy3Des, ...quick });
    await expect(readPfx(old, 'x')).rejects.toThrow(refusal('ERR_PKCS12_UNSUPPORTED', /triple DES/));
  });

  test('every cut is refused with a type', async () => {
    const whole = await file;
    const wrong: string[] = [];
    for (let length = 0; length < whole.length; length++)
      await readPfx(whole.subarray(0, length), 'hunter2 is secret').then(
        () => wrong.push(`${length} octets are accepted`),
        (error: unknown) => {
          if (!(error instanceof Pkcs12Error) && (error as Error).name !== 'DerError')
            wrong.push(`${length}: ${error}`);
        },
      );
    expect(wrong).toEqual([]);
  });

  test('no error says a password, a key, or what was decrypted', async () => {
    const texts: string[] = [];
    const note = (error: unknown) => {
      for (let at = error; at instanceof Error; at = at.cause) texts.push(`${at} ${at.stack} ${JSON.stringify(at)}`);
    };
    const broken = { type: 'key', shrouded: true, privateKeyInfo: fromHex(CANARY), attributes: [] } as const;
    const bags = (safeBags: readonly SafeBag[]): Pfx => ({ authenticatedSafe: [{ encrypted: true, safeBags }] });
    for (const pfx of [
      bags([broken]),
      bags([{ type: 'unknown', bagId: '1.2.3', bagValue: fromHex(CANARY), attributes: [] }]),
    ])
      await readPfx(await writePfx(pfx, 'hunter2 is secret', quick), 'hunter2 is secret').then(
        () => expect.unreachable(),
        note,
      );
    for (let at = 20; at < (await file).length; at += 7) {
      await readPfx(await changed(at), 'hunter2 is secret', { allowMissingMac: true }).catch(note);
      await readPfx(await changed(at), 'hunter3 is secret').catch(note);
    }
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.join('\n')).not.toMatch(/hunter|caca|202,202/i);
  });
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
