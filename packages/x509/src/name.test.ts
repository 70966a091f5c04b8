import { execFileSync } from 'node:child_process';
import { encode, fromHex, integer, toHex } from '@mayfly/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attributeValues,
  buildName,
  encodeName,
  formatDistinguishedName,
  matchingKey,
  type Name,
  type NameAttributes,
  namesMatch,
  parseDistinguishedName,
  parseName,
  withinSubtree,
} from './name.js';

const example: NameAttributes = {
  country: 'DE',
  organization: 'Example GmbH',
  organizationalUnit: ['Platform', 'Identity'],
  commonName: 'käfer',
  emailAddress: 'a@example.org',
};

describe('building', () => {
  test('one level an attribute, in the order given, each in the string type of its type', () => {
    expect(buildName(example)).toEqual([
      [{ type: '2.5.4.6', value: 'DE', stringType: 'printableString' }],
      [{ type: '2.5.4.10', value: 'Example GmbH', stringType: 'utf8String' }],
      [{ type: '2.5.4.11', value: 'Platform', stringType: 'utf8String' }],
      [{ type: '2.5.4.11', value: 'Identity', stringType: 'utf8String' }],
      [{ type: '2.5.4.3', value: 'käfer', stringType: 'utf8String' }],
      [{ type: '1.2.840.113549.1.9.1', value: 'a@example.org', stringType: 'ia5String' }],
    ]);
  });

  test('levels with several attributes, by name or OID', () => {
    const name = buildName([
      ['domainComponent', 'org'],
      [
        ['commonName', 'a'],
        ['2.5.4.99', 'b'],
      ],
    ]);
    expect(name.map((rdn) => rdn.map(({ type }) => type))).toEqual([
      ['0.9.2342.19200300.100.1.25'],
      ['2.5.4.3', '2.5.4.99'],
    ]);
  });

  test.each<[string, NameAttributes]>([
    ['empty value', { commonName: '' }],
    ['commonName of 65 characters', { commonName: 'a'.repeat(65) }],
    ['country of three letters', { country: 'DEU' }],
    ['country that is no letters', { country: '1!' }],
    ['serialNumber outside PrintableString', { serialNumber: 'a_b' }],
    ['emailAddress outside ASCII', { emailAddress: 'ä@example.org' }],
    ['lone surrogate', { commonName: '\ud800' }],
  ])('refuses %s', (_name, attributes) => {
    expect(() => buildName(attributes)).toThrow(RangeError);
  });

  test('refuses what is no attribute type', () => {
    expect(() => buildName([['colour', 'red']])).toThrow(TypeError);
  });

  test('64 characters beyond the Basic Multilingual Plane fit a commonName', () => {
    expect(attributeValues(buildName({ commonName: '🦋'.repeat(64) }), '2.5.4.3')).toEqual(['🦋'.repeat(64)]);
  });
});

describe('codec', () => {
  test('writes the DER that RFC 5280 asks for', () => {
    expect(toHex(encodeName(buildName({ country: 'US', commonName: 'x' })))).toBe(
      '3019' + '310b3009' + '0603550406' + '13025553' + '310a3008' + '0603550403' + '0c0178',
    );
  });

  test('the empty name', () => {
    expect(toHex(encodeName([]))).toBe('3000');
    expect(parseName(fromHex('3000'))).toEqual([]);
  });

  test.each([
    ['trailing byte', '300000', 'ERR_DER_TRAILING_DATA', 2, 'name'],
    ['RDN without attributes', '30023100', 'ERR_X509_NAME', 2, 'name[0]'],
    ['RDN that is a SEQUENCE', '300d300b3009060355040613025553', 'ERR_DER_TAG', 2, 'name[0]'],
    ['attribute type that is text', '300a31083006130161130162', 'ERR_DER_TAG', 6, 'name[0][0].type'],
    ['third element', '300f310d300b' + '0603550403' + '0c0161' + '0c0161', 'ERR_DER_TRAILING_DATA', 14, 'name[0][0]'],
    [
      'commonName that is an INTEGER',
      '300c310a3008' + '0603550403' + '020101',
      'ERR_X509_NAME',
      11,
      'name[0][0].value',
    ],
    [
      'PrintableString with an underscore',
      '300c310a3008' + '0603550403' + '13015f',
      'ERR_DER_STRING',
      11,
      'name[0][0].value',
    ],
    [
      'attributes out of order',
      '301631143008' + '0603550404' + '0c0161' + '3008' + '0603550403' + '0c0161',
      'ERR_DER_SET_ORDER',
      14,
      'name[0][1]',
    ],
  ])('refuses %s', (_name, hex, code, offset, path) => {
    expect(() => parseName(fromHex(hex))).toThrow(expect.objectContaining({ code, offset, path }));
  });

  test('a value that is no text stays DER', () => {
    const value = encode(integer(7));
    const name: Name = [[{ type: '2.5.4.45', value }]];
    expect(parseName(encodeName(name))).toEqual(name);
    expect(formatDistinguishedName(name)).toBe('2.5.4.45=#020107');
  });
});

describe('RFC 4514 text', () => {
  test.each<[string, Name, string]>([
    [
      'last RDN first',
      buildName({ country: 'GB', organization: 'Isode Limited', commonName: 'Steve Kille' }),
      'CN=Steve Kille,O=Isode Limited,C=GB',
    ],
    [
      'several attributes in one RDN',
      buildName([
        ['domainComponent', 'net'],
        ['domainComponent', 'example'],
        [
          ['organizationalUnit', 'Sales'],
          ['commonName', 'J.  Smith'],
        ],
      ]),
      'OU=Sales+CN=J.  Smith,DC=example,DC=net',
    ],
    ['quotes and commas', buildName({ commonName: 'James "Jim" Smith, III' }), 'CN=James \\"Jim\\" Smith\\, III'],
    ['carriage return', buildName({ commonName: 'Before\rAfter' }), 'CN=Before\\0dAfter'],
    ['leading number sign', buildName({ commonName: '#a' }), 'CN=\\#a'],
    ['leading and trailing space', buildName({ commonName: ' a ' }), 'CN=\\ a\\ '],
    ['one space', buildName({ commonName: ' ' }), 'CN=\\ '],
    ['every special character', buildName({ commonName: '"+,;<>\\=' }), 'CN=\\"\\+\\,\\;\\<\\>\\\\='],
    ['letters outside ASCII', buildName({ commonName: 'Lučić' }), 'CN=Lučić'],
    ['line separator', buildName({ commonName: 'a\u2028b' }), 'CN=a\\e2\\80\\a8b'],
    ['a change of direction', buildName({ commonName: 'a\u202eb' }), 'CN=a\\e2\\80\\aeb'],
    ['a type without a name', buildName([['1.3.6.1.4.1.1466.0', 'a']]), '1.3.6.1.4.1.1466.0=#0c0161'],
    ['the empty name', [], ''],
  ])('%s', (_name, name, text) => {
    expect(formatDistinguishedName(name)).toBe(text);
    expect(encodeName(parseDistinguishedName(text))).toEqual(encodeName(name));
  });

  test.each([
    ['spaces behind separators', 'CN=a, O=b', 'CN=a,O=b'],
    ['types in another case, and by OID', 'cn=a,2.5.4.10=b', 'CN=a,O=b'],
    ['escaped octets of UTF-8', 'CN=Lu\\C4\\8Di\\C4\\87', 'CN=Lučić'],
    ['hexadecimal of a known type', 'CN=#0C0161', 'CN=a'],
    ['an empty value', 'CN=', 'CN='],
  ])('reads %s', (_name, text, canonical) => {
    expect(formatDistinguishedName(parseDistinguishedName(text))).toBe(canonical);
  });

  test.each([
    ['no equals sign', 'CN', 0],
    ['unknown type', 'colour=red', 0],
    ['unescaped quote', 'CN=a"b', 4],
    ['unescaped semicolon', 'CN=a;O=b', 4],
    ['unescaped leading space', 'CN= a', 3],
    ['unescaped trailing space', 'CN=a ', 4],
    ['escaped octets that are no UTF-8', 'CN=\\C4', 6],
    ['backslash before an ordinary letter', 'CN=\\g', 3],
    ['backslash at the end', 'CN=a\\', 4],
    ['odd number of hexadecimal digits', 'CN=#0C016', 3],
    ['hexadecimal that is no DER', 'CN=#0C02', 3],
    ['separator at the end', 'CN=a,', 5],
  ])('refuses %s', (_name, text, offset) => {
    expect(() => parseDistinguishedName(text)).toThrow(
      expect.objectContaining({ code: 'ERR_X509_NAME_TEXT', offset, path: 'distinguishedName' }),
    );
  });

  test('reading what was written gives the same name', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const attribute = fc.tuple(fc.constantFrom('commonName', 'organization', '1.2.3.4'), value);
    fc.assert(
      fc.property(fc.array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (levels) => {
        const name = parseName(encodeName(buildName(levels)));
        expect(encodeName(parseDistinguishedName(formatDistinguishedName(name)))).toEqual(encodeName(name));
      }),
      { seed: 4514, numRuns: 300 },
    );
  });

  test('openssl writes the same text', () => {
    const name = buildName({
      country: 'DE',
      organization: 'A, "B" <c>',
      organizationalUnit: '#d',
      commonName: ' e+f;g\\ ',
    });
    const asn1 = execFileSync('openssl', ['x509', '-noout', '-subject', '-nameopt', 'RFC2253'], {
      input: certificateFor(encodeName(name)),
    }).toString();
    expect(asn1.trimEnd().replace(/^subject=/, '')).toBe(formatDistinguishedName(name));
  });
});

/** A certificate with this subject as PEM; its signature is not looked at. */
function certificateFor(subject: Uint8Array): string {
  const algorithm = '300a06082a8648ce3d040302';
  const point =
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5';
  const spki = '3059301306072a8648ce3d020106082a8648ce3d030107034200' + '04' + point;
  const times = '301e170d3236303130313030303030305a170d3237303130313030303030305a';
  const wrap = (tag: string, hex: string): string => {
    const length = hex.length / 2;
    const header = length < 128 ? length.toString(16).padStart(2, '0') : '82' + length.toString(16).padStart(4, '0');
    return tag + (length >= 128 && length < 256 ? '81' + length.toString(16) : header) + hex;
  };
  const tbs = wrap('30', '020101' + algorithm + '3000' + times + toHex(subject) + spki);
  const der = wrap('30', tbs + algorithm + '03020000');
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der, 'hex').toString('base64')}\n-----END CERTIFICATE-----\n`;
}

describe('comparison by RFC 5280 §7.1', () => {
  const printable = (value: string): Name => [[{ type: '2.5.4.3', value, stringType: 'printableString' }]];
  const utf8 = (value: string): Name => [[{ type: '2.5.4.3', value, stringType: 'utf8String' }]];
  const teletex = (value: string): Name => [[{ type: '2.5.4.3', value, stringType: 'teletexString' }]];

  test.each<[string, Name, Name, boolean]>([
    ['case', printable('Example'), printable('eXAMPLE'), true],
    ['inner, leading and trailing spaces', printable('  a   b '), printable('a b'), true],
    ['spaces that join', printable('a b'), printable('ab'), false],
    ['string types', printable('a'), utf8('A'), true],
    ['full case folding', utf8('Straße'), utf8('STRASSE'), true],
    ['the dotless i is no i', utf8('\u0131'), utf8('i'), false],
    ['letters beside a dotless i', utf8('ISI\u0131IS'), utf8('isi\u0131is'), true],
    ['composed and decomposed', utf8('\u00e9'), utf8('e\u0301'), true],
    ['compatibility forms', utf8('ﬁ'), utf8('fi'), true],
    ['soft hyphen and zero-width space', utf8('a\u00adb\u200bc'), utf8('abc'), true],
    ['no-break space', utf8('a\u00a0b'), utf8('a b'), true],
    ['long values match themselves', utf8('a'.repeat(1025)), utf8('a'.repeat(1025)), true],
    ['long values are not folded', utf8('a'.repeat(1025)), utf8('A'.repeat(1025)), false],
    ['private characters match themselves', utf8('\ue000'), utf8('\ue000'), true],
    ['private characters are not folded', utf8('a\ue000'), utf8('A\ue000'), false],
    ['TeletexString to the octet', teletex('a'), teletex('a'), true],
    ['TeletexString is not folded', teletex('a'), teletex('A'), false],
    ['TeletexString and another type', teletex('a'), printable('a'), false],
    ['a separator inside a value', utf8('a"\n2.5.4.3="b'), [...utf8('a'), ...utf8('b')], false],
    [
      'attributes of one RDN in another order',
      buildName([
        [
          ['commonName', 'a'],
          ['organization', 'b'],
        ],
      ]),
      buildName([
        [
          ['organization', 'B'],
          ['commonName', 'A'],
        ],
      ]),
      true,
    ],
    [
      'an attribute twice and two attributes',
      buildName([
        [
          ['commonName', 'a'],
          ['commonName', 'a'],
        ],
      ]),
      buildName([
        [
          ['commonName', 'a'],
          ['commonName', 'b'],
        ],
      ]),
      false,
    ],
    ['RDNs in another order', [...utf8('a'), ...utf8('b')], [...utf8('b'), ...utf8('a')], false],
    ['the empty name', [], [], true],
    ['the empty name and another', [], utf8('a'), false],
  ])('%s', (_name, a, b, expected) => {
    expect(namesMatch(a, b)).toBe(expected);
    expect(namesMatch(b, a)).toBe(expected);
  });

  test('names that take long to normalize are not', () => {
    const name = utf8(`a${'\u0301\u0316'.repeat(100_000)}`);
    const began = performance.now();
    matchingKey(name);
    expect(performance.now() - began).toBeLessThan(1000); // 5 ms, or more than ten seconds
  });

  test('a subtree begins with its base', () => {
    const base = buildName({ country: 'DE', organization: 'Example' });
    expect(withinSubtree(buildName({ country: 'DE', organization: 'EXAMPLE', commonName: 'a' }), base)).toBe(true);
    expect(withinSubtree(base, base)).toBe(true);
    expect(withinSubtree(buildName({ country: 'DE' }), base)).toBe(false);
    expect(withinSubtree(buildName({ country: 'FR', organization: 'Example' }), base)).toBe(false);
    expect(withinSubtree(base, [])).toBe(true);
  });
});
