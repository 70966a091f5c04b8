import { generateKeySync } from '@mayfly/keys/node';
import { describe, expect, test } from 'vitest';
import { isOnCurve } from './curve-point.js';

describe.each([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
] as const)('%s', (namedCurve, length) => {
  const point = generateKeySync(namedCurve).subjectPublicKeyInfo.slice(-(1 + 2 * length));
  test('has the points of OpenSSL', () => {
    expect(isOnCurve(namedCurve, point)).toBe(true);
  });
  test('has no point beside them', () => {
    for (const at of [1, length, length + 1, 2 * length]) {
      const changed = point.slice();
      changed[at]! ^= 1;
      expect(isOnCurve(namedCurve, changed)).toBe(false);
    }
  });
  test('has coordinates below its prime, and no point at infinity', () => {
    expect(isOnCurve(namedCurve, Uint8Array.of(4, ...new Uint8Array(2 * length).fill(0xff)))).toBe(false);
    expect(isOnCurve(namedCurve, Uint8Array.of(4, ...new Uint8Array(2 * length)))).toBe(false);
  });
});
