import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { annotationKeys, decodeAnnotations, encodeAnnotations, type RequestedIdentity, usages } from './annotations.js';

const nothing: RequestedIdentity = {
  commonName: undefined,
  organization: [],
  dnsNames: [],
  uris: [],
  ipAddresses: [],
  usage: undefined,
};
const { commonName, organization, dnsNames, uris, ipAddresses, usage } = annotationKeys;

test('nothing asked for is no annotation', () => {
  expect(encodeAnnotations(nothing)).toEqual({});
  expect(decodeAnnotations({})).toEqual({ ok: true, requested: nothing });
});

test('whatever is encoded decodes to itself', () => {
  const dnsName = fc.domain().filter((name) => name.length <= 253);
  const attribute = fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 })
    .filter((text) => text.trim() !== '');
  const names = <T>(name: fc.Arbitrary<T>) =>
    fc.uniqueArray(name, { maxLength: 5, selector: (value) => String(value).toLowerCase() });
  const identity: fc.Arbitrary<RequestedIdentity> = fc.record({
    commonName: fc.option(attribute, { nil: undefined }),
    organization: names(attribute),
    dnsNames: names(dnsName),
    uris: names(dnsName.map((name) => `spiffe://example.org/${name.replaceAll('.', '/')}`)),
    ipAddresses: names(fc.ipV4()),
    usage: fc.option(fc.constantFrom(...usages), { nil: undefined }),
  });
  fc.assert(
    fc.property(identity, (requested) => {
      expect(decodeAnnotations(encodeAnnotations(requested))).toEqual({ ok: true, requested });
    }),
    { seed: 20260901, numRuns: 300 },
  );
});

describe('denied', () => {
  test.each<[string, Record<string, string>]>([
    ['unknown key of ours', { 'mayfly.dev/role': 'admin' }],
    ['key of ours in capitals', { 'Mayfly.dev/common-name': 'a' }],
    ['empty common name', { [commonName]: '' }],
    ['control character', { [commonName]: 'a\u0000b' }],
    ['lone surrogate', { [commonName]: '\ud800' }],
    ['usage', { [usage]: 'Client' }],
    ['list as bare text', { [organization]: 'shop' }],
    ['list of numbers', { [organization]: '[1]' }],
    ['list as an object', { [dnsNames]: '{"0":"a"}' }],
    ['DNS name twice, case aside', { [dnsNames]: '["a.example","A.example"]' }],
    ['DNS name with a trailing dot', { [dnsNames]: '["a.example."]' }],
    ['wildcard inside', { [dnsNames]: '["a.*.example"]' }],
    ['wildcard of a top-level domain', { [dnsNames]: '["*"]' }],
    ['wildcard of one label', { [dnsNames]: '["*."]' }],
    ['long label', { [dnsNames]: `["${'a'.repeat(64)}.example"]` }],
    ['address as a DNS name', { [dnsNames]: '["10.0.0.1"]' }],
    ['too many', { [dnsNames]: JSON.stringify(Array.from({ length: 101 }, (_, i) => `a${i}.example`)) }],
    ['URI without a scheme', { [uris]: '["//example.org"]' }],
    ['URI with a host in capitals', { [uris]: '["spiffe://Example.org/a"]' }],
    ['URI with dot segments', { [uris]: '["https://example.org/a/../b"]' }],
    ['URI with escaped dot segments', { [uris]: '["https://example.org/a/%2E%2e/b"]' }],
    ['URI with a fragment', { [uris]: '["https://example.org/#a"]' }],
    ['URI with a space', { [uris]: '["https://example.org/a b"]' }],
    ['SPIFFE ID with a query', { [uris]: '["spiffe://example.org/a?b"]' }],
    ['SPIFFE ID with a trailing slash', { [uris]: '["spiffe://example.org/a/"]' }],
    ['SPIFFE ID with a port', { [uris]: '["spiffe://example.org:1/a"]' }],
    ['name as an address', { [ipAddresses]: '["localhost"]' }],
    ['address with a zone', { [ipAddresses]: '["fe80::1%eth0"]' }],
    ['IPv4 inside IPv6', { [ipAddresses]: '["::ffff:10.0.0.1"]' }],
    ['IPv4 inside IPv6, written out', { [ipAddresses]: '["0:0:0:0:0:ffff:a00:1"]' }],
    ['foreign key', { 'example.com/service': 'web' }],
  ])('%s', (_name, annotations) => {
    const decoded = decodeAnnotations(annotations);
    expect(decoded).toMatchObject({ ok: false, denial: { reason: 'InvalidUnverifiedUserAnnotations' } });
  });
});

test('foreign keys are passed over where that is asked for', () => {
  const annotations = { 'example.com/service': 'web', [commonName]: 'a' };
  expect(decodeAnnotations(annotations, { ignoreForeign: true })).toEqual({
    ok: true,
    requested: { ...nothing, commonName: 'a' },
  });
});

test.each(['*.shop.example', 'xn--bcher-kva.example', 'localhost', '1a.example'])('dNSName %s is taken', (name) => {
  expect(decodeAnnotations({ [dnsNames]: JSON.stringify([name]) }).ok).toBe(true);
});

test.each(['urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'https://example.org/a?b=c', 'spiffe://example.org'])(
  'URI %s is taken',
  (uri) => {
    expect(decodeAnnotations({ [uris]: JSON.stringify([uri]) }).ok).toBe(true);
  },
);
