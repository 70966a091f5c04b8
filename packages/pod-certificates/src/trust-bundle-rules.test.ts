import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { basicConstraintsExtension } from '@mayfly/x509/extensions';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json.js';
import { testLeaf, testRoot } from './testing/authority.js';
import { NOW } from './testing/cluster.js';
import { mergedTrustBundlePem, mergeTrustBundles, validateTrustBundle } from './trust-bundle-rules.js';
import type { ClusterTrustBundle } from './types.js';

const root = testRoot(NOW);
const pem = encodePem('CERTIFICATE', root.certificate.der);
const other = encodePem('CERTIFICATE', testRoot(NOW, 'Other Root').certificate.der);
const key = generateKeySync('P-256').subjectPublicKeyInfo;
const leaf = (...extensions: Parameters<typeof testLeaf>[5] & object) =>
  encodePem('CERTIFICATE', testLeaf(root, key, NOW, NOW + 60, [], extensions));
const withHeader = pem.replace('-----BEGIN CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\nComment: x\n\n');

const bundle = (name: string, signerName: string | undefined, trustBundle: string = pem): JsonObject => ({
  metadata: { name },
  spec: { ...(signerName !== undefined && { signerName }), trustBundle },
});
const refusals = (json: JsonObject, old?: JsonObject) =>
  validateTrustBundle(json, old).map(({ field, message }) => `${field}: ${message}`);

describe('name', () => {
  test.each<[string, string | undefined, string | undefined]>([
    ['anchors', undefined, undefined],
    ['anchors.example.com', undefined, undefined],
    ['example.com:signer:v1', 'example.com/signer', undefined],
    ['example.com:signer:a.b', 'example.com/signer', undefined],
    ['', undefined, 'metadata.name: Required value: name or generateName is required'],
    [
      'a:b',
      undefined,
      'metadata.name: Invalid value: "a:b": ClusterTrustBundle without signer name must not have ":" in its name',
    ],
    [
      'v1',
      'example.com/signer',
      'metadata.name: Invalid value: "v1": ClusterTrustBundle for signerName example.com/signer must be named with prefix example.com:signer:',
    ],
    [
      'example.com:other:v1',
      'example.com/signer',
      'metadata.name: Invalid value: "example.com:other:v1": ClusterTrustBundle for signerName',
    ],
    ['example.com:signer:', 'example.com/signer', 'metadata.name: Invalid value: "example.com:signer:": a lowercase'],
    [
      'example.com:signer:a:b',
      'example.com/signer',
      'metadata.name: Invalid value: "example.com:signer:a:b": a lowercase RFC 1123 subdomain',
    ],
    ['example:x:v1', 'example/x', 'spec.signerName: Invalid value: "example": should be a domain with at least two'],
  ])('%j of signer %s', (name, signerName, expected) => {
    const found = refusals(bundle(name, signerName));
    expect(found.map((text) => text.slice(0, expected?.length))).toEqual(expected === undefined ? [] : [expected]);
  });
});

describe('anchors', () => {
  test.each<[string, string, readonly string[]]>([
    ['two, with text between them', `one\n${pem}two\n${other}`, []],
    ['none', 'text', ['at least one trust anchor must be provided']],
    ['a broken block, passed over', `${pem}-----BEGIN CERTIFICATE-----\n`, []],
    ['a broken block alone', '-----BEGIN CERTIFICATE-----\n', ['at least one trust anchor must be provided']],
    ['one twice', pem + other + pem, ['duplicate trust anchor (indices [0 2])']],
    ['a header', other + withHeader, ['entry 1 has PEM block headers']],
    ['another block', encodePem('PUBLIC KEY', key), ['entry 0 has bad block type: PUBLIC KEY']],
    ['no certificate', encodePem('CERTIFICATE', key), ['entry 0 does not parse as X.509']],
    ['a leaf without basicConstraints', leaf(), ['entry 0 does not have the CA bit set']],
    ['a leaf with cA false', leaf(basicConstraintsExtension({ cA: false })), ['entry 0 does not have the CA bit set']],
    ['1 MiB', pem + '\n'.repeat(1024 * 1024 - pem.length), []],
    [
      '1 MiB and an octet',
      pem + '\n'.repeat(1024 * 1024 - pem.length + 1),
      ['Too long: may not be more than 1048576 bytes'],
    ],
  ])('%s', (_name, trustBundle, expected) => {
    const found = validateTrustBundle(bundle('anchors', undefined, trustBundle));
    expect(found.map(({ message }) => message.replace(/^Invalid value: ("(?:[^"\\]|\\.)*": )?/, ''))).toEqual(expected);
  });
  test('are read again only when they change', () => {
    const old = bundle('anchors', undefined, 'not PEM');
    expect(refusals(old, old)).toEqual([]);
    expect(refusals(bundle('anchors', undefined, 'not PEM either'), old)).toHaveLength(1);
  });
  test('signerName does not change', () => {
    const old = bundle('example.com:signer:v1', 'example.com/signer');
    expect(refusals(bundle('example.com:signer:v1', 'example.com/signer'), old)).toEqual([]);
    expect(refusals(bundle('anchors', undefined), bundle('anchors', 'example.com/signer'))).toEqual([
      'spec.signerName: Invalid value: "": field is immutable',
    ]);
  });
});

test('several bundles merge into each anchor once, in one order', () => {
  const of = (trustBundle: string): ClusterTrustBundle => ({
    metadata: { name: 'x', uid: 'x', resourceVersion: '1', creationTimestamp: NOW, labels: {}, ownerReferences: [] },
    spec: { signerName: '', trustBundle },
  });
  const broken = '-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n';
  expect(mergeTrustBundles([of(pem + other), of(`text\n${broken}${pem}`)])).toHaveLength(2);
  expect(mergedTrustBundlePem([of(pem), of(other)])).toBe(mergedTrustBundlePem([of(other + pem), of(pem)]));
});
