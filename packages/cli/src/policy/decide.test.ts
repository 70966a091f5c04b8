import { describe, expect, test } from 'vitest';
import type { RequestedIdentity } from '../manifests/annotations.js';
import { decidePolicy, grantedExpirationSeconds, type PolicyRequest } from './decide.js';
import { type Policy, readPolicy } from './policy.js';

function policyOf(text: string): Policy {
  const result = readPolicy({ path: 'policy.yaml', text });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.policy;
}
const policy = policyOf(`signers:
- name: mayfly.dev/workload
  maxExpirationSeconds: 7200
  keyTypes: [ECDSAP256]
  allow:
  - namespace: shop
    serviceAccount: web
    pod: web-*
    commonName: [web]
    dnsNames: ["*.shop.svc"]
    uris: ["spiffe://example.org/shop/*"]
    ipAddresses: [127.0.0.1, "10.0.0.0/8", "fd00::/8"]
    usage: [client]
  - namespace: shop
    organization: [Shop]
    dnsNames: ["*.shop.example"]
    wildcards: true
    usage: [server]
  - namespace: other
    usage: [client]
`);

const nothing: RequestedIdentity = {
  commonName: undefined,
  organization: [],
  dnsNames: [],
  uris: [],
  ipAddresses: [],
  usage: undefined,
};
const request = (requested: Partial<RequestedIdentity> = {}, rest: Partial<PolicyRequest> = {}): PolicyRequest => ({
  signerName: 'mayfly.dev/workload',
  namespace: 'shop',
  podName: 'web-0',
  serviceAccountName: 'web',
  keyType: 'ECDSAP256',
  requested: { ...nothing, ...requested },
  ...rest,
});

describe('granted', () => {
  test.each<[string, Partial<RequestedIdentity>]>([
    ['nothing asked for', {}],
    ['DNS name', { dnsNames: ['a.shop.svc'] }],
    ['DNS name in capitals', { dnsNames: ['A.Shop.SVC'] }],
    ['names of two rules', { commonName: 'web', organization: ['Shop'], dnsNames: ['a.shop.svc', 'a.shop.example'] }],
    ['wildcard where wildcards are granted', { dnsNames: ['*.shop.example'] }],
    ['URI', { uris: ['spiffe://example.org/shop/web'] }],
    ['addresses', { ipAddresses: ['127.0.0.1', '10.255.255.255', 'fd00::1', 'FD12:0::1'] }],
    ['peer of a client and a server rule', { usage: 'peer' }],
  ])('%s', (_name, requested) => {
    expect(decidePolicy(policy, request(requested))).toBeUndefined();
  });
});

describe('denied', () => {
  test.each<[string, PolicyRequest, string, readonly string[]]>([
    ['signer', request({}, { signerName: 'a.b/c' }), 'SignerNotAllowed', ['a.b/c']],
    ['signer of the prototype', request({}, { signerName: '__proto__' }), 'SignerNotAllowed', ['__proto__']],
    ['key type', request({}, { keyType: 'RSA4096' }), 'UnsupportedKeyType', ['RSA4096', 'ECDSAP256']],
    ['pod', request({}, { namespace: 'prod' }), 'PodNotAllowed', ['prod/web-0']],
    [
      'common name',
      request({ commonName: 'Web' }),
      'SubjectNotAllowed',
      ['commonName "Web"', 'signers[0].allow[0] (policy.yaml:6)'],
    ],
    ['organization', request({ organization: ['Shop', 'system:masters'] }), 'SubjectNotAllowed', ['system:masters']],
    [
      'DNS name',
      request({ dnsNames: ['a.shop.svc', 'admin.bank.svc'] }),
      'NameNotAllowed',
      ['dNSName "admin.bank.svc"', 'signers[0].allow[0] (policy.yaml:6)', 'signers[0].allow[1] (policy.yaml:14)'],
    ],
    ['DNS name a label deeper', request({ dnsNames: ['a.b.shop.svc'] }), 'NameNotAllowed', ['a.b.shop.svc']],
    ['DNS name a label higher', request({ dnsNames: ['shop.svc'] }), 'NameNotAllowed', ['shop.svc']],
    ['DNS name with a trailing dot', request({ dnsNames: ['a.shop.svc.'] }), 'NameNotAllowed', ['a.shop.svc.']],
    ['DNS name with an empty label', request({ dnsNames: ['.shop.svc'] }), 'NameNotAllowed', ['.shop.svc']],
    ['wildcard', request({ dnsNames: ['*.shop.svc'] }), 'NameNotAllowed', ['*.shop.svc']],
    ['wildcard at another place', request({ dnsNames: ['*.*.example'] }), 'NameNotAllowed', ['*.*.example']],
    ['URI a segment deeper', request({ uris: ['spiffe://example.org/shop/web/admin'] }), 'NameNotAllowed', ['URI']],
    ['URI with an empty segment', request({ uris: ['spiffe://example.org/shop/'] }), 'NameNotAllowed', ['URI']],
    ['URI in another case', request({ uris: ['spiffe://example.org/Shop/web'] }), 'NameNotAllowed', ['URI']],
    ['address', request({ ipAddresses: ['11.0.0.1'] }), 'NameNotAllowed', ['iPAddress "11.0.0.1"']],
    ['IPv4 inside IPv6', request({ ipAddresses: ['::ffff:10.0.0.1'] }), 'NameNotAllowed', ['iPAddress']],
    [
      'no usage, which is peer',
      request({}, { namespace: 'other' }),
      'UsageNotAllowed',
      ['usage "server"', 'signers[0].allow[2]'],
    ],
    [
      'a rule of another service account',
      request({ usage: 'client' }, { serviceAccountName: 'db' }),
      'UsageNotAllowed',
      [],
    ],
  ])('%s', (_name, asked, reason, parts) => {
    const denial = decidePolicy(policy, asked);
    expect(denial?.reason).toBe(reason);
    expect(denial?.reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
    for (const part of parts) expect(denial?.message).toContain(part);
  });

  test('everything, by an empty policy', () => {
    expect(decidePolicy(policyOf('signers: []'), request())).toMatchObject({ reason: 'SignerNotAllowed' });
    expect(decidePolicy(policyOf('signers: [{name: mayfly.dev/workload}]'), request())).toMatchObject({
      reason: 'PodNotAllowed',
    });
  });

  test('in a message of bounded length', () => {
    const rules = Array.from({ length: 1000 }, () => '  - {}\n').join('');
    const many = policyOf(`signers:\n- name: mayfly.dev/workload\n  allow:\n${rules}`);
    const denial = decidePolicy(many, request({ commonName: 'x'.repeat(10_000) }));
    expect(denial?.message).toContain('and 995 more');
    expect(denial?.message.length).toBeLessThan(500);
  });
});

test("a lifetime is cut to the policy's, never lengthened", () => {
  expect(grantedExpirationSeconds(policy, 'mayfly.dev/workload', 86400)).toBe(7200);
  expect(grantedExpirationSeconds(policy, 'mayfly.dev/workload', 3600)).toBe(3600);
  expect(grantedExpirationSeconds(policyOf('signers: [{name: a.b/c}]'), 'a.b/c', 86400)).toBe(86400);
});
