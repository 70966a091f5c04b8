import { fromHex } from '@mayfly/der';
import { expect, test } from 'vitest';
import { keyUsageExtension, subjectAltNameExtension } from '../extensions.js';
import { type GeneralName, parseGeneralName } from '../general-name.js';
import { parseReferenceName, referenceNameFault } from './reference-name.js';

const has = (of: Parameters<typeof referenceNameFault>[0], wanted: string): boolean =>
  referenceNameFault(of, parseReferenceName(wanted)!) === undefined;

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
  ['anybody in a trust domain', 'URI:spiffe://example.org/a', 'spiffe://example.org', true],
  ['another trust domain', 'URI:spiffe://example.org/a', 'spiffe://example.com', false],
  ['mailbox, its domain in other case', 'email:Ann@a.example', 'Ann@A.example', true],
  ['mailbox, its local part in other case', 'email:Ann@a.example', 'ann@a.example', false],
  ['URI', 'URI:https://a.example/x', 'https://a.example/x', true],
  ['URI in other case', 'URI:https://a.example/x', 'https://A.example/x', false],
  ['mailbox for a host', 'email:ann@a.example', 'a.example', false],
  ['DNS name for a SPIFFE ID', 'DNS:example.org', 'spiffe://example.org/a', false],
])('%s', (_name, presented, wanted, ok) => {
  expect(has(leaf(presented), wanted)).toBe(ok);
});

test('an address in text form, or as a DNS name, does not stand for the address', () => {
  const name: GeneralName = { type: 'dNSName', value: '10.0.0.1' };
  expect(has(leaf(name), '10.0.0.1')).toBe(false);
  const mapped: GeneralName = { type: 'iPAddress', value: fromHex('00000000000000000000ffff0a000001') };
  expect(has(leaf(mapped), '10.0.0.1')).toBe(false);
});

test('wildcards within a label and above all are no names', () => {
  for (const value of ['w*.example.org', '*', '*.', '*.org', '**.example.org', 'a.*.org'])
    for (const wanted of ['www.example.org', 'example.org', 'a.b.org'])
      expect(has(leaf({ type: 'dNSName', value }), wanted)).toBe(false);
});

test('a wildcard right below a public suffix has no name', () => {
  const suffixes = ['co.uk', 'pages.example'];
  const isPublicSuffix = (domain: string) => suffixes.includes(domain);
  const fault = (presented: string, value: string) =>
    referenceNameFault(leaf(presented), { type: 'dns', value }, isPublicSuffix);
  expect(fault('DNS:*.pages.example', 'a.pages.example')).toMatchObject({ reason: 'NameMismatch' });
  expect(fault('DNS:*.a.co.uk', 'b.a.co.uk')).toBeUndefined();
  expect(fault('DNS:*.CO.UK', 'b.co.uk')).toMatchObject({ reason: 'NameMismatch' });
});

test('two URIs are no SPIFFE ID', () => {
  const names = ['URI:spiffe://example.org/a', 'URI:spiffe://example.org/b'];
  const wanted = parseReferenceName('spiffe://example.org/a')!;
  expect(referenceNameFault(leaf(...names), wanted)).toMatchObject({
    reason: 'NotASpiffeID',
    message: expect.stringMatching(/^MultipleURIs/),
  });
});

test('the refusal tells what there is, and not too much of it', () => {
  const wanted = parseReferenceName('x.example')!;
  expect(referenceNameFault({ extensions: [] }, wanted)).toMatchObject({
    message: 'The certificate has no subjectAltName',
  });
  const many = Array.from({ length: 12 }, (_, i) => `DNS:n${i}.example`);
  expect(referenceNameFault(leaf(...many), wanted)).toMatchObject({
    message: expect.stringMatching(/DNS:n9\.example and 2 more$/),
  });
});

test.each(['*.example.org', 'a b', '', 'spiffe://Example.org/a', '-a', '1.2.3'])(
  '%j is no name to look for',
  (text) => {
    expect(parseReferenceName(text)).toBeUndefined();
  },
);
