import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { Answer, Client, Json } from './client.js';
import { adminOf, clientOf } from './connect.js';
import { installSigner } from './installation.js';
import { CERTIFICATES, createPod, newKey, pairOf, requestFor, stubOf, type TestPod } from './objects.js';
import { eventually } from './wait.js';

const cluster = inject('cluster');
const admin = adminOf(cluster);
const node1 = clientOf(cluster, cluster.nodes.node1);
const node2 = clientOf(cluster, cluster.nodes.node2);
const requests = `${CERTIFICATES}/namespaces/nodes/podcertificaterequests`;
const ELSEWHERE = '00000000-0000-4000-8000-000000000000';
let pod: TestPod;
let other: TestPod;

const ask = (client: Client, from: TestPod, changes: Json = {}): Promise<Answer> =>
  client.call('POST', requests, { body: requestFor(from, { stubPKCS10Request: stubOf(newKey()), ...changes }) });

beforeAll(async () => {
  pod = await createPod(admin, { namespace: 'nodes', name: 'web-1', node: 'node1' });
  other = await createPod(admin, { namespace: 'nodes', name: 'web-2', node: 'node2' });
  // The informers of the admission follow the server by milliseconds.
  for (const [client, own] of [
    [node1, pod],
    [node2, other],
  ] as const)
    await eventually(
      'the node restriction knows the pod',
      async () => (await ask(client, own)).status === 201 || undefined,
    );
});

describe('a node creates requests', () => {
  test('for a pod that is bound to it, in either form', async () => {
    expect((await ask(node1, pod)).status).toBe(201);
    const pair = { stubPKCS10Request: undefined, ...pairOf(newKey(), pod.podUID) };
    expect((await ask(node1, pod, pair)).status).toBe(201);
  });

  test.each<[string, () => TestPod, () => Json, number, string]>([
    ['for a pod of another node', () => other, () => ({}), 403, 'which is not the requesting node "node1"'],
    [
      'for a pod of another node under its own name',
      () => other,
      () => ({ nodeName: 'node1', nodeUID: pod.nodeUID }),
      403,
      'is not running on node "node1"',
    ],
    [
      'under the name of another node',
      () => pod,
      () => ({ nodeName: 'node2' }),
      403,
      'which is not the requesting node "node1"',
    ],
    ['with a foreign pod UID', () => pod, () => ({ podUID: ELSEWHERE }), 500, 'pod UID'],
    ['with a foreign node UID', () => pod, () => ({ nodeUID: ELSEWHERE }), 500, 'node UID'],
    ['with a foreign service account UID', () => pod, () => ({ serviceAccountUID: ELSEWHERE }), 500, 'account UID'],
    ['with another service account', () => pod, () => ({ serviceAccountName: 'default' }), 403, 'account'],
    ['for a pod that is not there', () => pod, () => ({ podName: 'web-9' }), 500, 'web-9'],
  ])('but not %s', async (_name, from, changes, status, message) => {
    const answer = await ask(node1, from(), changes());
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(new RegExp(message, 'i'))]);
  });
});

describe('a node reads requests', () => {
  const list = (client: Client, selector: string): Promise<Answer> => client.call('GET', `${requests}${selector}`);

  test('that name it, and no others', async () => {
    const { status, body } = await list(node1, '?fieldSelector=spec.nodeName%3Dnode1');
    expect(status).toBe(200);
    expect(new Set(body.items.map(({ spec }: Json) => spec.nodeName))).toEqual(new Set(['node1']));
    expect((await list(node1, '')).status).toBe(403);
    expect((await list(node1, '?fieldSelector=spec.nodeName%3Dnode2')).status).toBe(403);
  });

  test('one by one, its own alone', async () => {
    const { body } = await ask(node1, pod);
    const path = `${requests}/${body.metadata.name}`;
    const mine = await eventually('the node may read it', async () => {
      const answer = await node1.call('GET', path);
      return answer.status === 200 ? answer : undefined;
    });
    expect(mine.body.spec.podName).toBe('web-1');
    expect((await node2.call('GET', path)).status).toBe(403);
  });

  test('and writes neither status nor deletes', async () => {
    const { body } = await ask(node1, pod);
    const path = `${requests}/${body.metadata.name}`;
    const conditions = [{ type: 'Denied', status: 'True', reason: 'X', lastTransitionTime: new Date().toISOString() }];
    const denied = { ...body, status: { conditions } };
    expect((await node1.call('PUT', `${path}/status`, { body: denied })).status).toBe(403);
    expect((await node1.call('DELETE', path)).status).toBe(403);
  });
});

describe('trust bundles', () => {
  const bundles = `${CERTIFICATES}/clustertrustbundles`;
  const signerName = 'example.com/nodes';

  test('of a signer are published by whoever may attest, and read by nodes and pods', async () => {
    const { token, authority } = await installSigner(admin, { signerName, namespace: 'nodes-signer' });
    const signer = clientOf(cluster, { token });
    const publish = (client: Client, name: string, of: string): Promise<Answer> =>
      client.call('POST', bundles, {
        body: { metadata: { name }, spec: { signerName: of, trustBundle: authority.certificate } },
      });
    expect((await publish(signer, 'example.com:nodes:mayfly', signerName)).status).toBe(201);
    expect((await publish(signer, 'example.com:other:mayfly', 'example.com/other')).status).toBe(403);
    expect((await publish(node1, 'example.com:nodes:forged', signerName)).status).toBe(403);
    const read = await node1.call('GET', `${bundles}?fieldSelector=spec.signerName%3Dexample.com%2Fnodes`);
    expect([read.status, read.body.items?.length]).toEqual([200, 1]);
    const path = '/api/v1/namespaces/nodes/serviceaccounts/web/token';
    const { status } = await admin.expect('POST', path, { spec: { expirationSeconds: 3600 } });
    const workload = clientOf(cluster, { token: status.token });
    expect((await workload.call('GET', `${bundles}/example.com:nodes:mayfly`)).status).toBe(200);
    expect((await publish(workload, 'example.com:nodes:forged', signerName)).status).toBe(403);
  });

  test('a pod that projects one by name, or by signer and labels, is taken', async () => {
    const podWith = (name: string, clusterTrustBundle: Json): Json => ({
      metadata: { name },
      spec: {
        ...{ nodeName: 'node1', serviceAccountName: 'web', automountServiceAccountToken: false },
        containers: [{ name: 'app', image: 'localhost/app:1' }],
        volumes: [{ name: 'ca', projected: { sources: [{ clusterTrustBundle }] } }],
      },
    });
    const create = async (name: string, source: Json): Promise<number> =>
      (await admin.call('POST', '/api/v1/namespaces/nodes/pods', { body: podWith(name, source) })).status;
    expect(await create('by-name', { name: 'example.com:nodes:mayfly', path: 'ca.pem' })).toBe(201);
    expect(await create('by-signer', { signerName, labelSelector: {}, path: 'ca.pem' })).toBe(201);
    expect(await create('by-both', { name: 'example.com:nodes:mayfly', signerName, path: 'ca.pem' })).toBe(422);
    expect(await create('by-none', { path: 'ca.pem' })).toBe(422);
  });
});
