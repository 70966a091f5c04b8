import { randomBytes } from 'node:crypto';
import type { ClusterTrustBundle } from '@mayfly/pod-certificates';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import { KubernetesError } from '@mayfly/pod-certificates/kubernetes';
import { simulatedClock } from '@mayfly/rotation/testing';
import { expect, test } from 'vitest';
import { type Keys, openKeys } from '../up/keys.js';
import { succeedingAuthorities } from './succeeding-authorities.js';
import { secretServer } from './testing/secret-server.js';
import { bundlePublisher, witnessOf } from './trust-bundle.js';

const SIGNER = 'example.com/workload';
const NAME = 'example.com:workload:mayfly';
const keys: Keys = await openKeys('node', () => {});

/** A cluster with a Secret and a trust bundle, in which signers begin. */
function world() {
  const clock = simulatedClock({ now: 1_788_256_800 });
  const server = secretServer();
  const bundles = new Map<string, ClusterTrustBundle>();
  let version = 0;
  const api = {
    async deleteTrustBundle(name: string) {
      bundles.delete(name);
    },
    async getTrustBundle(name: string) {
      const bundle = bundles.get(name);
      if (bundle === undefined) throw new ApiError('NotFound', 'no such bundle');
      return bundle;
    },
    async applyTrustBundle({ metadata, spec }: Parameters<PodCertificateApi['applyTrustBundle']>[0]) {
      const bundle = { metadata: { ...metadata, resourceVersion: String(++version) }, spec } as ClusterTrustBundle;
      bundles.set(metadata.name, bundle);
      return bundle;
    },
  };
  /** Begins as a process does, and acts once. */
  const start = async () => {
    const log = () => {};
    const authorities = await succeedingAuthorities({
      ...{ client: server, secret: { namespace: 'mayfly', name: 'ca' }, keys, signerName: SIGNER, clock, log },
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      ...{ lifetime: 30 * 86_400, backdate: 60, maxLifetime: 86_400, propagation: 3600, canary: 0 },
      witness: () => witnessOf(api, SIGNER, 'mayfly'),
    });
    const publisher = bundlePublisher(api, { signerName: SIGNER, bundle: 'mayfly', hasCanary: false, log }, clock);
    const act = () => authorities.act(publisher.publish, () => true);
    await act();
    return { authorities, act };
  };
  const generation = () => bundles.get(NAME)?.metadata.labels?.['mayfly.dev/generation'];
  const unlabel = () => {
    const { metadata, ...rest } = bundles.get(NAME)!;
    bundles.set(NAME, { ...rest, metadata: { ...metadata, labels: {} } });
  };
  return { clock, server, bundles, start, generation, unlabel };
}

test('a bundle says from which write of the Secret it was published, the last of them too', async () => {
  const { server, start, generation } = world();
  const { act } = await start();
  expect(generation()).toBe('2');
  server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
  await act();
  expect(generation()).toBe('3');
});

test.each([
  ['put back', (data: Record<string, string>) => data, 'it is at write 2'],
  ['emptied', () => ({}), 'it has no authorities'],
])('a signer that is started does not begin with a Secret that was %s', async (_name, changed, state) => {
  const { server, start, bundles, unlabel } = world();
  const { act } = await start();
  const before = server.secret().data;
  server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
  await act();
  const published = bundles.get(NAME)?.spec.trustBundle;
  server.change({ annotations: {} }, changed(before));
  const writes = server.writes();
  await expect(start()).rejects.toMatchObject({
    code: 'ERR_CLI_STATE',
    message: expect.stringMatching(
      new RegExp(`Cannot use Secret mayfly/ca: ${state}, and ClusterTrustBundle ${NAME} was published from write 3: `),
    ),
  });
  expect([server.writes(), bundles.get(NAME)?.spec.trustBundle]).toEqual([writes, published]);
  unlabel();
  const { authorities } = await start();
  expect(authorities.issuer().certificate.der.length).toBeGreaterThan(0);
});

test('a signer begins where there is no bundle yet, beside one of a build that noted nothing, and after each other', async () => {
  const { start, unlabel, clock, generation } = world();
  await start();
  unlabel();
  await start();
  await clock.advance(61);
  await start();
  expect(generation()).toBe('2');
});

test.each<[string, Error | string | undefined, unknown]>([
  ['nothing where there is no bundle', new ApiError('NotFound', 'none'), undefined],
  [
    'nothing where bundles are not served',
    new KubernetesError('ERR_KUBERNETES_UNSUPPORTED', '/', 'no bundles'),
    undefined,
  ],
  ['nothing of one without a label', undefined, undefined],
  ['nothing of a label that is no number', '-1', undefined],
  ['the number of a label', '17', { name: NAME, generation: 17 }],
])('a bundle tells %s', async (_name, found, expected) => {
  const labels = typeof found === 'string' ? { 'mayfly.dev/generation': found } : {};
  const api = {
    async getTrustBundle() {
      if (found instanceof Error) throw found;
      return { metadata: { labels } } as unknown as ClusterTrustBundle; // no more of it is read
    },
  };
  expect(await witnessOf(api, SIGNER, 'mayfly')).toEqual(expected);
});

test('a bundle that may not be read ends it', async () => {
  const getTrustBundle = async () => {
    throw new ApiError('Forbidden', 'cannot get');
  };
  await expect(witnessOf({ getTrustBundle }, SIGNER, 'mayfly')).rejects.toMatchObject({ reason: 'Forbidden' });
});
