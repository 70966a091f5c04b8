import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePem } from '@mayfly/der/pem';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { rotateAuthorities } from '../../packages/cli/src/commands/ca-rotate.js';
import { examine } from '../../packages/cli/src/doctor/examine.js';
import { runClusterSigner } from '../../packages/cli/src/signer/run-signer.js';
import type { Json } from './client.js';
import { kubeconfigOf } from './cluster.js';
import { adminOf } from './connect.js';
import { mayflyClient } from './mayfly.js';
import {
  CERTIFICATES,
  createPod,
  ensureNamespace,
  newKey,
  SIGNER as PODS_SIGNER,
  requestFor,
  stubOf,
  type TestPod,
} from './objects.js';
import { createAccount, signerRules } from './role.js';
import { eventually } from './wait.js';

const SIGNER = 'example.com/succession';
const NAMESPACE = 'succession';
const cluster = inject('cluster');
const url = `https://127.0.0.1:${cluster.port}`;
const admin = adminOf(cluster);
const secret = { namespace: NAMESPACE, name: 'mayfly-ca' };
const log: Json[] = [];
const stops: (() => Promise<void>)[] = [];
const ready: string[] = [];
let pod: TestPod;
let kubeconfig: string;

/** The rules of a Role in the deployment files. */
const rulesOf = (path: string): readonly Json[] =>
  parseAllDocuments(readFileSync(new URL(`../../packages/cli/deploy/${path}`, import.meta.url), 'utf8'))
    .map((document) => document.toJS())
    .filter(({ kind }: Json) => kind === 'Role')
    .flatMap(({ rules }: Json) => rules);

function startSigner(instance: string): void {
  const controller = new AbortController();
  const running: Promise<unknown> = runClusterSigner({
    signerName: SIGNER,
    kubeconfig,
    context: undefined,
    authority: { managed: secret, lifetime: 30 * 86_400, propagation: 3, canary: 0 },
    policy: undefined,
    trustDomain: 'example.com',
    clusterDomain: 'cluster.local',
    maxLifetime: 86_400,
    serviceNames: false,
    bundle: 'mayfly',
    lease: { namespace: NAMESPACE, name: 'mayfly.example.com.succession' },
    dryRun: false,
    listen: '127.0.0.1:0',
    statusAddress: undefined,
    keys: 'node',
    instance,
    log: (line) => log.push({ instance, ...line }),
    signal: controller.signal,
    onStarted: (started) => ready.push(`${started.url}/readyz`),
  }).catch((error: unknown) => log.push({ error: String(error) }));
  stops.push(async () => {
    controller.abort();
    await running;
  });
}

const areReady = async (): Promise<true | undefined> => {
  const answers = await Promise.all(ready.map(async (each) => (await fetch(each)).status));
  return answers.every((status) => status === 200) ? true : undefined;
};

beforeAll(async () => {
  await ensureNamespace(admin, NAMESPACE);
  pod = await createPod(admin, { namespace: NAMESPACE, name: 'web-0', node: 'node1' });
  const { token } = await createAccount(admin, 'succession', signerRules(SIGNER));
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;
  const rules = [...rulesOf('base/rbac.yaml'), ...rulesOf('succession/rbac.yaml')];
  await admin.expect('POST', `${rbac}/roles`, { metadata: { name: 'signer' }, rules });
  await admin.expect('POST', `${rbac}/rolebindings`, {
    metadata: { name: 'signer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'signer' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'signer', name: 'succession' }],
  });
  await admin.expect('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name: secret.name } });
  kubeconfig = join(cluster.directory, 'succession.kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url, cluster.authority, { token })), { mode: 0o600 });
  startSigner('one');
  startSigner('two');
  await eventually('both signers are ready', async () => (ready.length === 2 ? await areReady() : undefined));
}, 120_000);
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

const requests = `${CERTIFICATES}/namespaces/${NAMESPACE}/podcertificaterequests`;

async function issue(): Promise<X509Certificate> {
  const body = requestFor(pod, { signerName: SIGNER, stubPKCS10Request: stubOf(newKey()) });
  const { metadata } = await admin.expect('POST', requests, body);
  const status = await eventually(`${metadata.name} is answered; ${JSON.stringify(log.slice(-3))}`, async () => {
    const request = await admin.expect('GET', `${requests}/${metadata.name}`);
    return request.status.conditions === undefined ? undefined : request.status;
  });
  expect(status.conditions).toMatchObject([{ type: 'Issued' }]);
  return new X509Certificate(status.certificateChain);
}

async function bundle(): Promise<readonly X509Certificate[]> {
  const { spec } = await admin.expect('GET', `${CERTIFICATES}/clustertrustbundles/example.com:succession:mayfly`);
  return parsePem(spec.trustBundle).map(({ bytes }) => new X509Certificate(bytes));
}

const leadsTo = (leaf: X509Certificate, roots: readonly X509Certificate[]): boolean =>
  roots.some((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey));

test('an empty Secret became an authority, of one signer of two, and both sign with it', async () => {
  const leaves = await Promise.all(Array.from({ length: 20 }, issue));
  const roots = await bundle();
  expect(roots).toHaveLength(1);
  for (const leaf of leaves) expect(leadsTo(leaf, roots)).toBe(true);
  const signed = log.filter(({ reason }) => reason === 'Issued');
  expect(new Set(signed.map(({ instance }) => instance))).toEqual(new Set(['one', 'two']));
  expect(new Set(signed.map(({ request }) => request)).size).toBe(signed.length);
  expect(log.filter(({ reason }) => reason === 'AuthorityActivated')).toHaveLength(1);
});

/** The Secret as it stood before an authority was distrusted. */
let earlier: Json;

test('a planned rotation publishes, waits, signs, and keeps trusting', async () => {
  const before = await issue();
  const { client } = await mayflyClient(url, cluster.authority, cluster.admin);
  await rotateAuthorities(client, secret, 'planned', 60);
  await client.close();
  expect(await bundle()).toHaveLength(2);
  const after = await eventually('the new authority signs', async () => {
    const leaf = await issue();
    return leaf.issuer === before.issuer ? undefined : leaf;
  });
  const roots = await bundle();
  expect(leadsTo(before, roots)).toBe(true);
  expect(leadsTo(after, roots)).toBe(true);
  const { data } = await admin.expect('GET', `/api/v1/namespaces/${NAMESPACE}/secrets/${secret.name}`);
  expect(Object.keys(data).filter((name) => name.endsWith('.key'))).toHaveLength(1);
});

test('an emergency leaves one root, and nothing signs with another', async () => {
  earlier = (await admin.expect('GET', `/api/v1/namespaces/${NAMESPACE}/secrets/${secret.name}`)).data;
  const before = await issue();
  const { client } = await mayflyClient(url, cluster.authority, cluster.admin);
  const { authorities } = await rotateAuthorities(client, secret, 'emergency', 180);
  await client.close();
  expect(authorities).toHaveLength(1);
  const roots = await eventually('the bundle has one root', async () => {
    const all = await bundle();
    return all.length === 1 ? all : undefined;
  });
  expect(leadsTo(before, roots)).toBe(false);
  await eventually('both signers use the new root', async () => {
    const leaves = await Promise.all(Array.from({ length: 10 }, issue));
    return leaves.every((leaf) => leadsTo(leaf, roots)) ? true : undefined;
  });
});

test('the doctor sees signers and authority, who is gone, and which pod waits', async () => {
  const { client } = await mayflyClient(url, cluster.authority, cluster.admin);
  const places = { lease: { namespace: undefined, name: 'mayfly.example.com.succession' }, authorities: secret };
  const told = async (check: string, signerName: string, ahead: number): Promise<readonly unknown[]> => {
    const findings = await examine(client, signerName, Math.floor(Date.now() / 1000) + ahead, places);
    return findings.filter((finding) => finding.check === check).map(({ ok, message }) => [ok, message]);
  };
  const both = [true, expect.stringMatching(/^2 share the requests: (one|two)_.*, (one|two)_/)];
  expect(await told('signers', SIGNER, 0)).toEqual([both]);
  const active = /^Secret succession\/mayfly-ca; [0-9a-f]+ active, valid until /;
  expect(await told('authorities', SIGNER, 0)).toEqual([[true, expect.stringMatching(active)]]);
  await Promise.all(stops.splice(0).map((stop) => stop()));
  expect(await told('signers', SIGNER, 0)).toEqual([[false, expect.stringMatching(/^none holds a Lease/)]]);
  const waiting = /succession\/web-0 for \S+: the kubelet of node1 has asked for none/;
  expect(await told('pods', PODS_SIGNER, 120)).toEqual([[false, expect.stringMatching(waiting)]]);
  await client.close();
});

test('who is started after the Secret was put back does not begin, and does where the label of the bundle is gone', async () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${secret.name}`;
  const before = await bundle();
  await admin.expect('PUT', path, { ...(await admin.expect('GET', path)), data: earlier });
  startSigner('three');
  const line = await eventually('the signer ends', () => log.find(({ error }) => error !== undefined));
  expect(line.error).toMatch(
    /Cannot use Secret succession\/mayfly-ca: it is at write \d+, and ClusterTrustBundle example.com:succession:mayfly was published from write \d+: /,
  );
  expect(await bundle()).toEqual(before);
  const { status } = await admin.call('PATCH', `${CERTIFICATES}/clustertrustbundles/example.com:succession:mayfly`, {
    body: { metadata: { labels: { 'mayfly.dev/generation': null } } },
    contentType: 'application/merge-patch+json',
  });
  expect(status).toBe(200);
  startSigner('four');
  await eventually('both roots of before are in the bundle', async () => (await bundle()).length === 2 || undefined);
});
