import { DerError, fromHex, toHex } from '@mayfly/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePrivateKeyInfo, parsePrivateKeyInfo } from './private-key-info.js';

/** RFC 8410 §10.3, the same key without and with attributes and public key. */
const v1 = fromHex('302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842');
const v2 = fromHex(
  '3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842' +
    'a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273' +
    '81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1',
);

test('version 1 of RFC 8410', () => {
  expect(parsePrivateKeyInfo(v1)).toEqual({
    privateKeyAlgorithm: { algorithm: '1.3.101.112' },
    privateKey: v1.subarray(14),
  });
});

test('version 2 of RFC 8410 keeps attributes and public key', () => {
  const info = parsePrivateKeyInfo(v2);
  expect(info.attributes?.map(toHex)).toEqual(['301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273']);
  expect(info.publicKey).toEqual(v2.subarray(-32));
  expect(encodePrivateKeyInfo(info)).toEqual(v2);
});

test('results are views into the input', () => {
  expect(parsePrivateKeyInfo(v1).privateKey.buffer).toBe(v1.buffer);
});

test('attributes are written in the order of DER, an empty list as an empty set', () => {
  const info = parsePrivateKeyInfo(v1);
  const [a, b] = [fromHex('3003060155'), fromHex('3003060129')];
  expect(toHex(encodePrivateKeyInfo({ ...info, attributes: [a, b] }))).toContain('a00a30030601293003060155');
  const empty = encodePrivateKeyInfo({ ...info, attributes: [] });
  expect(toHex(empty)).toMatch(/a000$/);
  expect(parsePrivateKeyInfo(empty).attributes).toEqual([]);
});

describe('refusals', () => {
  const hex = toHex(v2);
  test.each([
    ['no SEQUENCE', '0500', 'ERR_DER_TAG', 0, 'privateKeyInfo'],
    ['trailing octet', `${toHex(v1)}00`, 'ERR_DER_TRAILING_DATA', 48, 'privateKeyInfo'],
    ['version 2 without public key', toHex(v1).replace('020100', '020101'), 'ERR_DER_VALUE', 2, 'version'],
    ['version 1 with public key', hex.replace('020101', '020100'), 'ERR_DER_VALUE', 2, 'version'],
    ['version 3', hex.replace('020101', '020102'), 'ERR_DER_VALUE', 2, 'version'],
    ['public key with unused bits', hex.replace('81210019', '81210119'), 'ERR_DER_BIT_STRING', 81, 'publicKey'],
    ['attribute that is no SEQUENCE', hex.replace('a01f301d', 'a01f311d'), 'ERR_DER_TAG', 50, 'attributes[0]'],
  ])('%s', (_name, der, code, offset, place) => {
    const path = place === 'privateKeyInfo' ? place : `privateKeyInfo.${place}`;
    expect(() => parsePrivateKeyInfo(fromHex(der))).toThrow(expect.objectContaining({ code, offset, path }));
  });

  test('input beyond 64 KiB', () => {
    expect(() => parsePrivateKeyInfo(new Uint8Array(65_537))).toThrow(
      expect.objectContaining({ code: 'ERR_DER_TOO_LARGE' }),
    );
  });
});

test('whatever was written is read back the same', () => {
  const octets = fc.uint8Array({ maxLength: 80 });
  const info = fc.record(
    {
      privateKeyAlgorithm: fc.record(
        { algorithm: fc.constantFrom('1.2.840.10045.2.1', '1.3.101.112'), parameters: fc.constant(fromHex('0500')) },
        { requiredKeys: ['algorithm'] },
      ),
      privateKey: octets,
      publicKey: octets,
      attributes: fc
        .uniqueArray(fc.integer({ min: 0, max: 127 }), { maxLength: 4 })
        .map((arcs) => arcs.sort((a, b) => a - b).map((arc) => Uint8Array.of(0x30, 3, 6, 1, arc))),
    },
    { requiredKeys: ['privateKeyAlgorithm', 'privateKey'] },
  );
  fc.assert(
    fc.property(info, (value) => {
      expect(parsePrivateKeyInfo(encodePrivateKeyInfo(value))).toEqual(value);
    }),
    { seed: 5958 },
  );
});

test('a changed or cut octet is refused inside the input, or is itself canonical', () => {
  const read = (der: Uint8Array) => {
    try {
      expect(encodePrivateKeyInfo(parsePrivateKeyInfo(der))).toEqual(der);
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      expect(error.offset).toBeLessThanOrEqual(der.length);
    }
  };
  for (let length = 0; length < v2.length; length++) read(v2.subarray(0, length));
  for (let at = 0; at < v2.length; at++)
    for (const flip of [1, 0x20, 0x80, 0xff]) read(v2.map((octet, i) => (i === at ? octet ^ flip : octet)));
});
