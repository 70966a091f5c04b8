import { expect, test } from 'vitest';
import { nearestName } from './spelling.js';

const names = ['expirationSeconds', 'signerName', 'keyType', 'path'];

test.each<[string, string | undefined]>([
  ['expirationSecond', 'expirationSeconds'],
  ['expirationSecodns', 'expirationSeconds'],
  ['ExpirationSeconds', 'expirationSeconds'],
  ['singerName', 'signerName'],
  ['keytype', 'keyType'],
  ['paht', 'path'],
  ['name', undefined],
  ['image', undefined],
  ['__proto__', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%.20s', (written, meant) => {
  expect(nearestName(written, names)).toBe(meant);
});
