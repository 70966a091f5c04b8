import { encodeBase64 } from '@mayfly/der/pem';
import { describe, expect, test } from 'vitest';
import { type JsonObject, sameJson } from './json.js';
import {
  clusterTrustBundleToJson,
  podCertificateRequestToJson,
  readClusterTrustBundle,
  readPodCertificateRequest,
} from './read.js';
import { deniedStatus, failedStatus, issuedStatus } from './status.js';
import { NOW, testRequest } from './testing/cluster.js';
import { formatTimestamp, parseTimestamp } from './timestamp.js';

const metadata = {
  name: 'req-1',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-09-01T10:00:00Z',
  generateName: 'req-',
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'p', controller: true }],
};
const spec = {
  signerName: 'pki.example.com/workload',
  podName: 'web-0',
  podUID: 'p',
  serviceAccountName: 'web',
  serviceAccountUID: 's',
  nodeName: 'n1',
  nodeUID: 'n',
  maxExpirationSeconds: 3600,
};
const object = (version: string, changes: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  apiVersion: `certificates.k8s.io/${version}`,
  kind: 'PodCertificateRequest',
  metadata,
  spec: { ...spec, ...changes },
  ...rest,
});

describe('reading', () => {
  test.each<[string, JsonObject, { stub: number[]; key: number[]; proof: number[] }]>([
    ['v1 with the stub', object('v1', { stubPKCS10Request: 'AQI=' }), { stub: [1, 2], key: [], proof: [] }],
    [
      'v1, in which the pair vanishes',
      object('v1', { pkixPublicKey: 'AQI=', proofOfPossession: 'Aw==' }),
      { stub: [], key: [], proof: [] },
    ],
    [
      'v1beta1 of 1.35',
      object('v1beta1', { pkixPublicKey: 'AQI=', proofOfPossession: 'Aw==' }),
      { stub: [], key: [1, 2], proof: [3] },
    ],
    [
      'v1beta1 of 1.36',
      object('v1beta1', { stubPKCS10Request: 'AQI=', pkixPublicKey: null, proofOfPossession: null }),
      { stub: [1, 2], key: [], proof: [] },
    ],
    [
      'v1beta1 with empty texts',
      object('v1beta1', { stubPKCS10Request: '', pkixPublicKey: 'AQ==', proofOfPossession: '' }),
      { stub: [], key: [1], proof: [] },
    ],
    [
      'an item of a list, without kind',
      { metadata, spec: { ...spec, pkixPublicKey: 'AQ==' } },
      { stub: [], key: [1], proof: [] },
    ],
  ])('%s', (_name, json, { stub, key, proof }) => {
    const { spec } = readPodCertificateRequest(json);
    expect([...spec.stubPKCS10Request]).toEqual(stub);
    expect([...spec.pkixPublicKey]).toEqual(key);
    expect([...spec.proofOfPossession]).toEqual(proof);
  });
  test('metadata, defaults and a pending status', () => {
    expect(readPodCertificateRequest(object('v1', { maxExpirationSeconds: null }))).toMatchObject({
      metadata: {
        namespace: 'shop',
        name: 'req-1',
        uid: 'u',
        resourceVersion: '7',
        creationTimestamp: NOW,
        labels: {},
      },
      spec: { maxExpirationSeconds: 86_400, unverifiedUserAnnotations: {} },
      status: { conditions: [], certificateChain: '' },
      terminal: undefined,
    });
  });
  test('the condition that ended a request; one that is not True ended nothing', () => {
    const condition = {
      type: 'Issued',
      status: 'True',
      reason: 'Issued',
      message: '',
      lastTransitionTime: '2026-09-01T10:00:00Z',
    };
    const status = (changes: JsonObject) => ({ conditions: [{ ...condition, ...changes }] });
    const terminal = (changes: JsonObject) =>
      readPodCertificateRequest(object('v1', {}, { status: status(changes) })).terminal;
    expect(terminal({})).toBe('Issued');
    expect(terminal({ type: 'Denied' })).toBe('Denied');
    expect(terminal({ type: 'Failed', lastTransitionTime: null, message: undefined })).toBe('Failed');
    expect(terminal({ status: 'False' })).toBeUndefined();
  });
  test.each<[string, unknown, string, string]>([
    ['null', null, 'ERR_POD_CERTIFICATES_KIND', 'PodCertificateRequest'],
    ['a list', [], 'ERR_POD_CERTIFICATES_KIND', 'PodCertificateRequest'],
    ['another kind', { ...object('v1'), kind: 'Secret' }, 'ERR_POD_CERTIFICATES_KIND', 'PodCertificateRequest'],
    ['an old version', object('v1alpha1'), 'ERR_POD_CERTIFICATES_KIND', 'PodCertificateRequest'],
    ['no spec', { ...object('v1'), spec: undefined }, 'ERR_POD_CERTIFICATES_FIELD', 'spec'],
    [
      'no uid',
      { ...object('v1'), metadata: { ...metadata, uid: undefined } },
      'ERR_POD_CERTIFICATES_FIELD',
      'metadata.uid',
    ],
    [
      'a creation at no time',
      { ...object('v1'), metadata: { ...metadata, creationTimestamp: null } },
      'ERR_POD_CERTIFICATES_FIELD',
      'metadata.creationTimestamp',
    ],
    ['a number as name', object('v1', { podName: 7 }), 'ERR_POD_CERTIFICATES_FIELD', 'spec.podName'],
    [
      'a stub that is no base64',
      object('v1', { stubPKCS10Request: 'A' }),
      'ERR_POD_CERTIFICATES_FIELD',
      'spec.stubPKCS10Request',
    ],
    [
      'an annotation that is no text',
      object('v1', { unverifiedUserAnnotations: { 'a.io/b': {} } }),
      'ERR_POD_CERTIFICATES_FIELD',
      'spec.unverifiedUserAnnotations.a.io/b',
    ],
    [
      'a lifetime of half a second',
      object('v1', { maxExpirationSeconds: 0.5 }),
      'ERR_POD_CERTIFICATES_FIELD',
      'spec.maxExpirationSeconds',
    ],
    [
      'conditions that are no list',
      object('v1', {}, { status: { conditions: {} } }),
      'ERR_POD_CERTIFICATES_FIELD',
      'status.conditions',
    ],
    [
      'a condition without a type',
      object('v1', {}, { status: { conditions: [{}] } }),
      'ERR_POD_CERTIFICATES_FIELD',
      'status.conditions[0].type',
    ],
    [
      'an end at no time',
      object('v1', {}, { status: { notAfter: 'soon' } }),
      'ERR_POD_CERTIFICATES_FIELD',
      'status.notAfter',
    ],
  ])('refuses %s', (_name, json, code, path) => {
    expect(() => readPodCertificateRequest(json)).toThrow(expect.objectContaining({ code, path }));
  });
});

describe('writing', () => {
  test('is the form that the API documents', () => {
    const stubPKCS10Request = Uint8Array.of(1, 2, 3);
    const { name: _, ...request } = {
      ...testRequest({ stubPKCS10Request, unverifiedUserAnnotations: { 'pki.example.com/service': 'web' } }),
      name: '',
    };
    expect(podCertificateRequestToJson(request, 'v1')).toEqual({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'PodCertificateRequest',
      metadata: { generateName: 'req-', namespace: 'shop' },
      spec: {
        signerName: 'pki.example.com/workload',
        podName: 'web-0',
        podUID: request.spec.podUID,
        serviceAccountName: 'web',
        serviceAccountUID: request.spec.serviceAccountUID,
        nodeName: 'n1',
        nodeUID: request.spec.nodeUID,
        maxExpirationSeconds: 3600,
        stubPKCS10Request: encodeBase64(stubPKCS10Request),
        unverifiedUserAnnotations: { 'pki.example.com/service': 'web' },
      },
    });
    expect(podCertificateRequestToJson(request, 'v1beta1')).toMatchObject({
      spec: { pkixPublicKey: null, proofOfPossession: null, stubPKCS10Request: 'AQID' },
    });
  });
  test('keeps all that reading found', () => {
    const json = object(
      'v1beta1',
      { pkixPublicKey: 'AQ==', proofOfPossession: 'Ag==', unverifiedUserAnnotations: { 'a.io/b': 'c' } },
      {
        status: {
          conditions: [
            {
              type: 'Issued',
              status: 'True',
              reason: 'Issued',
              message: 'm',
              lastTransitionTime: '2026-09-01T10:00:00Z',
            },
          ],
          certificateChain: 'x',
          notBefore: '2026-09-01T09:58:30Z',
          beginRefreshAt: '2026-09-01T10:28:30Z',
          notAfter: '2026-09-01T10:58:30Z',
        },
      },
    );
    const request = readPodCertificateRequest(json);
    expect(readPodCertificateRequest(podCertificateRequestToJson(request, 'v1beta1'))).toEqual(request);
    expect(() => podCertificateRequestToJson(request, 'v1')).toThrow(RangeError);
  });
  test('trust bundles, both ways', () => {
    const bundle = {
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'ClusterTrustBundle',
      metadata: {
        name: 'a',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '2026-09-01T10:00:00Z',
        labels: { a: 'b' },
      },
      spec: { signerName: 'example.com/x', trustBundle: 'PEM' },
    };
    expect(clusterTrustBundleToJson(readClusterTrustBundle(bundle), 'v1beta1')).toEqual(bundle);
    const { signerName: _, ...unsigned } = bundle.spec;
    expect(readClusterTrustBundle({ ...bundle, spec: unsigned }).spec.signerName).toBe('');
    expect(() => readClusterTrustBundle(object('v1'))).toThrow(
      expect.objectContaining({ code: 'ERR_POD_CERTIFICATES_KIND' }),
    );
  });
  test('a status is what the API documents', () => {
    const issued = {
      certificate: Uint8Array.of(1),
      chain: [Uint8Array.of(2)],
      notBefore: NOW - 90,
      notAfter: NOW + 3510,
    };
    expect(issuedStatus(issued, NOW + 1710, NOW)).toEqual({
      conditions: [
        { type: 'Issued', status: 'True', reason: 'Issued', message: '', lastTransitionTime: '2026-09-01T10:00:00Z' },
      ],
      certificateChain:
        '-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----\n',
      notBefore: '2026-09-01T09:58:30Z',
      beginRefreshAt: '2026-09-01T10:28:30Z',
      notAfter: '2026-09-01T10:58:30Z',
    });
    const condition = { status: 'True', reason: 'No', message: 'x', lastTransitionTime: '2026-09-01T10:00:00Z' };
    expect(deniedStatus({ reason: 'No', message: 'x' }, NOW)).toEqual({
      conditions: [{ type: 'Denied', ...condition }],
    });
    expect(failedStatus('No', 'x', NOW)).toEqual({ conditions: [{ type: 'Failed', ...condition }] });
  });
});

test.each<[string, unknown, number | undefined]>([
  ['UTC', '2026-09-01T10:00:00Z', NOW],
  ['an offset', '2026-09-01T12:00:00+02:00', NOW],
  ['a fraction, which is dropped', '2026-09-01T10:00:00.999Z', NOW],
  ['no seconds', '2026-09-01T10:00Z', undefined],
  ['no zone', '2026-09-01T10:00:00', undefined],
  ['no such month', '2026-13-01T10:00:00Z', undefined],
  ['a number', NOW, undefined],
])('timestamp: %s', (_name, text, at) => {
  expect(parseTimestamp(text)).toBe(at);
  if (at !== undefined) expect(parseTimestamp(formatTimestamp(at))).toBe(at);
});

test.each<[unknown, unknown, boolean]>([
  [{ a: null, b: [] }, {}, true],
  [{ a: '' }, { a: undefined }, true],
  [{ a: [{ b: 1 }] }, { a: [{ b: 1, c: null }] }, true],
  [{ a: [1, 2] }, { a: [2, 1] }, false],
  [{ a: 0 }, {}, false],
  [{ a: { b: 1 } }, { a: [1] }, false],
])('same JSON %j and %j: %s', (a, b, same) => expect(sameJson(a, b)).toBe(same));
