import { setMaxListeners } from 'node:events';
import { encodePem } from '@mayfly/der/pem';
import { verifyWithNode } from '@mayfly/keys/node';
import type { SimulatedClock } from '@mayfly/rotation/testing';
import { parseCertificate } from '@mayfly/x509';
import { afterEach, describe, expect, test } from 'vitest';
import type { PodCertificateApi } from '../api.js';
import type { EmbeddedApi } from '../embedded.js';
import { requestCertificate } from '../requester.js';
import { runSigner, type SignerEvent } from '../signer.js';
import { testProfile, testRoot } from '../testing/authority.js';
import {
  NOW,
  seededBytes,
  seededRandom,
  testCluster,
  testIdentity,
  testKey,
  testRequest,
  testSigner,
} from '../testing/cluster.js';
import {
  type Fault,
  type HttpFace,
  type HttpFaceOptions,
  openHttpFace,
  type SeenRequest,
} from '../testing/http-face.js';
import { loopbackClient, until } from '../testing/loopback.js';
import type { ApiVersion } from '../types.js';
import type { KubernetesClient } from './client.js';
import { clusterApi } from './cluster-api.js';
import { chooseVersions, discoverVersions } from './discovery.js';

const root = testRoot(NOW);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Opened {
  readonly face: HttpFace;
  readonly client: KubernetesClient;
  readonly clock: SimulatedClock;
  /** The server itself, without HTTP. */
  readonly server: EmbeddedApi;
  readonly api: PodCertificateApi;
}

async function open(options: HttpFaceOptions = {}, role: 'signer' | 'requester' = 'signer'): Promise<Opened> {
  const { clock, api: server } = await testCluster();
  const face = await openHttpFace(server, options);
  const client = loopbackClient(face.url, { timeout: 2, silence: 2 });
  closing.push(
    () => face.close(),
    () => client.close(),
  );
  const versions = chooseVersions(await discoverVersions(client), role);
  const api = clusterApi({
    client,
    versions,
    clock,
    fieldManager: 'mayfly',
    instance: 'test',
    random: seededRandom(3),
  });
  return { face, client, clock, server, api };
}

test.each([
  [['v1'], 'v1', 'v1'],
  [['v1beta1'], 'v1beta1', 'v1beta1'],
  [['v1', 'v1beta1'], 'v1beta1', 'v1'],
] as [ApiVersion[], string, string][])(
  'of %j a signer speaks %s, a requester %s',
  async (versions, signer, requester) => {
    const { client } = await open({ versions });
    const served = await discoverVersions(client);
    expect(chooseVersions(served, 'signer').podCertificateRequests).toBe(signer);
    expect(chooseVersions(served, 'requester').podCertificateRequests).toBe(requester);
    expect(chooseVersions(served, 'signer').clusterTrustBundles).toBe(versions[0]);
  },
);

test('a server without the API is told with what switches it on', async () => {
  await expect(open({ versions: [] })).rejects.toMatchObject({
    code: 'ERR_KUBERNETES_UNSUPPORTED',
    message: expect.stringContaining('PodCertificateRequest=true'),
  });
});

describe.each(['v1', 'v1beta1'] as const)('in %s', (version) => {
  test('requests are what they are without HTTP between', async () => {
    const { api, server } = await open({ versions: [version] });
    const created = await api.createRequest(testRequest());
    const { name } = created.metadata;
    expect(created).toEqual(await server.getRequest('shop', name));
    expect(await api.getRequest('shop', name)).toEqual(created);
    expect(
      (
        await api.listRequests({
          namespace: 'shop',
          signerName: created.spec.signerName,
          podName: 'web-0',
          nodeName: 'n1',
        })
      ).items,
    ).toEqual([created]);
    expect((await api.listRequests({ podName: 'web-1' })).items).toEqual([]);
    await expect(api.deleteRequest('shop', name, 'another')).rejects.toMatchObject({ reason: 'Conflict' });
    await api.deleteRequest('shop', name, created.metadata.uid);
    await expect(api.getRequest('shop', name)).rejects.toMatchObject({ reason: 'NotFound' });
  });
  test('trust bundles are too', async () => {
    const { api, server } = await open({ versions: [version] });
    const bundle = {
      metadata: { name: 'pki.example.com:workload:a', labels: { live: 'yes' } },
      spec: { signerName: 'pki.example.com/workload', trustBundle: encodePem('CERTIFICATE', root.certificate.der) },
    };
    const applied = await api.applyTrustBundle(bundle);
    expect(applied).toEqual(await server.getTrustBundle(bundle.metadata.name));
    expect(await api.getTrustBundle(bundle.metadata.name)).toEqual(applied);
    expect((await api.listTrustBundles()).items).toEqual([applied]);
    expect((await api.listTrustBundles({ signerName: 'x.y/z', labelSelector: undefined })).items).toEqual([]);
    const { uid, resourceVersion } = applied.metadata;
    for (const other of [
      { uid: 'another', resourceVersion },
      { uid, resourceVersion: '999' },
    ])
      await expect(api.deleteTrustBundle(bundle.metadata.name, other)).rejects.toMatchObject({ reason: 'Conflict' });
    await api.deleteTrustBundle(bundle.metadata.name, applied.metadata);
    await expect(api.getTrustBundle(bundle.metadata.name)).rejects.toMatchObject({ reason: 'NotFound' });
  });
  test('a status is one write, to exactly the version that was read', async () => {
    const { api, face } = await open({ versions: [version] });
    const request = await api.createRequest(testRequest());
    const status = {
      conditions: [
        { type: 'Denied', status: 'True', reason: 'No', message: '', lastTransitionTime: '2026-09-01T10:00:00Z' },
      ],
    } as const;
    const stale = { metadata: { ...request.metadata, resourceVersion: '1' } };
    expect(await api.updateStatus({ metadata: { ...stale.metadata, resourceVersion: '999' } }, status)).toMatchObject({
      ok: false,
      reason: 'Conflict',
    });
    const before = face.seen.length;
    expect(await api.updateStatus(request, status)).toMatchObject({ ok: true, request: { terminal: 'Denied' } });
    expect(face.seen.slice(before).map(({ method }) => method)).toEqual(['PUT']);
    expect(await api.updateStatus({ metadata: { ...request.metadata, name: 'none' } }, status)).toMatchObject({
      ok: false,
      reason: 'NotFound',
    });
  });
});

test('a watch from a version shows what follows, once', async () => {
  const { api } = await open();
  const { resourceVersion } = await api.listRequests();
  const request = await api.createRequest(testRequest());
  const stop = new AbortController();
  const events: unknown[] = [];
  for await (const event of api.watchRequests({ namespace: 'shop' }, { resourceVersion, signal: stop.signal })) {
    events.push(event);
    stop.abort();
  }
  expect(events).toEqual([{ type: 'added', object: request }]);
});

test('events name the pod', async () => {
  const { api, server, face } = await open();
  const event = {
    type: 'Warning',
    reason: 'Late',
    note: 'x'.repeat(2000),
    regarding: { namespace: 'shop', name: 'web-0', uid: 'u' },
    reportingController: 'pki.example.com/workload',
    eventTime: NOW,
  } as const;
  await api.createEvent(event);
  expect(server.events()).toEqual([{ ...event, note: 'x'.repeat(1024) }]);
  expect(face.seen.at(-1)?.body).toMatchObject({
    regarding: { kind: 'Pod', apiVersion: 'v1' },
    eventTime: '2026-09-01T10:00:00.000000Z',
    reportingInstance: 'test',
  });
});

describe('signer and requester over HTTP', () => {
  /** Signs and requests for some pods until all have their certificates. */
  async function serve(
    { api, clock, server }: Opened,
    pods: number,
    meanwhile?: (done: () => number) => Promise<void>,
  ) {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // every pod listens
    const events: SignerEvent[] = [];
    const compiled = testProfile(root);
    const signing = runSigner(
      testSigner({ clock, api }, root, stop.signal, {
        compiled: () => compiled,
        onEvent: (event) => events.push(event),
      }),
    );
    let done = 0;
    const outcomes = Array.from({ length: pods }, async (_, index) => {
      const outcome = await requestCertificate({
        api: server,
        clock,
        identity: testIdentity(index),
        generateKey: testKey,
        anchors: () => [root.certificate],
        verify: verifyWithNode,
        randomBytes: seededBytes(100 + index),
        random: seededRandom(index + 1),
        signal: stop.signal,
      });
      done++;
      return outcome;
    });
    try {
      await meanwhile?.(() => done);
      await until(() => done === pods, clock);
      const serials = new Set<bigint>();
      for (const outcome of await Promise.all(outcomes)) {
        if (outcome.outcome !== 'issued') throw new Error(`${outcome.reason}: ${outcome.message}`);
        serials.add(parseCertificate(outcome.bundle.chain[0]!).serialNumber);
      }
      expect(serials.size).toBe(pods);
    } finally {
      stop.abort(new Error('over'));
      await Promise.allSettled([signing, ...outcomes]);
    }
    return events;
  }
  const isWrite = ({ method, path }: SeenRequest) => method === 'PUT' && path.endsWith('/status');
  const writesPerRequest = (face: HttpFace): readonly number[] => {
    const writes = new Map<string, number>();
    for (const { path } of face.seen.filter(isWrite)) writes.set(path, (writes.get(path) ?? 0) + 1);
    return [...writes.values()];
  };
  const lists = ({ seen }: HttpFace) =>
    seen.filter(
      ({ method, query, path }) =>
        method === 'GET' && path.endsWith('/podcertificaterequests') && !query.has('watch') && !query.has('continue'),
    );

  test('one write for each request, and nothing else beside one list and one watch', async () => {
    const opened = await open();
    await serve(opened, 50);
    expect(writesPerRequest(opened.face)).toEqual(Array(50).fill(1));
    expect(opened.face.seen.filter(({ path }) => path.endsWith('/podcertificaterequests')).length).toBeLessThanOrEqual(
      2,
    );
  });

  const busy = { kind: 'Status', reason: 'TooManyRequests' };
  const conflict = { status: 409, body: { kind: 'Status', reason: 'Conflict', message: 'modified' } };
  test.each<[string, (random: () => number) => (request: SeenRequest) => Fault | undefined]>([
    [
      '429',
      (random) => (request) =>
        isWrite(request) && random() < 0.3 ? { status: 429, body: busy, headers: { 'retry-after': '2' } } : undefined,
    ],
    ['500', (random) => (request) => (isWrite(request) && random() < 0.3 ? { status: 500 } : undefined)],
    ['503 everywhere', (random) => () => (random() < 0.3 ? { status: 503, body: 'starting' } : undefined)],
    ['conflicts', (random) => (request) => (isWrite(request) && random() < 0.3 ? conflict : undefined)],
    ['broken connections', (random) => () => (random() < 0.2 ? 'drop' : undefined)],
    ['lost answers', (random) => (request) => (isWrite(request) && random() < 0.3 ? 'drop-answer' : undefined)],
    ['hanging writes', (random) => (request) => (isWrite(request) && random() < 0.05 ? 'hang' : undefined)],
    [
      'watches that are too old',
      () =>
        ({ query }) =>
          query.has('watch') ? { status: 410 } : undefined,
    ],
  ])(
    'through %s all are answered, none is failed or denied',
    async (_name, faulty) => {
      let fault: (request: SeenRequest) => Fault | undefined = () => undefined;
      const opened = await open({ fault: (request) => fault(request) });
      fault = faulty(seededRandom(41));
      const begun = opened.clock.now();
      const events = await serve(opened, 30);
      expect(events.filter(({ type }) => type === 'denied' || type === 'failed')).toEqual([]);
      expect(lists(opened.face).length).toBeLessThanOrEqual(2 + 60 * ((opened.clock.now() - begun) / 60));
    },
    30_000,
  );

  test('through watches that break, fall silent, repeat, lose their order and bring back the past', async () => {
    const random = seededRandom(43);
    let held: Record<string, unknown>[] = [];
    const past: Record<string, unknown>[] = [];
    const opened = await open({
      bookmarkEvery: 50,
      distort: (event) => {
        if (event['type'] === 'BOOKMARK') {
          const late = held;
          held = [];
          return [...late, event];
        }
        past.push({ ...event });
        if (random() < 0.3) {
          held.push({ ...event });
          return [];
        }
        return random() < 0.3 ? [event, past[Math.floor(random() * past.length)]!, event] : [event];
      },
    });
    const { face, clock } = opened;
    await serve(opened, 60, async (done) => {
      for (let round = 0; done() < 60 && round < 40; round++) {
        const before = clock.now();
        await until(() => face.watches() > 0 && clock.now() > before, clock);
        if (round % 5 === 4) face.silenceWatches();
        else face.dropWatches();
      }
    });
    expect(Math.max(...writesPerRequest(face))).toBeLessThanOrEqual(2);
    expect(lists(face)).toHaveLength(1);
  }, 60_000);

  test('a signer that is restarted signs nothing twice', async () => {
    const opened = await open();
    await serve(opened, 20);
    const written = writesPerRequest(opened.face).length;
    await serve(opened, 0, async () => await until(() => opened.face.watches() > 0));
    expect(writesPerRequest(opened.face)).toHaveLength(written);
  });
});
