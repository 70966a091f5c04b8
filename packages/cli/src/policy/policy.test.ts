import { describe, expect, test } from 'vitest';
import { readPolicy } from './policy.js';

const text = `signers:
- name: mayfly.dev/workload
  maxExpirationSeconds: 86400
  keyTypes: [ECDSAP256, ED25519]
  allow:
  - namespace: shop
    serviceAccount: web
    pod: web-*
    commonName: [web.shop.svc]
    organization: [shop]
    dnsNames: ["*.shop.svc"]
    wildcards: true
    uris: ["spiffe://example.org/shop/*"]
    ipAddresses: [127.0.0.1, "10.0.0.0/8"]
    usage: [client]
- name: example.com/other
`;
const read = (policy: string) => readPolicy({ path: 'policy.yaml', text: policy });

test('everything is read, and what is left out has its default', () => {
  expect(read(text)).toEqual({
    ok: true,
    policy: {
      signers: [
        {
          name: 'mayfly.dev/workload',
          maxExpirationSeconds: 86400,
          keyTypes: ['ECDSAP256', 'ED25519'],
          allow: [
            {
              path: 'signers[0].allow[0]',
              place: { file: 'policy.yaml', line: 6, column: 5 },
              namespace: 'shop',
              serviceAccount: 'web',
              pod: 'web-*',
              commonName: ['web.shop.svc'],
              organization: ['shop'],
              dnsNames: ['*.shop.svc'],
              wildcards: true,
              uris: ['spiffe://example.org/shop/*'],
              ipAddresses: ['127.0.0.1', '10.0.0.0/8'],
              usage: ['client'],
            },
          ],
        },
        {
          name: 'example.com/other',
          maxExpirationSeconds: undefined,
          keyTypes: ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'],
          allow: [],
        },
      ],
    },
  });
  expect(read('signers: [{name: a.b/c, allow: [{}]}]')).toMatchObject({
    policy: {
      signers: [
        {
          allow: [
            { namespace: '*', serviceAccount: '*', pod: '*', dnsNames: [], wildcards: false, usage: { length: 3 } },
          ],
        },
      ],
    },
  });
});

describe('faults', () => {
  test.each<[string, string, string, [string, number, number, string]]>([
    ['misspelt field', 'dnsNames', 'dnsName', ['ERR_CLI_UNKNOWN_FIELD', 11, 5, 'signers[0].allow[0].dnsName']],
    ['unknown top field', '- name: example.com/other\n', 'rules: []\n', ['ERR_CLI_UNKNOWN_FIELD', 16, 1, 'rules']],
    ['signer', 'mayfly.dev/workload', 'mayfly', ['ERR_CLI_VALUE', 2, 9, 'signers[0].name']],
    ['signer twice', 'example.com/other', 'mayfly.dev/workload', ['ERR_CLI_DUPLICATE', 16, 9, 'signers[1].name']],
    ['no name', 'name: example.com/other', 'allow: []', ['ERR_CLI_MISSING_FIELD', 16, 3, 'signers[1].name']],
    ['lifetime', '86400', '60', ['ERR_CLI_LIFETIME', 3, 25, 'signers[0].maxExpirationSeconds']],
    ['key type', 'ED25519', 'RSA2048', ['ERR_CLI_VALUE', 4, 25, 'signers[0].keyTypes[1]']],
    [
      'DNS name with a trailing dot',
      '*.shop.svc',
      'shop.svc.',
      ['ERR_CLI_VALUE', 11, 16, 'signers[0].allow[0].dnsNames[0]'],
    ],
    [
      'DNS name with an empty label',
      '*.shop.svc',
      'a..b',
      ['ERR_CLI_VALUE', 11, 16, 'signers[0].allow[0].dnsNames[0]'],
    ],
    ['network', '10.0.0.0/8', '10.0.0.0/33', ['ERR_CLI_VALUE', 14, 30, 'signers[0].allow[0].ipAddresses[1]']],
    ['address', '127.0.0.1', 'localhost', ['ERR_CLI_VALUE', 14, 19, 'signers[0].allow[0].ipAddresses[0]']],
    ['usage', '[client]', '[clients]', ['ERR_CLI_VALUE', 15, 13, 'signers[0].allow[0].usage[0]']],
    ['list as text', '["*.shop.svc"]', '"*.shop.svc"', ['ERR_CLI_TYPE', 11, 15, 'signers[0].allow[0].dnsNames']],
    [
      'wildcards as text',
      'wildcards: true',
      'wildcards: yes',
      ['ERR_CLI_TYPE', 12, 16, 'signers[0].allow[0].wildcards'],
    ],
    ['prototype', 'namespace: shop', '__proto__: {}', ['ERR_CLI_UNKNOWN_FIELD', 6, 5, 'signers[0].allow[0].__proto__']],
    ['empty namespace', 'namespace: shop', 'namespace:', ['ERR_CLI_VALUE', 6, 15, 'signers[0].allow[0].namespace']],
    ['empty text', 'namespace: shop', 'namespace: ""', ['ERR_CLI_VALUE', 6, 16, 'signers[0].allow[0].namespace']],
    ['empty usage', 'usage: [client]', 'usage: ~', ['ERR_CLI_VALUE', 15, 12, 'signers[0].allow[0].usage']],
    ['empty lifetime', '86400', 'null', ['ERR_CLI_VALUE', 3, 25, 'signers[0].maxExpirationSeconds']],
    ['two documents', '- name: example.com/other', '---\nsigners: []', ['ERR_CLI_VALUE', 17, 1, '']],
  ])('%s', (_name, from, to, [code, line, column, path]) => {
    const result = read(text.replace(from, to));
    expect(result.ok ? [] : result.errors).toMatchObject([{ file: 'policy.yaml', code, line, column, path }]);
  });

  test.each(['', '{}', 'signers:', '# nothing\n'])('%j names no signers', (policy) => {
    expect(read(policy)).toMatchObject({ ok: false, errors: [{ code: 'ERR_CLI_MISSING_FIELD', path: 'signers' }] });
  });

  test('a lower floor is a floor', () => {
    const file = { path: 'policy.yaml', text: text.replace('86400', '60') };
    expect(readPolicy(file, { minExpirationSeconds: 60 }).ok).toBe(true);
    expect(readPolicy(file, { minExpirationSeconds: 61 }).ok).toBe(false);
  });
});
