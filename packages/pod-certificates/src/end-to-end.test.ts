import { verifyWithNode } from '@mayfly/keys/node';
import { parseCertificate } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import { requestCertificate } from './requester.js';
import { runSigner, type SignerEvent } from './signer.js';
import { testIntermediate, testProfile, testRoot } from './testing/authority.js';
import { NOW, seededBytes, seededRandom, testCluster, testIdentity, testKey, testSigner } from './testing/cluster.js';

const PODS = 1000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An API that fails every so often, before the write or after it, or says that somebody else was faster. */
function unreliable(api: PodCertificateApi, random: () => number): PodCertificateApi {
  return {
    ...api,
    async updateStatus(version, status) {
      const luck = random();
      if (luck < 0.1) throw new ApiError('ServiceUnavailable', 'away');
      if (luck < 0.2) return { ok: false, reason: 'Conflict', message: 'modified' };
      const update = await api.updateStatus(version, status);
      if (luck < 0.3) throw new Error('ECONNRESET');
      return update;
    },
    async createRequest(request) {
      const luck = random();
      if (luck < 0.1) throw new ApiError('TooManyRequests', 'slow down', { retryAfter: 2 });
      return await api.createRequest(request);
    },
  };
}

test('a thousand pods get their certificates through a bad API, while the signer is restarted and requests are cleaned up', async () => {
  const { clock, api } = await testCluster();
  const flaky = unreliable(api, seededRandom(23));
  const root = testRoot(NOW);
  const intermediate = testIntermediate(NOW, root);
  const events: SignerEvent[] = [];
  const compiled = () => testProfile(intermediate, {}, [intermediate.certificate]);
  const randomBytes = seededBytes(37);
  const decidedTwice: string[] = [];
  const signing = (controller: AbortController) => {
    const decided = new Set<string>();
    const policy = testSigner({ clock, api }, root, controller.signal);
    const toRequest: typeof policy.toRequest = (request) => {
      if (decided.has(request.metadata.uid)) decidedTwice.push(request.metadata.name);
      decided.add(request.metadata.uid);
      return policy.toRequest(request);
    };
    return runSigner(
      testSigner({ clock, api: flaky }, root, controller.signal, {
        compiled,
        randomBytes,
        toRequest,
        onEvent: (event) => events.push(event),
      }),
    );
  };
  const over = new AbortController();
  const cleaner = api.runCleaner(clock, over.signal);

  const random = seededRandom(29);
  const outcomes = Array.from({ length: PODS }, (_, index) =>
    requestCertificate({
      api: flaky,
      clock,
      identity: testIdentity(index),
      generateKey: testKey,
      anchors: () => [root.certificate],
      verify: verifyWithNode,
      randomBytes: seededBytes(31 + index),
      random,
      signal: AbortSignal.any([over.signal]),
    }),
  );
  // Nobody signs for twenty minutes: the first requests are cleaned up and made anew. Then signers that die early.
  await clock.advance(1200);
  for (let restart = 0; restart < 5; restart++) {
    const controller = new AbortController();
    const running = signing(controller);
    for (let i = 0; i < 3 + restart; i++) await turn();
    controller.abort();
    await running;
    await clock.advance(7);
  }
  const last = new AbortController();
  const running = signing(last);
  await clock.advance(1800);
  const results = await Promise.all(outcomes);
  last.abort();
  over.abort();
  await Promise.all([running, cleaner]);

  const serials = new Set<bigint>();
  for (const result of results) {
    if (result.outcome !== 'issued') throw new Error(`${result.reason}: ${result.message}`);
    serials.add(parseCertificate(result.bundle.chain[0]!).serialNumber);
  }
  expect(serials.size).toBe(PODS);
  // Within one life of a signer no request is decided, and so none signed, twice.
  expect(decidedTwice).toEqual([]);
  expect(events.some(({ type }) => type === 'retry')).toBe(true);
  expect(events.filter(({ type }) => type === 'denied' || type === 'failed')).toEqual([]);
  // An event is missed only where the signer died before it learnt that its write, one in ten, had arrived after all.
  expect(events.filter(({ type }) => type === 'issued').length).toBeGreaterThanOrEqual(PODS * 0.85);
}, 60_000);
