import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { fromHex, toHex } from '@mayfly/der';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Derivation, Hash, Pkcs12Derivation } from './derivation.js';
import { bmpPassword, utf8Password } from './password.js';
import { derivePbkdf2 } from './pbkdf2.js';
import { derivePkcs12 } from './pkcs12-kdf.js';
import { rehashSha1 } from './rehash-sha1.js';
import { rehashSha256 } from './rehash-sha256.js';
import { deriveScrypt } from './scrypt.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

const salt = fromHex('0001020304050607');
const hashes: readonly Hash[] = ['SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'];
const nodeName = (hash: Hash): string => hash.replace('-', '').toLowerCase();

describe('PBKDF2', () => {
  const expected = (prf: Hash, iterations: number, length: number) =>
    new Uint8Array(pbkdf2Sync('pässword', salt, iterations, length, nodeName(prf)));
  const derivation = (prf: Hash, iterationCount: number, keyLength: number) =>
    ({ type: 'pbkdf2', prf, salt, iterationCount, keyLength }) as const;
  const cases = hashes.flatMap((prf) => [1, 20, 70].map((keyLength) => [prf, keyLength] as const));

  test.each(cases)('with HMAC-%s, %d octets, is that of node:crypto', async (prf, keyLength) => {
    expect(await derivePbkdf2(derivation(prf, 77, keyLength), utf8Password('pässword'))).toEqual(
      expected(prf, 77, keyLength),
    );
  });

  test.each(cases)('with HMAC-%s, %d octets, is the same without WebCrypto', async (prf, keyLength) => {
    vi.stubGlobal('crypto', undefined);
    expect(await derivePbkdf2(derivation(prf, 300, keyLength), utf8Password('pässword'))).toEqual(
      expected(prf, 300, keyLength),
    );
  });

  test('is left to whoever offers it', async () => {
    const seen: unknown[] = [];
    const asked = derivation('SHA-256', 5, 32);
    const derive = (...call: readonly unknown[]) => {
      seen.push(call);
      return Promise.resolve(new Uint8Array(32).fill(7));
    };
    expect(await derivePbkdf2(asked, utf8Password('x'), { derive })).toEqual(new Uint8Array(32).fill(7));
    expect(seen).toEqual([[asked, utf8Password('x'), undefined]]);
    const declined = await derivePbkdf2(derivation('SHA-1', 5, 9), utf8Password('pässword'), {
      derive: () => undefined,
    });
    expect(declined).toEqual(expected('SHA-1', 5, 9));
  });
});

test('scrypt is that of node:crypto', async () => {
  const derivation = {
    type: 'scrypt',
    salt,
    costParameter: 64,
    blockSize: 4,
    parallelizationParameter: 3,
    keyLength: 40,
  };
  const key = await deriveScrypt({ ...derivation, type: 'scrypt' }, utf8Password('pässword'));
  expect(key).toEqual(new Uint8Array(scryptSync('pässword', salt, 40, { N: 64, r: 4, p: 3 })));
});

describe('the derivation of RFC 7292', () => {
  /** Appendix B.2 by its letter, on numbers instead of octets. */
  function reference({ hash, purpose, salt: s, iterationCount, keyLength }: Pkcs12Derivation, password: Uint8Array) {
    const v = hash === 'SHA-384' || hash === 'SHA-512' ? 128 : 64;
    const filled = (octets: Uint8Array) =>
      Buffer.from(Array.from({ length: v * Math.ceil(octets.length / v) }, (_, i) => octets[i % octets.length]!));
    const diversifier = Buffer.alloc(v, { key: 1, iv: 2, mac: 3 }[purpose]);
    let input = Buffer.concat([filled(s), filled(password)]);
    let out = Buffer.alloc(0);
    while (out.length < keyLength) {
      let digest = Buffer.concat([diversifier, input]);
      for (let i = 0; i < iterationCount; i++) digest = createHash(nodeName(hash)).update(digest).digest();
      out = Buffer.concat([out, digest]);
      const b = Buffer.from(Array.from({ length: v }, (_, i) => digest[i % digest.length]!));
      input = Buffer.concat(
        Array.from({ length: input.length / v }, (_, j) => {
          const sum =
            BigInt(`0x${input.subarray(v * j, v * j + v).toString('hex')}`) + BigInt(`0x${b.toString('hex')}`) + 1n;
          return Buffer.from((sum & ((1n << BigInt(8 * v)) - 1n)).toString(16).padStart(2 * v, '0'), 'hex');
        }),
      );
    }
    return new Uint8Array(out.subarray(0, keyLength));
  }

  const passwords = [null, '', 'smeg', 'a password that is longer than one block of the hash in UTF-16', '\u{1f511}'];
  test.each(hashes.flatMap((hash) => passwords.map((password) => [hash, password] as const)))(
    '%s, password %j',
    async (hash, password) => {
      for (const purpose of ['key', 'iv', 'mac'] as const)
        for (const [iterationCount, keyLength] of [
          [1, 24],
          [3, 150],
          [1100, 32],
        ] as const) {
          const derivation = { type: 'pkcs12', hash, purpose, salt, iterationCount, keyLength } as const;
          const octets = bmpPassword(password);
          expect(toHex(await derivePkcs12(derivation, octets))).toBe(toHex(reference(derivation, octets)));
        }
    },
  );
});

test.each([
  ['sha1', rehashSha1],
  ['sha256', rehashSha256],
] as const)('%s again and again is that of node:crypto', (name, rehash) => {
  let expected = createHash(name).update('begin').digest();
  const digest = new Uint8Array(expected);
  for (let i = 0; i < 1000; i++) expected = createHash(name).update(expected).digest();
  rehash(digest, 1);
  rehash(digest, 999);
  expect(toHex(digest)).toBe(expected.toString('hex'));
});

describe('passwords', () => {
  test.each([
    ['text', 'Beavis', '0042006500610076006900730000'],
    ['octets', new TextEncoder().encode('Beavis'), '0042006500610076006900730000'],
    ['the empty one', '', '0000'],
    ['none', null, ''],
    ['beyond the BMP', '\u{1f511}', 'd83ddd110000'],
  ])('%s for RFC 7292', (_name, password, hex) => {
    expect(toHex(bmpPassword(password))).toBe(hex);
  });

  test('octets that are no UTF-8 are refused without being told', () => {
    expect(() => bmpPassword(fromHex('cafeca'))).toThrow(/^Cannot use the password: its octets are no UTF-8$/);
  });

  test('none is as empty as the empty one for PBKDF2', () => {
    expect(utf8Password(null)).toEqual(utf8Password(''));
  });
});

describe('long derivations', () => {
  const long: readonly (readonly [string, Derivation])[] = [
    ['PBKDF2 here', { type: 'pbkdf2', prf: 'SHA-224', salt, iterationCount: 1e9, keyLength: 32 }],
    ['RFC 7292', { type: 'pkcs12', hash: 'SHA-256', purpose: 'mac', salt, iterationCount: 1e9, keyLength: 32 }],
    [
      'RFC 7292 with SHA-1',
      { type: 'pkcs12', hash: 'SHA-1', purpose: 'mac', salt, iterationCount: 1e9, keyLength: 20 },
    ],
    [
      'scrypt',
      { type: 'scrypt', salt, costParameter: 4096, blockSize: 8, parallelizationParameter: 1000, keyLength: 32 },
    ],
  ];
  const run = (derivation: Derivation, options: Parameters<typeof derivePkcs12>[2]) => {
    const password = new Uint8Array(4);
    switch (derivation.type) {
      case 'pbkdf2':
        return derivePbkdf2(derivation, password, options);
      case 'pkcs12':
        return derivePkcs12(derivation, password, options);
      case 'scrypt':
        return deriveScrypt(derivation, password, options);
      default:
        return expect.unreachable();
    }
  };

  test.each(long)('%s tells how far it is, lets others run, and ends when told to', async (_name, derivation) => {
    const controller = new AbortController();
    let told = 0;
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const onProgress = (which: Derivation, iterations: number) => {
      expect(which).toBe(derivation);
      expect(iterations).toBeGreaterThan(told);
      told = iterations;
      if (turns > 2) controller.abort(new Error('enough'));
    };
    await expect(run(derivation, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    clearInterval(timer);
    expect(told).toBeGreaterThan(0);
  });

  test.each(long)('%s does not begin when it was told to end before', async (_name, derivation) => {
    const derive = () => expect.unreachable();
    await expect(run(derivation, { signal: AbortSignal.abort(new Error('over')), derive })).rejects.toThrow('over');
  });

  test.each(long)('%s elsewhere is not waited for when it is told to end', async (_name, derivation) => {
    const controller = new AbortController();
    const waiting = run(derivation, { signal: controller.signal, derive: () => new Promise(() => {}) });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
