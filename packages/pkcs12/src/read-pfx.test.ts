import { concatBytes, encode, fromHex, integer, octetString, oid, primitive, sequence, toHex } from '@mayfly/der';
import { encryptWithPassword } from '@mayfly/pkcs8/encrypted';
import type { Derivation } from '@mayfly/pkcs8/password-based';
import { describe, expect, test } from 'vitest';
import { CANARY, canaryKey, entry, hexed, openssl, other, quick, refusal, web } from '../testing/files.js';
import {
  allBags,
  keyEntries,
  keyStore,
  modern,
  type Pfx,
  Pkcs12Error,
  type ReadPfxOptions,
  readPfx,
  type SafeBag,
  writePfx,
} from './index.js';
import { legacy3Des } from './legacy.js';

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
      expect(last).toEqual([what, 60_000, 60_000]); // the MAC's key, and the one of bags and contents
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

  test('keys and contents are under one key with an IV for each; where salts differ, so do keys', async () => {
    const ended: string[] = [];
    const onProgress = ({ total }: { total: number }) => void ended.push(`${total}`);
    const keys = [entry, { privateKeyInfo: other.key, certificates: [other.certificate] }];
    const one = await writePfx(keyStore({ keys }), 'x', { iterations: 10 });
    // Of PBKDF2 with PBES2 and of the scheme of RFC 7292 the salts, and the IVs of AES-256-CBC, wherever they stand.
    const found = (file: Uint8Array, head: string, octets: number): readonly string[] =>
      toHex(file).match(new RegExp(`${head}[0-9a-f]{${2 * octets}}`, 'g')) ?? [];
    const different = (texts: readonly string[]) => [texts.length, new Set(texts).size];
    expect(different(found(one, '06092a864886f70d01050c30..0410', 16))).toEqual([3, 1]);
    expect(different(found(one, '060960864801650304012a0410', 16))).toEqual([3, 3]);
    await readPfx(one, 'x', { onProgress });
    expect(ended.at(-1)).toBe('20');
    const old = await writePfx(keyStore({ keys }), 'x', { profile: legacy3Des, iterations: 10 });
    expect(different(found(old, '060a2a864886f70d010c010330..0408', 8))).toEqual([3, 3]);
  });
});

test('a profile of its own that encrypts by itself is told the rounds', async () => {
  const rounds: number[] = [];
  const derive = (derivation: Derivation) => {
    if ('iterationCount' in derivation) rounds.push(derivation.iterationCount);
    return undefined;
  };
  const encryption = { contents: encryptWithPassword, keys: encryptWithPassword, sharesKey: false };
  await writePfx(keyStore({ keys: [entry] }), 'x', { profile: { ...modern, encryption }, iterations: 10, derive });
  expect(rounds).toEqual([10, 10, 10]);
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
