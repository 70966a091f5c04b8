import { X509Certificate } from 'node:crypto';
import { parsePem } from '@mayfly/der/pem';
import { verifyWithNode } from '@mayfly/keys/node';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { requestCertificate } from '@mayfly/pod-certificates/requester';
import { systemClock } from '@mayfly/rotation';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Json } from './client.js';
import { adminOf, clientOf } from './connect.js';
import { type MayflyClient, mayflyClient, type RunningSigner, randomBytes, root, startSigner } from './mayfly.js';
import {
  CERTIFICATES,
  createPod,
  keyAlgorithms,
  newKey,
  pairOf,
  requestFor,
  SIGNER,
  stubOf,
  type TestPod,
} from './objects.js';
import { createAccount, signerRules } from './role.js';
import { filledStub } from './rules/keys.js';
import { eventually } from './wait.js';

const cluster = inject('cluster');
const url = `https://127.0.0.1:${cluster.port}`;
const admin = adminOf(cluster);
const node = clientOf(cluster, cluster.nodes.node1);
let asSigner: MayflyClient;
let asNode: MayflyClient;
let signer: RunningSigner;
let pod: TestPod;

beforeAll(async () => {
  const { token } = await createAccount(admin, 'life', signerRules());
  asSigner = await mayflyClient(url, cluster.authority, { token });
  asNode = await mayflyClient(url, cluster.authority, cluster.nodes.node1, { role: 'requester' });
  signer = startSigner(asSigner.api);
  pod = await createPod(admin, { namespace: 'life', name: 'web-0', node: 'node1' });
});
afterAll(async () => {
  await signer.stop();
  await Promise.all([asSigner.client.close(), asNode.client.close()]);
});

const requests = `${CERTIFICATES}/namespaces/life/podcertificaterequests`;

/** A request that the node makes: its informers follow the server by milliseconds, and it asks again as a kubelet does. */
const createAsNode = (spec: object) =>
  eventually('the node restriction knows the pod', async () => {
    const { status, body } = await node.call('POST', requests, { body: requestFor(pod, spec) });
    if (status !== 500) expect(status, body.message).toBe(201);
    return status === 201 ? body : undefined;
  });

const answered = (name: string) =>
  eventually(`${name} is answered`, async () => {
    const { status } = await admin.expect('GET', `${requests}/${name}`);
    return status.conditions === undefined ? undefined : status;
  });

describe.each(Object.entries(keyAlgorithms))('%s', (_name, algorithm) => {
  test('from the requester to a verified bundle', async () => {
    const { namespace, ...identity } = pod;
    const outcome = await requestCertificate({
      api: asNode.api,
      identity: { namespace, ...identity, signerName: SIGNER, maxExpirationSeconds: 7200 },
      generateKey: async () => {
        const key = newKey(algorithm);
        return { key, privateKeyInfo: key.exportPkcs8() };
      },
      anchors: () => [root],
      verify: verifyWithNode,
      clock: systemClock(),
      randomBytes,
      signal: AbortSignal.timeout(60_000),
    });
    if (outcome.outcome !== 'issued') throw new Error(`${outcome.outcome}: ${outcome.reason} ${outcome.message}`);
    expect(outcome.notAfter - outcome.notBefore).toBe(7200);
    const leaf = new X509Certificate(outcome.bundle.chain[0]!);
    expect(leaf.checkIssued(new X509Certificate(root.der))).toBe(true);
    expect(leaf.subjectAltName).toBe('DNS:web-0.life.pod.example.com');
  });

  test.skipIf(cluster.minor >= 40)('with key and proof, as kubelets of 1.35 ask', async () => {
    const key = newKey(algorithm);
    const { metadata } = await createAsNode(pairOf(key, pod.podUID));
    const { conditions, certificateChain } = await answered(metadata.name);
    expect(conditions).toMatchObject([{ type: 'Issued', status: 'True' }]);
    const leaf = new X509Certificate(parsePem(certificateChain)[0]!.bytes);
    expect(leaf.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(key.subjectPublicKeyInfo));
    expect(leaf.verify(new X509Certificate(root.der).publicKey)).toBe(true);
  });
});

test('a request is written once, by the signer, and nothing else in it changes', async () => {
  const { metadata } = await createAsNode({ stubPKCS10Request: stubOf(newKey()) });
  await answered(metadata.name);
  const after = await admin.expect('GET', `${requests}/${metadata.name}`);
  const managers = after.metadata.managedFields.map(
    ({ manager, operation, subresource }: Json) => `${manager} ${operation} ${subresource ?? ''}`,
  );
  expect(managers.sort()).toEqual(['mayfly-test Update status', 'unknown Update ']);
  const written = signer.events.filter((event) => 'request' in event && event.request.metadata.uid === metadata.uid);
  expect(written).toHaveLength(1);
});

test('a filled stub and an unknown annotation are denied', async () => {
  const filled = await createAsNode({ stubPKCS10Request: filledStub() });
  expect(await answered(filled.metadata.name)).toMatchObject({
    conditions: [{ type: 'Denied', reason: 'StubNotEmpty' }],
  });
  const annotated = await createAsNode({
    stubPKCS10Request: stubOf(newKey()),
    unverifiedUserAnnotations: { 'pki.example.com/cn': 'admin' },
  });
  expect(await answered(annotated.metadata.name)).toMatchObject({
    conditions: [{ type: 'Denied', reason: 'InvalidUnverifiedUserAnnotations' }],
  });
});

test('requests of other signers are left alone', async () => {
  // From 1.37 on a node may name those signers alone that the pod mounts.
  const foreign = requestFor(pod, { signerName: 'other.example/x', stubPKCS10Request: stubOf(newKey()) });
  if (cluster.minor >= 37) expect((await node.call('POST', requests, { body: foreign })).status).toBe(403);
  const { metadata } = await admin.expect('POST', requests, foreign);
  const { metadata: own } = await createAsNode({ stubPKCS10Request: stubOf(newKey()) });
  await answered(own.name);
  expect((await admin.expect('GET', `${requests}/${metadata.name}`)).status.conditions).toBeUndefined();
});

test('two signers of one name answer each request once', async () => {
  const second = startSigner(asSigner.api);
  try {
    const created = [];
    for (let i = 0; i < 50; i++) created.push((await createAsNode({ stubPKCS10Request: stubOf(newKey()) })).metadata);
    for (const { name } of created) expect((await answered(name)).conditions).toMatchObject([{ type: 'Issued' }]);
    const issued = [...signer.events, ...second.events]
      .filter((event): event is Extract<typeof event, { request: PodCertificateRequest }> => event.type === 'issued')
      .map(({ request }) => request.metadata.uid);
    for (const { uid } of created) expect(issued.filter((each) => each === uid)).toHaveLength(1);
  } finally {
    await second.stop();
  }
});
