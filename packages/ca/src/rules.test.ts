import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decide, type Evidence } from './index.js';
import { keyType, knownAnnotations, lifetimeTooLong, lifetimeTooShort, namesWithin, supportedKeys } from './rules.js';

const spki = (type: 'ec' | 'ed25519' | 'rsa' | 'x25519', option?: string | number): Uint8Array => {
  const pair =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: String(option) })
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: Number(option) })
        : type === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('x25519');
  return new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }));
};
const p256 = spki('ec', 'P-256');

const evidence = (change: Partial<Evidence['request']> = {}, unverified: Record<string, string> = {}): Evidence => ({
  request: { subjectPublicKeyInfo: p256, subjectAltName: [], lifetime: 3600, ...change },
  verified: { namespace: 'shop' },
  unverified,
});

test.each([
  ['ECDSAP256', p256],
  ['ECDSAP384', spki('ec', 'P-384')],
  ['ECDSAP521', spki('ec', 'P-521')],
  ['ED25519', spki('ed25519')],
  ['RSA2048', spki('rsa', 2048)],
  ['RSA3072', spki('rsa', 3072)],
  [undefined, spki('rsa', 1024)],
  [undefined, spki('ec', 'secp256k1')],
  [undefined, spki('x25519')],
  [undefined, Uint8Array.of(0x30, 0)],
])('keyType %s', (name, key) => {
  expect(keyType(key)).toBe(name);
});

describe('stock rules', () => {
  test.each([
    ['too long', lifetimeTooLong(3599), evidence(), 'LifetimeTooLong'],
    ['just right', lifetimeTooLong(3600), evidence(), undefined],
    ['too short', lifetimeTooShort(3601), evidence(), 'LifetimeTooShort'],
    ['not too short', lifetimeTooShort(3600), evidence(), undefined],
    ['another key', supportedKeys(['ED25519']), evidence(), 'UnsupportedKeyType'],
    ['that key', supportedKeys(['ED25519', 'ECDSAP256']), evidence(), undefined],
    [
      'an annotation',
      knownAnnotations(['example.com/a']),
      evidence({}, { 'example.com/b': '' }),
      'InvalidUnverifiedUserAnnotations',
    ],
    [
      'an annotation named __proto__',
      knownAnnotations([]),
      evidence({}, JSON.parse('{"__proto__": "x"}')),
      'InvalidUnverifiedUserAnnotations',
    ],
    ['a known annotation', knownAnnotations(['example.com/a']), evidence({}, { 'example.com/a': '' }), undefined],
    [
      'a foreign name',
      namesWithin(
        (name, { verified }) => name.type === 'dNSName' && name.value.endsWith(`.${verified['namespace']}.svc`),
      ),
      evidence({ subjectAltName: [{ type: 'dNSName', value: 'web.bank.svc' }] }),
      'NameNotAllowed',
    ],
    [
      'an own name',
      namesWithin(
        (name, { verified }) => name.type === 'dNSName' && name.value.endsWith(`.${verified['namespace']}.svc`),
      ),
      evidence({ subjectAltName: [{ type: 'dNSName', value: 'web.shop.svc' }] }),
      undefined,
    ],
  ])('%s', (_name, rule, given, reason) => {
    expect(rule(given)?.reason).toBe(reason);
  });

  test('a denial of a key names those that work, a denial of a name the name', () => {
    expect(supportedKeys(['ED25519', 'RSA3072'])(evidence())?.message).toBe(
      'Key type ECDSAP256 is not signed here; use ED25519, RSA3072',
    );
    expect(namesWithin(() => false)(evidence({ subjectAltName: [{ type: 'dNSName', value: 'a.b' }] }))?.message).toBe(
      'DNS:a.b is not granted',
    );
  });
});

test('the first denial wins', () => {
  const given = evidence();
  expect(decide([], given)).toEqual({ ok: true, request: given.request });
  expect(decide([lifetimeTooLong(1), lifetimeTooShort(9999)], given)).toMatchObject({
    ok: false,
    denial: { reason: 'LifetimeTooLong' },
  });
});
