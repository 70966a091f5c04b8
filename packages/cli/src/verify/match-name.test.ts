import { fromHex } from '@mayfly/der';
import { keyUsageExtension, subjectAltNameExtension } from '@mayfly/x509/extensions';
import { type GeneralName, parseGeneralName } from '@mayfly/x509/general-name';
import { expect, test } from 'vitest';
import { matchName, parseReferenceName } from './match-name.js';

const leaf = (...names: readonly (string | GeneralName)[]) => ({
  extensions: [
    keyUsageExtension(['digitalSignature']),
    subjectAltNameExtension(names.map((name) => (typeof name === 'string' ? parseGeneralName(name) : name))),
  ],
});

test.each([
  ['exact', 'DNS:a.example', 'a.example', true],
  ['case', 'DNS:A.example', 'a.EXAMPLE', true],
  ['dot at the end', 'DNS:a.example', 'a.example.', true],
  ['other name', 'DNS:a.example', 'b.example', false],
  ['parent', 'DNS:a.example.org', 'example.org', false],
  ['wildcard', 'DNS:*.example.org', 'a.example.org', true],
  ['wildcard for two labels', 'DNS:*.example.org', 'a.b.example.org', false],
  ['wildcard for none', 'DNS:*.example.org', 'example.org', false],
  ['address', 'IP:10.0.0.1', '10.0.0.1', true],
  ['other address', 'IP:10.0.0.1', '10.0.0.2', false],
  ['IPv6 in another form', 'IP:2001:db8::1', '2001:DB8:0:0::1', true],
  ['IPv6 in brackets', 'IP:::1', '[::1]', true],
  ['URI is no DNS name', 'URI:https://a.example', 'a.example', false],
  ['SPIFFE ID', 'URI:spiffe://example.org/a', 'spiffe://example.org/a', true],
  ['other SPIFFE ID', 'URI:spiffe://example.org/a', 'spiffe://example.org/b', false],
  ['DNS name for a SPIFFE ID', 'DNS:example.org', 'spiffe://example.org/a', false],
])('%s', (_name, presented, wanted, ok) => {
  expect(matchName(leaf(presented), parseReferenceName(wanted)!).ok).toBe(ok);
});

test('an address in text form, or as a DNS name, does not stand for the address', () => {
  const name: GeneralName = { type: 'dNSName', value: '10.0.0.1' };
  expect(matchName(leaf(name), parseReferenceName('10.0.0.1')!).ok).toBe(false);
  const mapped: GeneralName = { type: 'iPAddress', value: fromHex('00000000000000000000ffff0a000001') };
  expect(matchName(leaf(mapped), parseReferenceName('10.0.0.1')!).ok).toBe(false);
});

test('wildcards within a label and above all are no names', () => {
  for (const value of ['w*.example.org', '*', '*.', '*.org', '**.example.org', 'a.*.org'])
    for (const wanted of ['www.example.org', 'example.org', 'a.b.org'])
      expect(matchName(leaf({ type: 'dNSName', value }), parseReferenceName(wanted)!).ok).toBe(false);
});

test('two URIs are no SPIFFE ID', () => {
  const names = ['URI:spiffe://example.org/a', 'URI:spiffe://example.org/b'];
  const wanted = parseReferenceName('spiffe://example.org/a')!;
  expect(matchName(leaf(...names), wanted)).toMatchObject({ ok: false, reason: 'MultipleURIs' });
});

test('the refusal tells what there is, and not too much of it', () => {
  const wanted = parseReferenceName('x.example')!;
  expect(matchName({ extensions: [] }, wanted)).toMatchObject({ message: 'The certificate has no subjectAltName' });
  const many = Array.from({ length: 12 }, (_, i) => `DNS:n${i}.example`);
  expect(matchName(leaf(...many), wanted)).toMatchObject({
    message: expect.stringMatching(/DNS:n9\.example and 2 more$/),
  });
});

test.each(['*.example.org', 'a b', '', 'spiffe://Example.org/a', '-a', '1.2.3'])(
  '%j is no name to look for',
  (text) => {
    expect(parseReferenceName(text)).toBeUndefined();
  },
);
