import { encode, fromHex, read, toHex } from '@mayfly/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  equalGeneralNames,
  formatGeneralName,
  formatIPAddress,
  type GeneralName,
  generalNameNode,
  generalNamesNode,
  isDNSName,
  isMailbox,
  parseGeneralName,
  parseIPAddress,
  readGeneralName,
  readGeneralNames,
} from './general-name.js';
import { buildName, encodeName } from './name.js';

const parse = (hex: string): GeneralName =>
  read(fromHex(hex), (reader) => readGeneralName(reader, ''), { field: 'name' });

describe('codec', () => {
  test.each<[string, GeneralName, string, string]>([
    [
      'otherName',
      { type: 'otherName', typeId: '1.2.3', value: fromHex('0c0161') },
      'a009' + '06022a03' + 'a0030c0161',
      'othername:1.2.3:0c0161',
    ],
    ['rfc822Name', { type: 'rfc822Name', value: 'a@b.c' }, '8105' + '6140622e63', 'email:a@b.c'],
    ['dNSName', { type: 'dNSName', value: 'a.b' }, '8203' + '612e62', 'DNS:a.b'],
    ['x400Address', { type: 'x400Address', value: fromHex('a3023000') }, 'a3023000', 'X400Name:a3023000'],
    [
      'directoryName',
      { type: 'directoryName', value: encodeName(buildName({ commonName: 'a' })) },
      'a40e' + '300c310a3008' + '0603550403' + '0c0161',
      'DirName:CN=a',
    ],
    [
      'ediPartyName',
      { type: 'ediPartyName', value: fromHex('a505a1030c0161') },
      'a505a1030c0161',
      'EdiPartyName:a505a1030c0161',
    ],
    [
      'URI',
      { type: 'uniformResourceIdentifier', value: 'spiffe://a/b' },
      '860c' + '7370696666653a2f2f612f62',
      'URI:spiffe://a/b',
    ],
    ['IPv4', { type: 'iPAddress', value: Uint8Array.of(192, 0, 2, 1) }, '8704' + 'c0000201', 'IP:192.0.2.1'],
    ['registeredID', { type: 'registeredID', value: '1.2.3' }, '8802' + '2a03', 'RID:1.2.3'],
  ])('%s', (_name, name, hex, text) => {
    expect(toHex(encode(generalNameNode(name)))).toBe(hex);
    expect(parse(hex)).toEqual(name);
    expect(formatGeneralName(name)).toBe(text);
  });

  test.each([
    ['a tag that is no GeneralName', '8900', 'ERR_DER_TAG'],
    ['dNSName outside ASCII', '8201e4', 'ERR_DER_STRING'],
    ['iPAddress of 5 octets', '87050000000000', 'ERR_X509_GENERAL_NAME'],
    ['iPAddress with a mask', '87080000000000000000', 'ERR_X509_GENERAL_NAME'],
    ['directoryName whose RDN is empty', 'a40430023100', 'ERR_X509_NAME'],
    ['otherName without a value', 'a00406022a03', 'ERR_DER_TRUNCATED'],
    ['otherName whose value is no DER', 'a008' + '06022a03' + 'a0020101', 'ERR_DER_TRUNCATED'],
    ['registeredID that is empty', '8800', 'ERR_DER_OID'],
  ])('refuses %s', (_name, hex, code) => {
    expect(() => parse(hex)).toThrow(expect.objectContaining({ code }));
  });

  test('lists have 1 to 1,000 names', () => {
    const parseList = (hex: string) => read(fromHex(hex), (reader) => readGeneralNames(reader, ''));
    const names = (count: number) => new Array<GeneralName>(count).fill({ type: 'dNSName', value: 'a' });
    expect(() => parseList('3000')).toThrow(expect.objectContaining({ code: 'ERR_X509_GENERAL_NAME' }));
    expect(parseList(toHex(encode(generalNamesNode(names(1000)))))).toHaveLength(1000);
    expect(() => parseList('30820bbb' + '820161'.repeat(1001))).toThrow(
      expect.objectContaining({ code: 'ERR_X509_GENERAL_NAME' }),
    );
    expect(() => generalNamesNode([])).toThrow(RangeError);
    expect(() => generalNamesNode(names(1001))).toThrow(RangeError);
  });

  test('equal names are the same kind and the same octets', () => {
    expect(equalGeneralNames({ type: 'dNSName', value: 'a' }, { type: 'dNSName', value: 'a' })).toBe(true);
    expect(equalGeneralNames({ type: 'dNSName', value: 'a' }, { type: 'rfc822Name', value: 'a' })).toBe(false);
  });

  test('text cannot imitate another line', () => {
    expect(formatGeneralName({ type: 'dNSName', value: 'a\nDNS:b' })).toBe('DNS:a\\x0aDNS:b');
  });
});

describe('IP addresses', () => {
  test.each([
    ['0.0.0.0', '00000000', '0.0.0.0'],
    ['255.255.255.255', 'ffffffff', '255.255.255.255'],
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['1::', '00010000000000000000000000000000', '1::'],
    ['2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '20010000000000010000000000000001', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201', '::ffff:c000:201'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
  ])('%s', (text, hex, canonical) => {
    expect(toHex(parseIPAddress(text)!)).toBe(hex);
    expect(formatIPAddress(fromHex(hex))).toBe(canonical);
  });

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3.4.',
    '1.2.3.-4',
    ' 1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1%eth0',
    '::1/64',
    '1.2.3.4::',
    ':1::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.256',
  ])('refuses "%s"', (text) => {
    expect(parseIPAddress(text)).toBeUndefined();
  });

  test('reading what was written gives the same address', () => {
    const octets = fc.oneof(...[4, 16].map((length) => fc.uint8Array({ minLength: length, maxLength: length })));
    fc.assert(
      fc.property(octets, (address) => {
        expect(parseIPAddress(formatIPAddress(address))).toEqual(address);
      }),
      { seed: 5952, numRuns: 500 },
    );
  });
});

describe('DNS names and mailboxes', () => {
  test.each([
    ['example.org', true],
    ['EXAMPLE.org', true],
    ['localhost', true],
    ['a-b.c1', true],
    ['xn--kfer-loa.example', true],
    ['1.example', true],
    [`${'a'.repeat(63)}.b`, true],
    ['', false],
    ['.', false],
    ['a.', false],
    ['.a', false],
    ['a..b', false],
    ['-a.b', false],
    ['a-.b', false],
    ['a_b.c', false],
    ['a b', false],
    ['käfer.example', false],
    ['192.0.2.1', false],
    [`${'a'.repeat(64)}.b`, false],
    [`${'a.'.repeat(127)}b`, false],
    ['*.example.org', false],
  ])('"%s" is a DNS name: %s', (text, expected) => {
    expect(isDNSName(text)).toBe(expected);
  });

  test.each([
    ['*.example.org', true],
    ['example.org', true],
    ['*', false],
    ['*.org', false],
    ['a.*.org', false],
    ['a*.example.org', false],
    ['*.*.org', false],
  ])('"%s" is a DNS name that may have a wildcard: %s', (text, expected) => {
    expect(isDNSName(text, { wildcard: true })).toBe(expected);
  });

  test.each([
    ['a@example.org', true],
    ['a.b+c@example.org', true],
    ['"a b"@example.org', true],
    ['a@localhost', true],
    ['example.org', false],
    ['@example.org', false],
    ['a@', false],
    ['a..b@example.org', false],
    ['.a@example.org', false],
    ['a@b@example.org', false],
    ['A <a@example.org>', false],
    [`${'a'.repeat(65)}@example.org`, false],
  ])('"%s" is a mailbox: %s', (text, expected) => {
    expect(isMailbox(text)).toBe(expected);
  });
});

describe('text', () => {
  test.each<[string, GeneralName]>([
    ['example.org', { type: 'dNSName', value: 'example.org' }],
    ['DNS:*.example.org', { type: 'dNSName', value: '*.example.org' }],
    ['192.0.2.1', { type: 'iPAddress', value: Uint8Array.of(192, 0, 2, 1) }],
    ['IP:::1', { type: 'iPAddress', value: fromHex('00000000000000000000000000000001') }],
    ['email:a@example.org', { type: 'rfc822Name', value: 'a@example.org' }],
    ['URI:https://example.org/?a=b#c', { type: 'uniformResourceIdentifier', value: 'https://example.org/?a=b#c' }],
  ])('%s', (text, name) => {
    expect(parseGeneralName(text)).toEqual(name);
  });

  test.each([
    '',
    'a b',
    'IP:example.org',
    'DNS:192.0.2.1',
    'email:a',
    'URI:a b',
    'URI:nothing',
    'RID:1.2.3',
    'DNS:a\nb',
  ])('refuses "%s"', (text) => {
    expect(() => parseGeneralName(text)).toThrow(RangeError);
  });
});
