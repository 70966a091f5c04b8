import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { randomNumbers } from '../differential/random.js';
import type { Json } from './client.js';
import { type Cluster, startCluster } from './cluster.js';
import { troubles } from './faults/faults.js';
import { type FaultyProxy, startFaultyProxy } from './faults/proxy.js';
import { type Installation, installSigner } from './installation.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

/** Requests of each trouble, and how many are made a second. */
const REQUESTS = 100;
const RATE = 10;
const LIMIT_MS = 280_000;
const MINUTE = 60_000;

let cluster: Cluster;
let proxy: FaultyProxy;
let installation: Installation;
let signer: SignerProcess;
const pods: TestPod[] = [];
const requests = `${CERTIFICATES}/namespaces/faults/podcertificaterequests`;

beforeAll(async () => {
  cluster = await startCluster(inject('cluster').binary);
  proxy = await startFaultyProxy({ port: cluster.port, authority: cluster.authority.credential }, randomNumbers(1));
  installation = await installSigner(cluster.admin, { signerName: 'example.com/faults', namespace: 'signer' });
  for (let i = 0; i < 10; i++)
    pods.push(await createPod(cluster.admin, { namespace: 'faults', name: `web-${i}`, node: 'node1' }));
  const { url: server, authority } = proxy;
  signer = await startSignerProcess(installation, { server, authority, directory: cluster.directory });
  await signer.ready();
});
afterAll(async () => {
  await signer.stop();
  await proxy.close();
  await cluster.stop();
});

/** A kubelet tries again until the API server has its request. */
async function create(prefix: string, index: number): Promise<string> {
  const { signerName } = installation;
  const spec = { signerName, stubPKCS10Request: stubOf(newKey()) };
  const pod = pods[index % pods.length]!;
  const name = `${prefix}-${index}`;
  const body = requestFor(pod, spec, { name });
  await eventually(`${name} is created`, async () => {
    const answer = await cluster.admin.call('POST', requests, { body }).catch(() => undefined);
    return answer?.status === 201 || answer?.status === 409 ? true : delay(500);
  });
  return name;
}

/** The requests with this prefix, once each has its answer. */
const answered = (prefix: string): Promise<readonly Json[]> =>
  eventually(
    `all of ${prefix} are answered`,
    async () => {
      await delay(500);
      const { items } = await cluster.admin.expect('GET', requests);
      const own = items.filter(({ metadata }: Json) => metadata.name.startsWith(`${prefix}-`));
      return own.every(({ status }: Json) => status.conditions !== undefined) ? own : undefined;
    },
    LIMIT_MS,
  );

/**
 * Lists and watches of a collection in its busiest minute, a list of several pages as one, and by request the statuses with which
 * the server answered its writes.
 */
function counted(from: number) {
  const seen = proxy.calls.slice(from);
  const busiest = (isWatch: boolean): number => {
    const reads = seen.filter(
      ({ method, path, query, ...call }) =>
        method === 'GET' &&
        call.isWatch === isWatch &&
        query.get('continue') === null &&
        /\/(podcertificaterequests|services)$/.test(path),
    );
    return Math.max(
      0,
      ...reads.map(
        ({ path, at }) =>
          reads.filter((other) => other.path === path && other.at >= at && other.at < at + MINUTE).length,
      ),
    );
  };
  const writes = new Map<string, number[]>();
  for (const { method, path, status } of seen)
    if (method === 'PUT' && path.endsWith('/status') && status !== undefined)
      writes.set(path, [...(writes.get(path) ?? []), status]);
  return { lists: busiest(false), watches: busiest(true), writes };
}

test.each(troubles)('$name', { timeout: 600_000 }, async ({ name, plan = () => undefined, happens }) => {
  const prefix = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const from = proxy.calls.length;
  const began = Date.now();
  proxy.plan = plan;
  proxy.breakWatches(); // the next ones are under the plan
  for (let i = 0; i < REQUESTS; i++) {
    if (i === REQUESTS / 2) await happens?.(proxy, cluster);
    await create(prefix, i);
    await delay(1000 / RATE);
  }
  const items = await answered(prefix);
  // The store has an answer before the proxy has heard of it.
  await eventually('the proxy heard of every write', () => counted(from).writes.size === REQUESTS || undefined);
  proxy.plan = () => undefined;

  expect(items).toHaveLength(REQUESTS);
  const waits: number[] = [];
  for (const { metadata, status } of items) {
    expect(status.conditions).toMatchObject([{ type: 'Issued', status: 'True' }]);
    expect(Date.parse(status.notAfter)).toBeGreaterThan(Date.now());
    const wait = Date.parse(status.conditions[0].lastTransitionTime) - Date.parse(metadata.creationTimestamp);
    // Whoever asks at beginRefreshAt has the next certificate before the old one ends.
    expect(wait).toBeLessThan(Date.parse(status.notAfter) - Date.parse(status.beginRefreshAt));
    waits.push(wait);
  }
  const { lists, watches, writes } = counted(from);
  const most = Math.max(...[...writes.values()].map((statuses) => statuses.length));
  console.log(
    `${name}: ${((Date.now() - began) / 1000).toFixed(0)} s, the slowest answer after ${Math.max(...waits) / 1000} s, at most ${most} writes of one request, ${lists} lists and ${watches} watches of a kind in a minute`,
  );
  for (const [path, statuses] of writes) {
    expect(statuses.length, path).toBeLessThanOrEqual(2);
    expect(statuses.filter((each) => each < 300).length, path).toBe(1);
  }
  expect(lists).toBeLessThanOrEqual(2); // one of the row before and one of this
  expect(watches).toBeLessThanOrEqual(60);
  expect(signer.exitCode()).toBeUndefined();
});
