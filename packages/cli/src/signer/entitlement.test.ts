import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { describe, expect, test } from 'vitest';
import { claimDenial, dnsNamesOf, readPod, readService } from './entitlement.js';

const meta = (name: string, labels = {}, namespace = 'shop') => ({
  namespace,
  name,
  uid: name,
  resourceVersion: '1',
  labels,
});
const service = (name: string, spec: object, namespace = 'shop') =>
  readService({ metadata: meta(name, {}, namespace), spec });
const pod = (labels: object, spec: object = {}) => readPod({ metadata: meta('web-0', labels), spec });
const names = (...args: Parameters<typeof dnsNamesOf>) => dnsNamesOf(...args).filter((name) => name.endsWith('.svc'));

test.each([
  ['a Service that selects it', pod({ app: 'web' }), service('web', { selector: { app: 'web' } }), ['web.shop.svc']],
  ['all labels of the selector', pod({ app: 'web' }), service('web', { selector: { app: 'web', tier: 'a' } }), []],
  ['another value', pod({ app: 'web' }), service('web', { selector: { app: 'api' } }), []],
  ['another namespace', pod({ app: 'web' }), service('web', { selector: { app: 'web' } }, 'bank'), []],
  ['no selector', pod({ app: 'web' }), service('web', {}), []],
  ['an empty selector, which selects nothing', pod({ app: 'web' }), service('web', { selector: {} }), []],
  ['an alias', pod({ app: 'web' }), service('web', { selector: { app: 'web' }, type: 'ExternalName' }), []],
  ['a label that every object has', pod({}), service('web', { selector: { constructor: 'Object' } }), []],
  [
    'its subdomain, which names it only by a host name',
    pod({ a: 'b' }, { subdomain: 'db' }),
    service('db', { selector: { a: 'b' } }),
    ['db.shop.svc'],
  ],
  [
    'its host name',
    pod({ a: 'b' }, { subdomain: 'db', hostname: 'h' }),
    service('db', { selector: { a: 'b' } }),
    ['db.shop.svc', 'h.db.shop.svc'],
  ],
  [
    'the subdomain of another Service',
    pod({ a: 'b' }, { subdomain: 'x' }),
    service('db', { selector: { a: 'b' } }),
    ['db.shop.svc'],
  ],
])('names by %s', (_name, given, selecting, expected) => {
  expect(names(given, [selecting], 'cluster.local')).toEqual(expected.toSorted());
});

test('each name stands with the domain of the cluster too', () => {
  const all = dnsNamesOf(pod({ a: 'b' }), [service('web', { selector: { a: 'b' } })], 'k8s.example');
  expect(all).toEqual(['web.shop.svc', 'web.shop.svc.k8s.example']);
});

test('no name is longer than DNS has room for', () => {
  const all = dnsNamesOf(pod({ a: 'b' }), [service('web', { selector: { a: 'b' } })], `${'k8s.'.repeat(60)}example`);
  expect(all).toEqual(['web.shop.svc']);
});

describe('a request speaks for its pod', () => {
  const asking = pod({}, { serviceAccountName: 'web', nodeName: 'n1' });
  const claim = { podName: 'web-0', podUID: 'web-0', serviceAccountName: 'web', nodeName: 'n1' };
  const denial = (changed: Partial<typeof claim>) =>
    claimDenial({ metadata: { namespace: 'shop' }, spec: { ...claim, ...changed } } as PodCertificateRequest, asking);
  test('that has the same service account and node', () => expect(denial({})).toBeUndefined());
  test.each([
    [{ serviceAccountName: 'admin' }, /serviceAccountName "admin", pod web-0 has "web"/],
    [{ nodeName: 'n2' }, /nodeName "n2", pod web-0 has "n1"/],
  ])('and not with %j', (changed, message) => {
    expect(denial(changed)).toMatchObject({ reason: 'ForeignIdentity', message: expect.stringMatching(message) });
  });
  test('and waits for a pod of the same name to go', () => {
    expect(() => denial({ podUID: 'earlier' })).toThrow(/it has uid web-0, the request was made for earlier/);
  });
});

test.each([[null], [{}], [{ metadata: { name: 'a' } }]])('refuses %j', (json) => {
  expect(() => readService(json)).toThrow(TypeError);
  expect(() => readPod(json)).toThrow(TypeError);
});
