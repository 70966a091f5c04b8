import { expect, test } from 'vitest';
import { decodeOid, encode, encodeInto, encodeOid, fromHex, implicit, oid, raw, toHex } from './index.js';

test('another tag leaves what was spliced as it was, in a Buffer too', () => {
  const der = Buffer.from('040107', 'hex');
  expect(toHex(encode(implicit(0, raw(der))))).toBe('800107');
  expect(der.toString('hex')).toBe('040107');
});

test('the longest OIDs come back', () => {
  for (const octets of [new Uint8Array(256).fill(0x7f), fromHex('ff'.repeat(255) + '7f')]) {
    const text = decodeOid(octets);
    expect(text).toBeDefined();
    expect(toHex(encodeOid(text!))).toBe(toHex(octets));
  }
});

test.each([
  ['257 octets', `2.47${'.127'.repeat(256)}`],
  ['a number of a million digits', `2.${'9'.repeat(1_000_000)}`],
])('no OID: %s', (_name, text) => {
  expect(() => oid(text)).toThrow(TypeError);
});

test('a node fills an array of its length and no other, or its place in one', () => {
  const node = oid('2.5.29.17');
  const shared = new Uint8Array(7);
  encodeInto(node, shared.subarray(1, 6));
  expect(toHex(shared)).toBe(`00${toHex(encode(node))}00`);
  for (const length of [4, 6]) expect(() => encodeInto(node, new Uint8Array(length))).toThrow(RangeError);
  const other = new Uint8Array(7);
  expect(encodeInto(node, other, 1)).toBe(6);
  expect(other).toEqual(shared);
  for (const at of [-1, 3]) expect(() => encodeInto(node, other, at)).toThrow(RangeError);
});
