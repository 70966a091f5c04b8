import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import { lockDirectory, systemFiles } from '@mayfly/rotation/fs';
import { simulatedClock } from '@mayfly/rotation/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedApi } from './embedded.js';
import { nodeVerifiers } from './node.js';
import { directoryStorage } from './persistence.js';
import { deniedStatus } from './status.js';
import { testRoot } from './testing/authority.js';
import { NOW, seededBytes, testCluster, testRequest } from './testing/cluster.js';

const anchors = encodePem('CERTIFICATE', testRoot(NOW).certificate.der);
const denial = deniedStatus({ reason: 'No', message: 'not you' }, NOW);

describe('storage', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mayfly-api-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const open = (seed: number) =>
    openEmbeddedApi({
      clock: simulatedClock({ now: NOW }),
      randomBytes: seededBytes(seed),
      verifiers: nodeVerifiers,
      storage: directoryStorage(join(directory, 'state')),
    });

  test('brings everything back, and never an old version', async () => {
    const before = await open(1);
    const kept = await before.createRequest(testRequest());
    const updated = await before.updateStatus(kept, denial);
    const bundle = await before.applyTrustBundle({
      metadata: { name: 'a', labels: { b: 'c' } },
      spec: { trustBundle: anchors },
    });
    const lost = await before.createRequest(testRequest());
    await before.deleteRequest('shop', lost.metadata.name);

    const after = await open(2);
    expect(updated).toEqual({ ok: true, request: await after.getRequest('shop', kept.metadata.name) });
    expect(await after.getTrustBundle('a')).toEqual(bundle);
    expect((await after.listRequests()).items).toHaveLength(1);
    const next = await after.createRequest(testRequest());
    expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(5);
    const again = await (await open(3)).createRequest(testRequest());
    expect(Number(again.metadata.resourceVersion)).toBeGreaterThan(Number(next.metadata.resourceVersion));
  });
  test('writes without a look at what else is stored, and removes what a crash left when it is opened', async () => {
    const listed: string[] = [];
    const list = (path: string) => {
      listed.push(path);
      return systemFiles.list(path);
    };
    const storage = directoryStorage(directory, { ...systemFiles, list });
    for (let i = 0; i < 20; i++) await storage.put(`kind/${i}`, { i });
    await storage.delete('kind/0');
    expect(listed).toEqual([]);
    await writeFile(join(directory, 'kind', '.1.json.abc1.tmp'), 'half');
    expect((await storage.load()).size).toBe(19);
    expect(await readdir(join(directory, 'kind'))).toHaveLength(19);
  });
  test('is private', async () => {
    const { metadata } = await (await open(1)).createRequest(testRequest());
    const kind = join(directory, 'state', 'podcertificaterequests');
    expect((await stat(kind)).mode & 0o777).toBe(0o700);
    expect(await readdir(kind)).toEqual([`${metadata.uid}.json`]);
    expect((await stat(join(kind, `${metadata.uid}.json`))).mode & 0o777).toBe(0o600);
  });
  test.each([
    ['half a file', '{"kind":'],
    ['a file of another kind', '{"kind":"Secret","apiVersion":"v1"}'],
    ['a list', '[]'],
  ])('names what it cannot read: %s', async (_name, content) => {
    const { metadata } = await (await open(1)).createRequest(testRequest());
    await writeFile(join(directory, 'state', 'podcertificaterequests', `${metadata.uid}.json`), content);
    await expect(open(2)).rejects.toMatchObject({
      code: 'ERR_POD_CERTIFICATES_STORAGE',
      path: `podcertificaterequests/${metadata.uid}`,
    });
  });
  test('may be a directory that is locked', async () => {
    const lock = await lockDirectory(join(directory, 'state'));
    const { metadata } = await (await open(1)).createRequest(testRequest());
    expect(await (await open(2)).getRequest('shop', metadata.name)).toMatchObject({ metadata });
    await lock.release();
  });
  test('resumes no watch from before a restart, which could miss what was deleted', async () => {
    const before = await open(1);
    const { metadata } = await before.createRequest(testRequest());
    const { resourceVersion } = await before.listRequests();
    await before.deleteRequest('shop', metadata.name);
    const after = await open(2);
    const { signal } = new AbortController();
    expect(() => after.watchRequests({}, { resourceVersion, signal })).toThrow(
      expect.objectContaining({ reason: 'Expired' }),
    );
    const now = (await after.listRequests()).resourceVersion;
    expect(() => after.watchRequests({}, { resourceVersion: now, signal })).not.toThrow();
  });
  test('with a resource version that is none is refused', async () => {
    const { metadata } = await (await open(1)).createRequest(testRequest());
    const file = join(directory, 'state', 'podcertificaterequests', `${metadata.uid}.json`);
    await writeFile(file, (await readFile(file, 'utf8')).replace('"resourceVersion": "1"', '"resourceVersion": "x"'));
    await expect(open(2)).rejects.toMatchObject({ code: 'ERR_POD_CERTIFICATES_STORAGE' });
  });
  test('that fails changes nothing that anybody sees', async () => {
    let full = false;
    const storage = {
      load: async () => new Map(),
      async put() {
        if (full) throw new Error('ENOSPC');
      },
      delete: async () => {},
    };
    const { api } = await testCluster({ storage });
    const request = await api.createRequest(testRequest());
    full = true;
    await expect(api.createRequest(testRequest())).rejects.toThrow('ENOSPC');
    await expect(api.updateStatus(request, denial)).rejects.toThrow('ENOSPC');
    expect((await api.listRequests()).items).toEqual([request]);
    full = false;
    expect(await api.updateStatus(request, denial)).toMatchObject({ ok: true });
  });
});
