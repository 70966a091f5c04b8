import { fromHex } from '@mayfly/der';
import { generateKeySync } from '@mayfly/keys/node';
import { describe, expect, test } from 'vitest';
import { classifyKey } from './key-type.js';

test('an Ed25519 key of OpenSSL is one that a pod can have', () => {
  expect(classifyKey(generateKeySync('Ed25519').subjectPublicKeyInfo)).toEqual({ ok: true, keyType: 'ED25519' });
});

describe('no key of a pod is', () => {
  test.each([
    ['the identity', `01${'00'.repeat(31)}`, 'anybody can sign'],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'anybody can sign'],
    ['the identity with y above p', `ee${'ff'.repeat(30)}7f`, 'another encoding'],
    ['no point at all', `02${'00'.repeat(31)}`, 'not on Ed25519'],
  ])('%s', (_name, octets, found) => {
    expect(classifyKey(fromHex(`302a300506032b6570032100${octets}`))).toEqual({
      ...{ ok: false, fault: 'point' },
      found: expect.stringContaining(found),
    });
  });
});
