import { generateKeyPairSync } from 'node:crypto';
import { concatBytes, fromHex, toHex } from '@mayfly/der';
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { badEd25519Keys, ed25519Spki } from '../testing/edwards-keys.js';
import { keyLints } from './lint.js';
import { pointFault } from './public-point.js';

const lint = keyLints.find(({ id }) => id === 'public-point')!;
const lintOf = (subjectPublicKeyInfo: Uint8Array) => lint.check({ subjectPublicKeyInfo, extensions: [] });
const ed448Spki = (octets: string): Uint8Array => fromHex(`3043300506032b6571033a00${octets}`);
const spkiOf = (type: 'ed25519' | 'ed448' | 'x25519'): Uint8Array =>
  new Uint8Array(generateKeyPairSync(type as 'ed25519').publicKey.export({ format: 'der', type: 'spki' }));

describe('Ed25519', () => {
  test.each(badEd25519Keys)('refuses %s', (_name, octets, reason) => {
    expect(pointFault(ed25519Spki(octets))).toMatchObject({ reason, message: /^a point .*Ed25519/ });
    expect(lintOf(ed25519Spki(octets))?.message).toMatch(/Ed25519/);
  });

  test('judges any octets as noble does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (octets) => {
        expect(pointFault(ed25519Spki(toHex(octets))) === undefined).toBe(isGood(ed25519.Point, octets));
      }),
      { seed: 8032, numRuns: 200 },
    );
  });
});

describe('Ed448', () => {
  const p = `${'ff'.repeat(28)}fe${'ff'.repeat(27)}`;
  test.each([
    ['the identity', `01${'00'.repeat(56)}`, 'SmallOrder'],
    ['the point of order 2', `fe${p.slice(2)}00`, 'SmallOrder'],
    ['a point of order 4', '00'.repeat(57), 'SmallOrder'],
    ['the identity with a sign', `01${'00'.repeat(55)}80`, 'NotCanonical'],
    ['y = p', `${p}00`, 'NotCanonical'],
    ['a bit above those of y', `${'00'.repeat(56)}01`, 'NotCanonical'],
    ['y = 2', `02${'00'.repeat(56)}`, 'NotOnCurve'],
  ])('refuses %s', (_name, octets, reason) => {
    expect(isGood(ed448.Point, fromHex(octets))).toBe(false);
    expect(pointFault(ed448Spki(octets))?.reason).toBe(reason);
  });

  test('judges any octets as noble does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 56, maxLength: 56 }), fc.constantFrom(0, 0x80), (y, sign) => {
        const octets = concatBytes(y, Uint8Array.of(sign));
        expect(pointFault(ed448Spki(toHex(octets))) === undefined).toBe(isGood(ed448.Point, octets));
      }),
      { seed: 8032, numRuns: 100 },
    );
  });
});

/** Whether octets are the one encoding of a point of large order. */
function isGood(Point: typeof ed25519.Point | typeof ed448.Point, octets: Uint8Array): boolean {
  try {
    return !Point.fromBytes(octets).isSmallOrder();
  } catch {
    return false;
  }
}

test('keys that OpenSSL makes have no fault', () => {
  for (const type of ['ed25519', 'ed448', 'x25519'] as const) {
    expect(pointFault(spkiOf(type))).toBeUndefined();
    expect(lintOf(spkiOf(type))).toBeUndefined();
  }
});

describe.each([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
] as const)('%s', (namedCurve, length) => {
  const spki = new Uint8Array(
    generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'der', type: 'spki' }),
  );
  const withPoint = (point: Uint8Array) => concatBytes(spki.subarray(0, -2 * length), point);

  test('has the points of OpenSSL', () => {
    expect(pointFault(spki)).toBeUndefined();
  });
  test('has no point beside them, no coordinate above its prime, and no point at infinity', () => {
    const changed = [0, length - 1, length, 2 * length - 1].map((at) => {
      const point = spki.slice(-2 * length);
      point[at]! ^= 1;
      return point;
    });
    for (const point of [...changed, new Uint8Array(2 * length).fill(0xff), new Uint8Array(2 * length)])
      expect(pointFault(withPoint(point))).toMatchObject({ reason: 'NotOnCurve' });
  });
});
