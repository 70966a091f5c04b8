import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import { verifyWithNode } from '@mayfly/keys/node';
import { discoverVersions, keyForm } from '@mayfly/pod-certificates/kubernetes';
import { provePossession } from '@mayfly/pod-certificates/node';
import { requestCertificate } from '@mayfly/pod-certificates/requester';
import { systemClock } from '@mayfly/rotation';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type ClusterRequesterOptions, runClusterRequester } from '../../packages/cli/src/requester/run-requester.js';
import { kubeconfigOf } from './cluster.js';
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
import { allowRequesters, boundToken } from './requesters.js';
import { createAccount, signerRules } from './role.js';
import { eventually } from './wait.js';

const cluster = inject('cluster');
const url = `https://127.0.0.1:${cluster.port}`;
const admin = adminOf(cluster);
const NAMESPACE = 'requesting';
const requests = `${CERTIFICATES}/namespaces/${NAMESPACE}/podcertificaterequests`;
let asSigner: MayflyClient;
let signer: RunningSigner;
let pod: TestPod;
let other: TestPod;
let token: string;
let directory: string;

beforeAll(async () => {
  const account = await createAccount(admin, 'requester-signer', signerRules());
  asSigner = await mayflyClient(url, cluster.authority, { token: account.token });
  signer = startSigner(asSigner.api);
  await asSigner.api.applyTrustBundle({
    metadata: { name: 'pki.example.com:workload:requester' },
    spec: { signerName: SIGNER, trustBundle: encodePem('CERTIFICATE', root.der) },
  });
  pod = await createPod(admin, { namespace: NAMESPACE, name: 'web-0', node: 'node1' });
  other = await createPod(admin, { namespace: NAMESPACE, name: 'web-1', node: 'node1' });
  await allowRequesters(admin, pod);
  token = await boundToken(admin, pod);
  const asPod = clientOf(cluster, { token });
  await eventually('the policy is in force', async () => {
    const body = requestFor(other, { stubPKCS10Request: stubOf(newKey()) });
    const { status, body: answer } = await asPod.call('POST', requests, { body });
    return status === 422 && String(answer.message).includes('podName and podUID') ? true : undefined;
  });
});
afterAll(async () => {
  await signer.stop();
  await asSigner.client.close();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-requester-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function options(changes: Partial<ClusterRequesterOptions> = {}): ClusterRequesterOptions {
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url, cluster.authority, { token })), { mode: 0o600 });
  return {
    kubeconfig,
    context: undefined,
    source: {
      signerName: SIGNER,
      keyType: 'ECDSAP384',
      maxExpirationSeconds: 3600,
      userAnnotations: {},
      credentialBundlePath: undefined,
      keyPath: 'tls.key',
      certificateChainPath: 'tls.crt',
    },
    trustBundlePath: 'ca.crt',
    trustBundleLabels: {},
    directory: join(directory, 'volume'),
    mode: 0o600,
    stateDirectory: join(directory, 'state'),
    identity: {},
    roots: undefined,
    once: true,
    listen: undefined,
    keys: 'node',
    log: () => {},
    signal: AbortSignal.timeout(60_000),
    ...changes,
  };
}

const file = (name: string): string => readFileSync(join(directory, 'volume', name), 'utf8');

test('a pod gets its certificate by its own token alone', async () => {
  await runClusterRequester(options());
  const leaf = new X509Certificate(file('tls.crt'));
  expect(leaf.subjectAltName).toBe(`DNS:${pod.podName}.${NAMESPACE}.pod.example.com`);
  expect(leaf.checkIssued(new X509Certificate(root.der))).toBe(true);
  expect(file('ca.crt')).toContain(encodePem('CERTIFICATE', root.der));
});

test.skipIf(cluster.minor >= 40)('the schema says how keys are carried', async () => {
  const served = await discoverVersions(asSigner.client);
  expect(served.podCertificateRequests).toContain('v1beta1');
  expect(await keyForm(asSigner.client, 'v1beta1')).toBe(cluster.minor >= 36 ? 'stub' : 'pair');
});

test.skipIf(cluster.minor >= 40).each(Object.entries(keyAlgorithms))(
  'a proof by %s, as for a server of 1.35',
  async (_name, algorithm) => {
    const { api, client } = await mayflyClient(url, cluster.authority, { token });
    const outcome = await requestCertificate({
      api,
      identity: { ...pod, signerName: SIGNER },
      generateKey: async () => {
        const key = newKey(algorithm);
        return { key, privateKeyInfo: key.exportPkcs8() };
      },
      provePossession,
      anchors: () => [root],
      verify: verifyWithNode,
      clock: systemClock(),
      randomBytes,
      signal: AbortSignal.timeout(60_000),
    });
    await client.close();
    expect(outcome.outcome).toBe('issued');
  },
);

test.each<readonly [string, () => Partial<TestPod>, RegExp]>([
  ['another pod', () => ({ podName: other.podName, podUID: other.podUID }), /podName and podUID/],
  ['a pod of its name that is gone', () => ({ podUID: 'gone' }), /podName and podUID/],
  ['another service account', () => ({ serviceAccountName: 'default' }), /serviceAccountName and serviceAccountUID/],
  ['another node', () => ({ nodeName: 'node2' }), /nodeName and nodeUID/],
])('the policy lets nobody claim %s', async (_name, claim, message) => {
  const asPod = clientOf(cluster, { token });
  const body = requestFor({ ...pod, ...claim() }, { stubPKCS10Request: stubOf(newKey()) });
  const answer = await asPod.call('POST', requests, { body });
  expect(answer.status).toBe(422);
  expect(answer.body.message).toMatch(message);
});

test('a token that is bound to no pod claims none', async () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${pod.serviceAccountName}/token`;
  const { status } = await admin.expect('POST', path, { spec: { expirationSeconds: 3600 } });
  const asAccount = clientOf(cluster, { token: status.token });
  const body = requestFor(pod, { stubPKCS10Request: stubOf(newKey()) });
  expect((await asAccount.call('POST', requests, { body })).body.message).toMatch(/podName and podUID/);
});

test('nodes are none of its business', async () => {
  const node = clientOf(cluster, cluster.nodes.node1);
  const body = requestFor(pod, { ...pairOf(newKey(), pod.podUID) });
  const { status } = await eventually('the node restriction knows the pod', async () => {
    const answer = await node.call('POST', requests, { body });
    return answer.status === 500 ? undefined : answer;
  });
  expect(status).toBe(201);
});
