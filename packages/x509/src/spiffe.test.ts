import { describe, expect, test } from 'vitest';
import type { Extension } from './extension.js';
import { basicConstraintsExtension, keyUsageExtension, subjectAltNameExtension } from './extensions.js';
import {
  formatSpiffeID,
  parseSpiffeID,
  spiffeID,
  spiffeIDName,
  validateLeafSVID,
  validateSigningSVID,
} from './spiffe.js';

const names = (...uris: readonly string[]): Extension =>
  subjectAltNameExtension([
    { type: 'dNSName', value: 'a' },
    ...uris.map((value) => ({ type: 'uniformResourceIdentifier' as const, value })),
  ]);
const leafUsage = keyUsageExtension(['digitalSignature']);
const id = 'spiffe://example.org/ns/default/sa/web';

describe('SPIFFE IDs', () => {
  test.each([
    ['spiffe://example.org', 'example.org', []],
    [id, 'example.org', ['ns', 'default', 'sa', 'web']],
    ['spiffe://a-b_c.1/A.b-c_9', 'a-b_c.1', ['A.b-c_9']],
    ['spiffe://a/...', 'a', ['...']],
    [`spiffe://${'a'.repeat(255)}/b`, 'a'.repeat(255), ['b']],
    [`spiffe://a/${'b'.repeat(2037)}`, 'a', ['b'.repeat(2037)]],
  ])('%s', (text, trustDomain, path) => {
    expect(parseSpiffeID(text)).toEqual({ ok: true, id: { trustDomain, path } });
    expect(formatSpiffeID({ trustDomain, path })).toBe(text);
    expect(spiffeIDName({ trustDomain, path })).toEqual({ type: 'uniformResourceIdentifier', value: text });
  });

  test.each([
    ['', 'WrongScheme'],
    ['https://example.org/a', 'WrongScheme'],
    ['SPIFFE://example.org/a', 'WrongScheme'],
    ['spiffe:/example.org/a', 'WrongScheme'],
    ['spiffe://', 'MissingTrustDomain'],
    ['spiffe:///a', 'MissingTrustDomain'],
    [`spiffe://${'a'.repeat(256)}`, 'TrustDomainTooLong'],
    ['spiffe://Example.org', 'BadTrustDomainCharacter'],
    ['spiffe://example.org:443/a', 'BadTrustDomainCharacter'],
    ['spiffe://user@example.org/a', 'BadTrustDomainCharacter'],
    ['spiffe://example.org?a', 'BadTrustDomainCharacter'],
    ['spiffe://%61', 'BadTrustDomainCharacter'],
    ['spiffe://example.org/', 'EmptyPathSegment'],
    ['spiffe://example.org/a/', 'EmptyPathSegment'],
    ['spiffe://example.org//a', 'EmptyPathSegment'],
    ['spiffe://example.org/.', 'RelativePathSegment'],
    ['spiffe://example.org/a/../b', 'RelativePathSegment'],
    ['spiffe://example.org/a?b', 'BadPathCharacter'],
    ['spiffe://example.org/a#b', 'BadPathCharacter'],
    ['spiffe://example.org/%61', 'BadPathCharacter'],
    ['spiffe://example.org/a\n', 'BadPathCharacter'],
    ['spiffe://example.org/ä', 'BadPathCharacter'],
    [`spiffe://a/${'b'.repeat(2038)}`, 'TooLong'],
  ])('refuses %s', (text, reason) => {
    expect(parseSpiffeID(text)).toMatchObject({ ok: false, reason });
  });

  test.each([
    ['trust domain with a slash', { trustDomain: 'a/b', path: [] }],
    ['segment with a slash', { trustDomain: 'a', path: ['b/c'] }],
    ['empty segment', { trustDomain: 'a', path: [''] }],
  ])('does not write one with %s', (_name, parts) => {
    expect(() => formatSpiffeID(parts)).toThrow(RangeError);
  });
});

describe('X509-SVIDs', () => {
  const authority = [basicConstraintsExtension({ cA: true }), keyUsageExtension(['keyCertSign', 'cRLSign'])];

  test('a workload has one URI beside other names', () => {
    const extensions = [names(id), leafUsage, basicConstraintsExtension({ cA: false })];
    expect(validateLeafSVID({ extensions })).toEqual({
      ok: true,
      id: { trustDomain: 'example.org', path: ['ns', 'default', 'sa', 'web'] },
    });
    expect(spiffeID({ extensions })).toMatchObject({ ok: true });
  });

  test.each<[string, readonly Extension[]]>([
    ['NoURI', [leafUsage]],
    ['NoURI', [names(), leafUsage]],
    ['MultipleURIs', [names(id, 'https://a'), leafUsage]],
    ['WrongScheme', [names('https://a'), leafUsage]],
    ['LeafIsCA', [names(id), leafUsage, basicConstraintsExtension({ cA: true })]],
    ['LeafSignsCertificates', [names(id), keyUsageExtension(['digitalSignature', 'keyCertSign'])]],
    ['LeafSignsCertificates', [names(id), keyUsageExtension(['digitalSignature', 'cRLSign'])]],
    ['LeafWithoutDigitalSignature', [names(id), keyUsageExtension(['keyAgreement'])]],
    ['LeafWithoutDigitalSignature', [names(id)]],
    ['LeafWithoutPath', [names('spiffe://example.org'), leafUsage]],
  ])('a workload is refused: %s', (reason, extensions) => {
    expect(validateLeafSVID({ extensions })).toMatchObject({ ok: false, reason });
  });

  test('an authority has the ID of its trust domain, or none', () => {
    expect(validateSigningSVID({ extensions: [...authority, names('spiffe://example.org')] })).toEqual({
      ok: true,
      id: { trustDomain: 'example.org', path: [] },
    });
    expect(validateSigningSVID({ extensions: authority })).toBeUndefined();
  });

  test.each<[string, readonly Extension[]]>([
    ['SignerNotCA', [names('spiffe://example.org'), leafUsage]],
    ['SignerWithoutKeyCertSign', [basicConstraintsExtension({ cA: true }), leafUsage]],
    ['SignerWithPath', [...authority, names(id)]],
    ['MultipleURIs', [...authority, names('spiffe://a', 'spiffe://b')]],
  ])('an authority is refused: %s', (reason, extensions) => {
    expect(validateSigningSVID({ extensions })).toMatchObject({ ok: false, reason });
  });
});
