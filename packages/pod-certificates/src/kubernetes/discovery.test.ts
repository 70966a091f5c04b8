import { expect, test } from 'vitest';
import { ApiError } from '../api.js';
import { keyForm } from './discovery.js';

const SPEC = 'io.k8s.api.certificates.v1beta1.PodCertificateRequestSpec';
const schema = (...members: readonly string[]): unknown => ({
  components: {
    schemas: {
      'io.k8s.api.certificates.v1beta1.PodCertificateRequest': { properties: { spec: {} } },
      [SPEC]: { properties: Object.fromEntries(members.map((member) => [member, { type: 'string' }])) },
    },
  },
});

test.each<readonly [string, unknown, 'stub' | 'pair']>([
  ['1.36', schema('pkixPublicKey', 'proofOfPossession', 'stubPKCS10Request'), 'stub'],
  ['1.35', schema('pkixPublicKey', 'proofOfPossession'), 'pair'],
  ['a server without the kind in its schema', { components: { schemas: {} } }, 'stub'],
])('%s', async (_name, document, form) => {
  const request = async ({ path }: { readonly path: string }): Promise<unknown> => {
    expect(path).toBe('/openapi/v3/apis/certificates.k8s.io/v1beta1');
    return document;
  };
  expect(await keyForm({ request }, 'v1beta1')).toBe(form);
});

test('v1 has the stub alone, and is not asked', async () => {
  const request = (): Promise<unknown> => expect.fail();
  expect(await keyForm({ request }, 'v1')).toBe('stub');
});

test('a server that publishes no schema is taken for one with the stub; trouble is passed on', async () => {
  const failing = (reason: 'NotFound' | 'ServiceUnavailable') => async (): Promise<unknown> => {
    throw new ApiError(reason, reason);
  };
  expect(await keyForm({ request: failing('NotFound') }, 'v1beta1')).toBe('stub');
  await expect(keyForm({ request: failing('ServiceUnavailable') }, 'v1beta1')).rejects.toThrow('ServiceUnavailable');
});
