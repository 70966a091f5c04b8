import { fromPkcs8, generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { parseCertificate } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { provePossession } from './node.js';
import { type InFlightRequest, type RequesterEvent, requestCertificate } from './requester.js';
import { runSigner } from './signer.js';
import { testRoot } from './testing/authority.js';
import { NOW, seededBytes, seededRandom, testCluster, testIdentity, testKey, testSigner } from './testing/cluster.js';

const root = testRoot(NOW);

/** What a requester needs that asks as kubelets of 1.35 do. */
const pairOptions = (cluster: Awaited<ReturnType<typeof testCluster>>, signal: AbortSignal) => ({
  ...cluster,
  signal,
  provePossession,
  identity: testIdentity(),
  generateKey: testKey,
  anchors: () => [root.certificate],
  verify: verifyWithNode,
  randomBytes: seededBytes(3),
  random: seededRandom(5),
});

test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-3072', 'RSA-4096'] as const)(
  '%s with a proof is taken by the rules of 1.35, and signed',
  async (algorithm) => {
    const cluster = await testCluster();
    const controller = new AbortController();
    const signing = runSigner(testSigner(cluster, root, controller.signal));
    const key = generateKeySync(algorithm);
    const outcome = await requestCertificate({
      ...pairOptions(cluster, controller.signal),
      generateKey: async () => ({ key, privateKeyInfo: key.exportPkcs8() }),
    });
    controller.abort();
    await signing;
    if (outcome.outcome !== 'issued') throw new Error(`${outcome.reason}: ${outcome.message}`);
    expect(parseCertificate(outcome.bundle.chain[0]!).subjectPublicKeyInfo).toEqual(key.subjectPublicKeyInfo);
    const [{ spec } = expect.fail()] = (await cluster.api.listRequests()).items;
    expect(spec.stubPKCS10Request).toHaveLength(0);
    expect(spec.pkixPublicKey).toEqual(key.subjectPublicKeyInfo);
  },
);

test('a request with a proof that was left behind is adopted by its key', async () => {
  const cluster = await testCluster();
  let kept: InFlightRequest | undefined;
  const inFlight = {
    load: async () => kept,
    async save(request: InFlightRequest) {
      kept = request;
    },
    async clear() {
      kept = undefined;
    },
  };
  const crashed = new AbortController();
  const abandoned = requestCertificate({ ...pairOptions(cluster, crashed.signal), inFlight });
  await cluster.clock.advance(0);
  crashed.abort(new Error('crashed'));
  await expect(abandoned).rejects.toThrow('crashed');
  const left = kept!;

  const controller = new AbortController();
  const signing = runSigner(testSigner(cluster, root, controller.signal));
  const events: RequesterEvent[] = [];
  const onEvent = (event: RequesterEvent) => events.push(event);
  const outcome = await requestCertificate({ ...pairOptions(cluster, controller.signal), inFlight, onEvent });
  controller.abort();
  await signing;
  expect(events.map(({ type }) => type)).toEqual(['adopted']);
  if (outcome.outcome !== 'issued') throw new Error(outcome.message);
  expect(fromPkcs8(outcome.bundle.privateKeyInfo).subjectPublicKeyInfo).toEqual(
    fromPkcs8(left.privateKeyInfo).subjectPublicKeyInfo,
  );
});
