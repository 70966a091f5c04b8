import { generateKeySync } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import { type PodCertificateRequest, readPodCertificateRequest } from '@mayfly/pod-certificates';
import { formatGeneralName } from '@mayfly/x509/general-name';
import { expect, test } from 'vitest';
import { readPolicy } from '../policy/policy.js';
import { wantedInCluster } from './wanted.js';

const stub = Buffer.from(createCertificationRequestSync({}, generateKeySync('P-256'))).toString('base64');
const SIGNER = 'example.com/workload';
const request = (unverifiedUserAnnotations: object): PodCertificateRequest =>
  readPodCertificateRequest({
    metadata: {
      namespace: 'shop',
      name: 'r',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-09-01T10:00:00Z',
    },
    spec: {
      signerName: SIGNER,
      podName: 'web-0',
      podUID: 'p',
      serviceAccountName: 'web',
      serviceAccountUID: 's',
      nodeName: 'n',
      nodeUID: 'm',
      maxExpirationSeconds: 7200,
      stubPKCS10Request: stub,
      unverifiedUserAnnotations,
    },
  });
const ENTITLED = ['web.shop.svc', 'web.shop.svc.cluster.local'];
const SPIFFE = 'spiffe://example.org/ns/shop/sa/web';
const granting = (allow: string) => {
  const result = readPolicy({
    path: 'p',
    text: `signers: [{name: ${SIGNER}, maxExpirationSeconds: 3600, allow: [${allow}]}]`,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.policy;
};
const decide = (annotations: object, policy?: ReturnType<typeof granting>) => {
  const wanted = wantedInCluster(request(annotations), ENTITLED, { trustDomain: 'example.org', policy });
  return 'reason' in wanted ? wanted.reason : wanted.subjectAltName.map(formatGeneralName);
};
const dns = (...names: string[]) => ({ 'mayfly.dev/dns-names': JSON.stringify(names) });

test.each([
  ['nothing asked for', {}, [`URI:${SPIFFE}`, ...ENTITLED.map((name) => `DNS:${name}`)]],
  ['a choice among its names', dns('WEB.shop.svc'), [`URI:${SPIFFE}`, 'DNS:WEB.shop.svc']],
  [
    'its own name as commonName',
    { 'mayfly.dev/common-name': 'web.shop.svc', ...dns('web.shop.svc') },
    [`URI:${SPIFFE}`, 'DNS:web.shop.svc'],
  ],
  [
    'its own SPIFFE ID',
    { 'mayfly.dev/uris': JSON.stringify([SPIFFE]), ...dns('web.shop.svc') },
    [`URI:${SPIFFE}`, 'DNS:web.shop.svc'],
  ],
  ['the name of another', dns('web.shop.svc', 'api.shop.svc'), 'NameNotAllowed'],
  ['a wildcard over its name', dns('*.shop.svc'), 'NameNotAllowed'],
  ['the SPIFFE ID of another', { 'mayfly.dev/uris': '["spiffe://example.org/ns/shop/sa/api"]' }, 'NameNotAllowed'],
  ['an address', { 'mayfly.dev/ip-addresses': '["10.0.0.1"]' }, 'NameNotAllowed'],
  ['a commonName', { 'mayfly.dev/common-name': 'admin' }, 'SubjectNotAllowed'],
  ['a group', { 'mayfly.dev/organization': '["system:masters"]' }, 'SubjectNotAllowed'],
  ['an unknown annotation', { 'acme.io/x': 'y' }, 'InvalidUnverifiedUserAnnotations'],
  ['an annotation that makes no sense', { 'mayfly.dev/dns-names': 'x' }, 'InvalidUnverifiedUserAnnotations'],
])('without a policy: %s', (_name, annotations, expected) => {
  expect(decide(annotations)).toEqual(expected);
});

test('a policy grants more, and may grant less time', () => {
  const policy = granting('{namespace: shop, dnsNames: ["*.shop.example"]}');
  expect(decide(dns('web.shop.svc', 'a.shop.example'), policy)).toEqual([
    `URI:${SPIFFE}`,
    'DNS:web.shop.svc',
    'DNS:a.shop.example',
  ]);
  expect(decide(dns('a.bank.example'), policy)).toBe('NameNotAllowed');
  expect(decide({}, granting('{namespace: bank}'))).toBe('PodNotAllowed');
  expect(wantedInCluster(request({}), [], { trustDomain: 'example.org', policy })).toMatchObject({ lifetime: 3600 });
});
