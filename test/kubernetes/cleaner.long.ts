import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Json } from './client.js';
import { type Cluster, startCluster } from './cluster.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { eventually } from './wait.js';

/** It looks every five minutes, at first often before it knows of any request. */
const LIMIT_MS = 400_000;
/** Seconds after its start in which it has looked twice. */
const LOOKS = 330;
/** Seconds of age. */
const TOO_OLD = 15 * 60;
const CLEANER = 'podcertificaterequest-cleaner-controller';
const requests = `${CERTIFICATES}/namespaces/cleaner/podcertificaterequests`;
let cluster: Cluster;
let pod: TestPod;

beforeAll(async () => {
  // As JSON, objects can be changed where they are kept.
  cluster = await startCluster(inject('cluster').binary, ['--storage-media-type=application/json']);
  pod = await createPod(cluster.admin, { namespace: 'cleaner', name: 'web-0', node: 'node1' });
});
afterAll(async () => {
  await cluster.stop();
});

/** Makes a request so many seconds old, where no server checks it: in etcd, through its gateway. */
async function age(name: string, seconds: number): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const ask = async (call: string, body: Json): Promise<Json> => {
    const answer = await fetch(`${cluster.etcdUrl}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return await answer.json();
  };
  const key = base64(`/registry/podcertificaterequests/cleaner/${name}`);
  const { kvs } = await ask('range', { key });
  const object: Json = JSON.parse(Buffer.from(kvs[0].value, 'base64').toString());
  object.metadata.creationTimestamp = new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+/, '');
  await ask('put', { key, value: base64(JSON.stringify(object)) });
}

const create = async (): Promise<string> => {
  const body = requestFor(pod, { stubPKCS10Request: stubOf(newKey()) });
  return (await cluster.admin.expect('POST', requests, body)).metadata.name;
};

test('the cleaner of kube-controller-manager deletes what is older than a quarter of an hour', {
  timeout: 2 * LIMIT_MS,
}, async () => {
  const [young, almost, old] = [await create(), await create(), await create()];
  await age(almost!, TOO_OLD - LOOKS);
  await age(old!, TOO_OLD + 5);
  const stop = await cluster.startControllerManager([CLEANER]);
  try {
    const isGone = async (): Promise<true | undefined> => {
      const { status } = await cluster.admin.call('GET', `${requests}/${old}`);
      return status === 404 || undefined;
    };
    await eventually('the old request is gone', isGone, LIMIT_MS);
    const { items } = await cluster.admin.expect('GET', requests);
    expect(items.map(({ metadata }: Json) => metadata.name).toSorted()).toEqual([young, almost].toSorted());
  } finally {
    await stop();
  }
});
