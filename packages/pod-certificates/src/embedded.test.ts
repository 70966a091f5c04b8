import { encodePem } from '@mayfly/der/pem';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type WatchEvent } from './api.js';
import type { EmbeddedApi } from './embedded.js';
import { deniedStatus, failedStatus, issuedStatus } from './status.js';
import { testLeaf, testRoot } from './testing/authority.js';
import { NOW, testCluster, testRequest, testStub } from './testing/cluster.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
const anchors = encodePem('CERTIFICATE', root.certificate.der);
const stubPKCS10Request = testStub();
const denial = deniedStatus({ reason: 'No', message: 'not you' }, NOW);

const names = (events: readonly WatchEvent<{ metadata: { name: string } }>[]) =>
  events.map((event) => (event.type === 'bookmark' ? 'bookmark' : `${event.type} ${event.object.metadata.name}`));

/** What a watch delivers until the API is quiet. */
async function collect<T>(watch: AsyncIterable<T>, controller: AbortController, work: () => Promise<unknown>) {
  const seen: T[] = [];
  const done = (async () => {
    for await (const event of watch) seen.push(event);
  })();
  await work();
  controller.abort();
  await done;
  return seen;
}

describe('requests', () => {
  let api: EmbeddedApi;
  let clock: Awaited<ReturnType<typeof testCluster>>['clock'];
  const create = (spec = {}, metadata = {}) =>
    api.createRequest(testRequest({ stubPKCS10Request, ...spec }, { generateName: 'req-', ...metadata }));
  beforeEach(async () => {
    ({ api, clock } = await testCluster());
  });

  test('are created with what a server adds', async () => {
    const created = await create({ maxExpirationSeconds: undefined });
    expect(created.metadata).toMatchObject({
      name: expect.stringMatching(/^req-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      creationTimestamp: NOW,
      resourceVersion: '1',
      generateName: 'req-',
    });
    expect(created.spec.maxExpirationSeconds).toBe(86_400);
    expect(created.terminal).toBeUndefined();
    expect(await api.getRequest('shop', created.metadata.name)).toEqual(created);
  });
  test('are refused as kube-apiserver refuses them', async () => {
    await expect(create({ podUID: '' }, { name: 'mine' })).rejects.toMatchObject({
      status: 422,
      reason: 'Invalid',
      message:
        'PodCertificateRequest.certificates.k8s.io "mine" is invalid: spec.podUID: Invalid value: "": must not be empty',
      causes: [{ field: 'spec.podUID', reason: 'FieldValueInvalid' }],
    });
    await expect(create({}, { generateName: undefined })).rejects.toMatchObject({
      causes: [{ field: 'metadata.name' }],
    });
  });
  test('have a name once', async () => {
    await create({}, { name: 'mine' });
    await expect(create({}, { name: 'mine' })).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' });
    await create({}, { name: 'mine', namespace: 'other' });
  });
  test('a generated name that is taken is drawn again', async () => {
    const draws = [0, 0, 1];
    ({ api } = await testCluster({
      randomBytes: (length) => new Uint8Array(length).fill(length === 5 ? draws.shift()! : 9),
    }));
    expect((await create()).metadata.name).toBe('req-bbbbb');
    expect((await create()).metadata.name).toBe('req-ccccc');
  });
  test('that are not there are NotFound', async () => {
    const refused = {
      status: 404,
      reason: 'NotFound',
      message: 'podcertificaterequests.certificates.k8s.io "x" not found',
    };
    await expect(api.getRequest('shop', 'x')).rejects.toMatchObject(refused);
    await expect(api.deleteRequest('shop', 'x')).rejects.toMatchObject(refused);
  });
  test('are deleted only with their own uid', async () => {
    const { metadata } = await create();
    await expect(api.deleteRequest('shop', metadata.name, 'other')).rejects.toMatchObject({ reason: 'Conflict' });
    await api.deleteRequest('shop', metadata.name, metadata.uid);
    await expect(api.getRequest('shop', metadata.name)).rejects.toBeInstanceOf(ApiError);
  });
  test('take a status against their version alone', async () => {
    const request = await create();
    const updated = await api.updateStatus(request, denial);
    expect(updated).toMatchObject({ ok: true, request: { terminal: 'Denied', metadata: { resourceVersion: '2' } } });
    expect(await api.updateStatus(request, denial)).toMatchObject({ ok: false, reason: 'Conflict' });
    const gone = { metadata: { ...request.metadata, uid: 'x' } };
    expect(await api.updateStatus(gone, denial)).toMatchObject({ ok: false, reason: 'NotFound' });
  });
  test('are frozen once they ended; writing the same again changes nothing', async () => {
    const request = await create();
    await api.updateStatus(request, denial);
    const ended = await api.getRequest('shop', request.metadata.name);
    await expect(api.updateStatus(ended, failedStatus('X', '', NOW))).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(
        'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed',
      ),
    });
    expect(await api.updateStatus(ended, denial)).toEqual({ ok: true, request: ended });
  });
  test('are issued by the clock of the server', async () => {
    const request = await create();
    const key = parseCertificationRequest(stubPKCS10Request).subjectPublicKeyInfo;
    const certificate = testLeaf(root, key, NOW, NOW + 3600);
    const status = issuedStatus({ certificate, chain: [], notBefore: NOW, notAfter: NOW + 3600 }, NOW + 1800, NOW);
    await clock.advance(300);
    await expect(api.updateStatus(request, status)).rejects.toMatchObject({ causes: [{ field: 'status.notBefore' }] });
    await clock.step(-1);
    expect(await api.updateStatus(request, status)).toMatchObject({
      ok: true,
      request: { terminal: 'Issued', status: { notBefore: NOW, notAfter: NOW + 3600, beginRefreshAt: NOW + 1800 } },
    });
  });
  test('are removed when they are older than fifteen minutes, whatever their state', async () => {
    const first = await create({}, { name: 'first' });
    await api.updateStatus(first, denial);
    await create({}, { name: 'second' });
    await clock.advance(1);
    await create({}, { name: 'third' });
    await clock.advance(899);
    expect(await api.clean()).toBe(0);
    await clock.advance(1);
    expect(await api.clean()).toBe(2);
    expect((await api.listRequests()).items.map(({ metadata }) => metadata.name)).toEqual(['third']);
  });
  test('the cleaner looks every five minutes', async () => {
    const controller = new AbortController();
    const cleaner = api.runCleaner(clock, controller.signal);
    await clock.advance(1);
    await create();
    const count = async () => (await api.listRequests()).items.length;
    await clock.advance(900 + 298);
    expect(await count()).toBe(1);
    await clock.advance(2);
    expect(await count()).toBe(0);
    controller.abort();
    await cleaner;
  });

  test('are listed and watched by field', async () => {
    await create({ nodeName: 'n1' }, { name: 'a' });
    await create({ nodeName: 'n2', podName: 'db' }, { name: 'b' });
    await create({ signerName: 'other.example/x' }, { name: 'c', namespace: 'other' });
    const list = async (selector: Parameters<EmbeddedApi['listRequests']>[0]) =>
      (await api.listRequests(selector)).items.map(({ metadata }) => metadata.name);
    expect(await list({ nodeName: 'n2' })).toEqual(['b']);
    expect(await list({ signerName: 'other.example/x' })).toEqual(['c']);
    expect(await list({ namespace: 'shop' })).toEqual(['a', 'b']);
    expect(await list({ podName: 'db', name: 'b' })).toEqual(['b']);
    expect(await list({ podName: 'db', nodeName: 'n1' })).toEqual([]);
  });
  test('a watch begins with what is there, marks that, and goes on with the changes', async () => {
    const a = await create({}, { name: 'a' });
    await create({ signerName: 'other.example/x' }, { name: 'hidden' });
    const controller = new AbortController();
    const watch = api.watchRequests({ signerName: a.spec.signerName }, { signal: controller.signal });
    const events = await collect(watch, controller, async () => {
      await create({}, { name: 'b' });
      await api.updateStatus(a, denial);
      await api.deleteRequest('shop', 'b');
    });
    expect(names(events)).toEqual(['added a', 'bookmark', 'added b', 'modified a', 'deleted b']);
    expect(events[1]).toEqual({ type: 'bookmark', resourceVersion: '2' });
    expect(events[4]).toMatchObject({ object: { metadata: { resourceVersion: '5' } } });
  });
  test('a watch resumes behind a version without a gap', async () => {
    await create({}, { name: 'a' });
    const { resourceVersion } = await api.listRequests();
    await create({}, { name: 'b' });
    const controller = new AbortController();
    const watch = api.watchRequests({}, { resourceVersion, signal: controller.signal });
    expect(names(await collect(watch, controller, () => create({}, { name: 'c' })))).toEqual(['added b', 'added c']);
    expect(() => api.watchRequests({}, { resourceVersion: '99', signal: controller.signal })).toThrow(ApiError);
  });
  test('a watch from before the history is Expired', async () => {
    for (let i = 0; i < 4100; i++)
      await api.applyTrustBundle({ metadata: { name: 'x', labels: { i: String(i) } }, spec: { trustBundle: anchors } });
    const { signal } = new AbortController();
    expect(() => api.watchTrustBundles(undefined, { resourceVersion: '1', signal })).toThrow(
      expect.objectContaining({ status: 410, reason: 'Expired' }),
    );
    api.watchTrustBundles(undefined, { resourceVersion: '4000', signal });
  });
  test('a watch that nobody reads to the end can be left', async () => {
    await create();
    const { signal } = new AbortController();
    for await (const event of api.watchRequests({}, { signal })) if (event.type === 'added') break;
    await create();
  });
  test('an aborted watch ends', async () => {
    const watch = api.watchRequests({}, { signal: AbortSignal.abort() });
    for await (const event of watch) expect(event).toBeUndefined();
  });
});

describe('trust bundles', () => {
  const signerName = 'example.com/signer';
  const apply = (api: EmbeddedApi, name: string, labels: Record<string, string>) =>
    api.applyTrustBundle({ metadata: { name, labels }, spec: { signerName, trustBundle: anchors } });

  test('are applied, selected by labels, and seen to come and go', async () => {
    const { api } = await testCluster();
    const live = await apply(api, 'example.com:signer:live', { track: 'live' });
    await apply(api, 'example.com:signer:canary', { track: 'canary' });
    await api.applyTrustBundle({ metadata: { name: 'plain' }, spec: { trustBundle: anchors } });
    const list = async (labelSelector: object | undefined) =>
      (await api.listTrustBundles({ signerName, labelSelector })).items.length;
    expect(await list(undefined)).toBe(0);
    expect(await list({})).toBe(2);
    expect(await list({ matchLabels: { track: 'live' } })).toBe(1);
    expect(await list({ matchExpressions: [{ key: 'track', operator: 'NotIn', values: ['live'] }] })).toBe(1);
    expect((await api.listTrustBundles()).items).toHaveLength(3);
    expect((await api.listTrustBundles({ name: 'plain' })).items).toHaveLength(1);

    const controller = new AbortController();
    const selector = { signerName, labelSelector: { matchLabels: { track: 'live' } } };
    const events = await collect(
      api.watchTrustBundles(selector, { signal: controller.signal }),
      controller,
      async () => {
        await apply(api, 'example.com:signer:live', { track: 'live', x: '1' });
        await apply(api, 'example.com:signer:live', { track: 'old' });
        await apply(api, 'example.com:signer:canary', { track: 'live' });
        await api.deleteTrustBundle('example.com:signer:canary');
      },
    );
    expect(names(events)).toEqual([
      'added example.com:signer:live',
      'bookmark',
      'modified example.com:signer:live',
      'deleted example.com:signer:live',
      'added example.com:signer:canary',
      'deleted example.com:signer:canary',
    ]);
    expect((await api.getTrustBundle('example.com:signer:live')).metadata.uid).toBe(live.metadata.uid);
    await expect(api.getTrustBundle('x')).rejects.toMatchObject({ status: 404 });
  });
  test('a selector that makes no sense harms nobody but whoever asks', async () => {
    const { api } = await testCluster();
    const { signal } = new AbortController();
    const selector = {
      signerName: 'pki.example.com/workload',
      labelSelector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In' as const }] },
    };
    expect(() => api.watchTrustBundles(selector, { signal })).toThrow(RangeError);
    await expect(api.listTrustBundles(selector)).rejects.toThrow(RangeError);
  });
  test('are refused as kube-apiserver refuses them', async () => {
    const { api } = await testCluster();
    await expect(apply(api, 'wrong', {})).rejects.toMatchObject({ status: 422, causes: [{ field: 'metadata.name' }] });
  });
});

test('any history of writes leaves what a map with versions would', async () => {
  const operation = fc.oneof(
    fc.record({ type: fc.constant('create' as const), name: fc.nat(3) }),
    fc.record({ type: fc.constant('deny' as const), name: fc.nat(3), stale: fc.boolean() }),
    fc.record({ type: fc.constant('fail' as const), name: fc.nat(3), stale: fc.constant(false) }),
    fc.record({ type: fc.constant('delete' as const), name: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const { api } = await testCluster();
      const model = new Map<string, string>();
      const seen = new Map<string, string>();
      const controller = new AbortController();
      const watch = api.watchRequests({}, { signal: controller.signal });
      let [version, last] = [0, 0];
      for (const step of operations) {
        const name = `r${step.name}`;
        const state = model.get(name);
        if (step.type === 'create') {
          const created = api.createRequest(testRequest({ stubPKCS10Request }, { name }));
          if (state !== undefined) await expect(created).rejects.toMatchObject({ reason: 'AlreadyExists' });
          else {
            version = Number((await created).metadata.resourceVersion);
            model.set(name, 'pending');
          }
        } else if (step.type === 'delete') {
          const deleted = api.deleteRequest('shop', name);
          if (state === undefined) await expect(deleted).rejects.toMatchObject({ reason: 'NotFound' });
          else await deleted;
          if (model.delete(name)) version++;
        } else {
          const type = step.type === 'deny' ? 'Denied' : 'Failed';
          const status = step.type === 'deny' ? denial : failedStatus('Broken', '', NOW);
          if (state === undefined) continue;
          const request = await api.getRequest('shop', name);
          const resourceVersion = step.stale ? '0' : request.metadata.resourceVersion;
          const update = api.updateStatus({ metadata: { ...request.metadata, resourceVersion } }, status);
          if (step.stale) expect(await update).toMatchObject({ ok: false, reason: 'Conflict' });
          else if (state === 'pending') {
            version = Number(ok(await update).metadata.resourceVersion);
            model.set(name, type);
          } else if (state === type) expect(ok(await update)).toEqual(request);
          else await expect(update).rejects.toMatchObject({ status: 422 });
        }
        expect(version).toBeGreaterThanOrEqual(last);
        last = version;
      }
      controller.abort();
      for await (const event of watch) {
        if (event.type === 'bookmark') continue;
        if (event.type === 'deleted') seen.delete(event.object.metadata.name);
        else seen.set(event.object.metadata.name, event.object.terminal ?? 'pending');
      }
      expect(seen).toEqual(model);
      const { items } = await api.listRequests();
      expect(new Map(items.map(({ metadata, terminal }) => [metadata.name, terminal ?? 'pending']))).toEqual(model);
    }),
    { seed: 20_260_901, numRuns: 60 },
  );
});

function ok(update: Awaited<ReturnType<EmbeddedApi['updateStatus']>>): PodCertificateRequest {
  if (!update.ok) throw new Error(update.message);
  return update.request;
}
