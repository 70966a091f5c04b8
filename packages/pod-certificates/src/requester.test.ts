import { toHex } from '@mayfly/der';
import { fromPkcs8, generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { createCertificationRequestSync, parseCertificationRequest } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import type { EmbeddedApi } from './embedded.js';
import { podCertificateRequestToJson, readPodCertificateRequest } from './read.js';
import {
  type InFlightRequest,
  type InFlightStore,
  type RequesterEvent,
  type RequesterOptions,
  type RequestOutcome,
  requestCertificate,
} from './requester.js';
import { runSigner } from './signer.js';
import { deniedStatus, failedStatus, issuedStatus } from './status.js';
import { testIntermediate, testLeaf, testProfile, testRoot } from './testing/authority.js';
import { NOW, seededBytes, seededRandom, testCluster, testIdentity, testKey, testSigner } from './testing/cluster.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
const intermediate = testIntermediate(NOW, root);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const turns = async (count = 6) => {
  for (let i = 0; i < count; i++) await turn();
};

let api: EmbeddedApi;
let clock: Awaited<ReturnType<typeof testCluster>>['clock'];
let events: RequesterEvent[];
beforeEach(async () => {
  ({ api, clock } = await testCluster());
  events = [];
});

const options = (changes: Partial<RequesterOptions> = {}): RequesterOptions => ({
  api,
  clock,
  identity: testIdentity(),
  generateKey: testKey,
  anchors: () => [root.certificate],
  verify: verifyWithNode,
  randomBytes: seededBytes(3),
  random: seededRandom(5),
  signal: new AbortController().signal,
  onEvent: (event) => events.push(event),
  ...changes,
});

/** Asks for a certificate while a signer of the intermediate answers. */
async function withSigner<T>(work: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const compiled = () => testProfile(intermediate, {}, [intermediate.certificate]);
  const running = runSigner(testSigner({ clock, api }, root, controller.signal, { compiled }));
  try {
    return await work();
  } finally {
    controller.abort();
    await running;
  }
}

/** Asks for a certificate and gives the pending request to `answer`. */
async function answered(
  answer: (request: PodCertificateRequest) => Promise<unknown>,
  changes: Partial<RequesterOptions> = {},
): Promise<RequestOutcome> {
  const outcome = requestCertificate(options(changes));
  await turns();
  const [request] = (await api.listRequests()).items;
  await answer(request!);
  return await outcome;
}

function memory(initial?: InFlightRequest): InFlightStore & { current: InFlightRequest | undefined } {
  const store = {
    current: initial,
    load: async () => store.current,
    async save(request: InFlightRequest) {
      store.current = request;
    },
    async clear() {
      store.current = undefined;
    },
  };
  return store;
}
function issued(outcome: RequestOutcome) {
  if (outcome.outcome !== 'issued') throw new Error(`${outcome.reason}: ${outcome.message}`);
  return outcome;
}

describe('a request', () => {
  test('brings a verified chain for a key of its own', async () => {
    const outcome = issued(await withSigner(() => requestCertificate(options())));
    const [leaf, issuer] = outcome.bundle.chain.map(parseCertificate);
    expect(issuer!.der).toEqual(intermediate.certificate.der);
    expect(outcome).toMatchObject({ notBefore: NOW - 60, notAfter: NOW + 3540 });
    expect(outcome.bundle.refreshAt).toBe(outcome.beginRefreshAt);
    expect(leaf!.subjectPublicKeyInfo).toEqual(fromPkcs8(outcome.bundle.privateKeyInfo).subjectPublicKeyInfo);
  });
  test.each([
    ['P-256', 'ecdsa-with-SHA256', '1.2.840.10045.4.3.2'],
    ['P-384', 'ecdsa-with-SHA384', '1.2.840.10045.4.3.3'],
    ['P-521', 'ecdsa-with-SHA512', '1.2.840.10045.4.3.4'],
    ['Ed25519', 'Ed25519', '1.3.101.112'],
    ['RSA-3072', 'PKCS#1 v1.5 with SHA-256', '1.2.840.113549.1.1.11'],
  ] as const)('with %s carries an empty stub signed by %s', async (algorithm, _name, signatureAlgorithm) => {
    const key = generateKeySync(algorithm);
    const controller = new AbortController();
    const generateKey = async () => ({ key, privateKeyInfo: key.exportPkcs8() });
    const asked = requestCertificate(options({ generateKey, signal: controller.signal }));
    await turns();
    const [{ spec, metadata } = expect.fail()] = (await api.listRequests()).items;
    const stub = parseCertificationRequest(spec.stubPKCS10Request);
    // Version 0, subject 30 00, the key, attributes A0 00.
    const info = toHex(stub.certificationRequestInfo);
    expect(info.replace(/^30(82....|81..|..)/, '')).toBe(`0201003000${toHex(key.subjectPublicKeyInfo)}a000`);
    expect(stub.signatureAlgorithm.algorithm).toBe(signatureAlgorithm);
    expect(metadata).toMatchObject({ generateName: 'req-', name: expect.stringMatching(/^req-.{5}$/) });
    controller.abort();
    await expect(asked).rejects.toThrow();
  });
  test.each([
    [
      'denied',
      deniedStatus({ reason: 'UnsupportedKeyType', message: 'use ED25519' }, NOW),
      'UnsupportedKeyType',
      'use ED25519',
    ],
    ['failed', failedStatus('Broken', 'for good', NOW), 'Broken', 'for good'],
  ] as const)('that is %s says why', async (outcome, status, reason, message) => {
    const inFlight = memory();
    const result = await answered((request) => api.updateStatus(request, status), { inFlight });
    expect(result).toEqual({ outcome, reason, message });
    expect(inFlight.current).toBeUndefined();
  });

  const sign =
    (authority = root, notBefore = NOW, key?: Uint8Array) =>
    (request: PodCertificateRequest) => {
      const own = parseCertificationRequest(request.spec.stubPKCS10Request).subjectPublicKeyInfo;
      const notAfter = notBefore + 3600;
      const certificate = testLeaf(authority, key ?? own, notBefore, notAfter);
      return issuedStatus({ certificate, chain: [], notBefore, notAfter }, notBefore + 1800, NOW);
    };
  test('rejects what cannot even be verified, and does not come back to it', async () => {
    const inFlight = memory();
    const verify = () => {
      throw new Error('no such algorithm');
    };
    const outcome = await withSigner(() => requestCertificate(options({ inFlight, verify })));
    expect(outcome).toMatchObject({ outcome: 'rejected', reason: 'SignatureInvalid' });
    expect(inFlight.current).toBeUndefined();
  });
  test.each<[string, (request: PodCertificateRequest) => object, string]>([
    ['an issuer that is not trusted', sign(testRoot(NOW, 'Stranger')), 'IssuerNotFound'],
    ['an issuer that only has the name of a trusted one', sign(testRoot(NOW)), 'SignatureInvalid'],
    ['another key', sign(root, NOW, generateKeySync('P-256').subjectPublicKeyInfo), 'KeyMismatch'],
    [
      'times that are not the certificate’s',
      (request) => ({ ...sign()(request), notAfter: '2026-09-01T11:00:01Z' }),
      'TimeMismatch',
    ],
    ['no time to refresh at', (request) => ({ ...sign()(request), beginRefreshAt: undefined }), 'TimeMismatch'],
    ['a beginning that is far off', sign(root, NOW + 301), 'NotYetValid'],
    ['an end that has passed', sign(root, NOW - 3700), 'Expired'],
    ['no chain', () => ({ ...sign(), certificateChain: '' }), 'MalformedChain'],
    [
      'a chain that is broken',
      (request) => ({ ...sign()(request), certificateChain: '-----BEGIN CERTIFICATE-----' }),
      'MalformedChain',
    ],
  ])('rejects %s', async (_name, status, reason) => {
    // A server that lets everything pass: the requester does not rely on it.
    let push: (request: PodCertificateRequest) => void = () => {};
    async function* watchRequests() {
      const object = await new Promise<PodCertificateRequest>((resolve) => {
        push = resolve;
      });
      yield { type: 'added', object } as const;
    }
    const inFlight = memory();
    const result = await answered(
      async (request) => {
        const json = podCertificateRequestToJson(request, 'v1');
        const chainless = status(request);
        const conditions = deniedStatus({ reason: 'x', message: '' }, NOW).conditions.map((c) => ({
          ...c,
          type: 'Issued',
        }));
        push(readPodCertificateRequest({ ...json, status: { ...chainless, conditions } }));
      },
      { api: { ...api, watchRequests } as PodCertificateApi, inFlight },
    );
    expect(result).toMatchObject({ outcome: 'rejected', reason });
    expect(inFlight.current).toBeUndefined();
  });

  test('that is deleted unanswered is made anew, with a new key, ten to fifteen minutes after its creation', async () => {
    const outcome = requestCertificate(options());
    await turns();
    const [first] = (await api.listRequests()).items;
    await clock.advance(100);
    await api.deleteRequest('shop', first!.metadata.name);
    await turns();
    const lost = events.find((event) => event.type === 'lost')!;
    expect(lost.at).toBeGreaterThanOrEqual(NOW + 600);
    expect(lost.at).toBeLessThan(NOW + 900);
    await clock.advance(lost.at - clock.now() - 1);
    expect((await api.listRequests()).items).toEqual([]);
    await clock.advance(1);
    await turns();
    const [second] = (await api.listRequests()).items;
    expect(second!.spec.stubPKCS10Request).not.toEqual(first!.spec.stubPKCS10Request);
    await withSigner(turns);
    expect(issued(await outcome).notAfter).toBe(clock.now() + 3540);
  });
  test('that nobody answers is made anew after the clean-up', async () => {
    const controller = new AbortController();
    const cleaner = api.runCleaner(clock, controller.signal);
    const outcome = requestCertificate(options());
    await clock.advance(1201);
    await turns();
    expect(events.map(({ type }) => type)).toEqual(['created', 'lost', 'created']);
    await withSigner(turns);
    expect((await outcome).outcome).toBe('issued');
    controller.abort();
    await cleaner;
  });
  test('waits for an API that is away', async () => {
    let away = 3;
    const createRequest: PodCertificateApi['createRequest'] = async (request) => {
      if (away-- > 0) throw new ApiError('InternalError', 'pod UID mismatch');
      return await api.createRequest(request);
    };
    const outcome = requestCertificate(options({ api: { ...api, createRequest } }));
    await withSigner(() => clock.advance(60));
    expect((await outcome).outcome).toBe('issued');
    expect(events.map(({ type }) => type)).toEqual(['retry', 'retry', 'retry', 'created']);
  });
  test('goes on when the watch breaks', async () => {
    let broken = 2;
    const watchRequests: PodCertificateApi['watchRequests'] = (selector, watch) => {
      if (broken-- > 0) throw new Error('ECONNRESET');
      return api.watchRequests(selector, watch);
    };
    const outcome = requestCertificate(options({ api: { ...api, watchRequests } }));
    await withSigner(() => clock.advance(60));
    expect((await outcome).outcome).toBe('issued');
  });
  test.each(['Invalid', 'Forbidden'] as const)('that is refused as %s throws', async (reason) => {
    const createRequest = () => Promise.reject(new ApiError(reason, 'no'));
    await expect(requestCertificate(options({ api: { ...api, createRequest } }))).rejects.toMatchObject({ reason });
    expect(events).toEqual([]);
  });
});

describe('a request in flight', () => {
  /** What a process leaves that is stopped once its request is there. */
  async function abandoned(): Promise<ReturnType<typeof memory>> {
    const inFlight = memory();
    const controller = new AbortController();
    const asked = requestCertificate(options({ inFlight, signal: controller.signal }));
    await turns();
    controller.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    events = [];
    return inFlight;
  }
  const requestsMade = async () => (await api.listRequests()).items.length;

  test('is saved before it is created, and again when the server has it', async () => {
    const inFlight = memory();
    const saved: (string | undefined)[] = [];
    const save = async (request: InFlightRequest) => {
      saved.push(request.uid);
      expect(await requestsMade()).toBe(saved.length - 1);
      await inFlight.save(request);
    };
    const outcome = requestCertificate(options({ inFlight: { ...inFlight, save } }));
    await withSigner(turns);
    await outcome;
    expect(saved).toEqual([undefined, expect.any(String)]);
  });
  test('is kept when the process is stopped, and adopted by the next', async () => {
    const inFlight = await abandoned();
    const kept = inFlight.current!;
    expect(kept.uid).toBe((await api.getRequest('shop', kept.name)).metadata.uid);
    const outcome = issued(await withSigner(() => requestCertificate(options({ inFlight }))));
    expect(events.map(({ type }) => type)).toEqual(['adopted']);
    expect(outcome.bundle.privateKeyInfo).toEqual(kept.privateKeyInfo);
    expect(await requestsMade()).toBe(1);
  });
  test('is forgotten when the caller has the certificate safe, and not before', async () => {
    const inFlight = await abandoned();
    const first = issued(await withSigner(() => requestCertificate(options({ inFlight }))));
    expect(inFlight.current).toBeDefined();
    const second = issued(await requestCertificate(options({ inFlight })));
    expect(second.bundle).toEqual(first.bundle);
    await second.settle();
    expect(inFlight.current).toBeUndefined();
  });
  test('is created after all when it never arrived', async () => {
    const { current } = await abandoned();
    const { uid: _, ...unacknowledged } = current!;
    await api.deleteRequest('shop', unacknowledged.name);
    const inFlight = memory(unacknowledged);
    const outcome = issued(await withSigner(() => requestCertificate(options({ inFlight }))));
    expect(outcome.bundle.privateKeyInfo).toEqual(unacknowledged.privateKeyInfo);
    expect(events.map(({ type }) => type)).toEqual(['created']);
  });
  test('is found when only the answer to its creation was lost', async () => {
    let deaf = true;
    const createRequest: PodCertificateApi['createRequest'] = async (request) => {
      const created = await api.createRequest(request);
      if (deaf) {
        deaf = false;
        throw new Error('ECONNRESET');
      }
      return created;
    };
    const outcome = requestCertificate(options({ inFlight: memory(), api: { ...api, createRequest } }));
    await withSigner(() => clock.advance(10));
    expect((await outcome).outcome).toBe('issued');
    expect(events.map(({ type }) => type)).toEqual(['retry', 'adopted']);
    expect(await requestsMade()).toBe(1);
  });
  test('that is gone unanswered is waited out, then made anew', async () => {
    const inFlight = await abandoned();
    const { name, privateKeyInfo } = inFlight.current!;
    await api.deleteRequest('shop', name);
    const outcome = requestCertificate(options({ inFlight }));
    await clock.advance(901);
    await withSigner(turns);
    expect(events.map(({ type }) => type)).toEqual(['lost', 'created']);
    expect(issued(await outcome).bundle.privateKeyInfo).not.toEqual(privateKeyInfo);
  });
  test.each<[string, (inFlight: InFlightRequest) => Promise<[InFlightRequest, Partial<RequesterOptions>]>]>([
    ['of another pod', async (kept) => [kept, { identity: { ...testIdentity(), podUID: 'another' } }]],
    ['of another signer', async (kept) => [kept, { identity: { ...testIdentity(), signerName: 'other.example/x' } }]],
    [
      'whose name is somebody else’s now',
      async (kept) => [
        { ...kept, stubPKCS10Request: createCertificationRequestSync({}, generateKeySync('P-256')) },
        {},
      ],
    ],
    [
      'that never arrived, ten minutes later',
      async ({ uid: _, ...kept }) => {
        await api.deleteRequest('shop', kept.name);
        await clock.advance(600);
        return [kept, {}];
      },
    ],
    [
      'whose certificate is due for refresh already',
      async (kept) => {
        await withSigner(turns);
        await clock.advance(1800);
        return [kept, {}];
      },
    ],
  ])('%s is not adopted', async (_name, prepare) => {
    const [left, changes] = await prepare((await abandoned()).current!);
    const inFlight = memory(left);
    const controller = new AbortController();
    const randomBytes = seededBytes(4);
    const asked = requestCertificate(options({ inFlight, randomBytes, signal: controller.signal, ...changes }));
    await turns();
    controller.abort();
    await expect(asked).rejects.toThrow();
    expect(events.map(({ type }) => type)).toEqual(['created']);
    expect(inFlight.current!.privateKeyInfo).not.toEqual(left.privateKeyInfo);
  });
});
