import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { decodePem, encodeBase64, encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { createClient, openConnection } from '@mayfly/pod-certificates/kubernetes';
import { parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { subjectAltName } from '@mayfly/x509/extensions';
import { formatGeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { examine } from '../../packages/cli/src/doctor/examine.js';
import { type ClusterSignerOptions, runClusterSigner } from '../../packages/cli/src/signer/run-signer.js';
import type { Json } from './client.js';
import { adminOf } from './connect.js';
import { CERTIFICATES, ensureNamespace, keyAlgorithms, newKey, requestFor, stubOf, type TestPod } from './objects.js';

const SIGNER = 'example.com/workload';
const cluster = inject('cluster');
const admin = adminOf(cluster);
const log: Json[] = [];
const stop = new AbortController();
let url: string | undefined;
let pod: TestPod;
let kubeconfig: string;
let running: Promise<void>;

/** The role of the deployment files, and no other right. */
async function signerToken(): Promise<string> {
  const text = readFileSync(new URL('../../packages/cli/deploy/base/rbac.yaml', import.meta.url), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const object: Json = document.toJS();
    const group = object.kind === 'ServiceAccount' ? '/api/v1' : `/apis/${object.apiVersion}`;
    const namespace = object.metadata.namespace === undefined ? '' : `/namespaces/${object.metadata.namespace}`;
    await admin.expect('POST', `${group}${namespace}/${object.kind.toLowerCase()}s`, object);
  }
  const path = '/api/v1/namespaces/mayfly/serviceaccounts/mayfly-signer/token';
  const { status } = await admin.expect('POST', path, { spec: { expirationSeconds: 3600 } });
  return status.token;
}

/** Makes an authority for so many seconds, in PEM. */
function newAuthority(lifetime: number): { readonly certificate: string; readonly key: string } {
  const key = generateKeySync('P-256');
  const now = Math.floor(Date.now() / 1000);
  const contents = rootContents(
    {
      serialNumber: 2n ** 64n,
      validity: { notBefore: now - 60, notAfter: now + lifetime },
      subject: encodeName(buildName({ commonName: 'Cluster Root' })),
      subjectKeyIdentifier: rfc7093KeyIdentifier(key.subjectPublicKeyInfo),
    },
    key,
  );
  return {
    certificate: encodePem('CERTIFICATE', createCertificateSync(contents, key)),
    key: encodePem('PRIVATE KEY', key.exportPkcs8()),
  };
}

async function createAuthority(): Promise<void> {
  const { certificate, key } = newAuthority(30 * 86_400);
  const base64 = (text: string): string => encodeBase64(new TextEncoder().encode(text));
  await admin.expect('POST', '/api/v1/namespaces/mayfly/secrets', {
    metadata: { name: 'mayfly-ca' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  });
}

/** Of a signer that shares the requests with every other of this suite. */
const optionsOf = (instance: string, lines: Json[], signal: AbortSignal): ClusterSignerOptions => ({
  signerName: SIGNER,
  kubeconfig,
  context: undefined,
  authority: { namespace: 'mayfly', name: 'mayfly-ca' },
  policy: undefined,
  trustDomain: 'example.com',
  clusterDomain: 'cluster.local',
  maxLifetime: 86_400,
  serviceNames: true,
  bundle: 'mayfly',
  lease: { namespace: 'mayfly', name: 'mayfly.example.com.workload' },
  dryRun: false,
  listen: '127.0.0.1:0',
  statusAddress: undefined,
  keys: 'node',
  instance,
  log: (line) => lines.push(line),
  signal,
});

beforeAll(async () => {
  await ensureNamespace(admin, 'mayfly');
  await ensureNamespace(admin, 'store');
  const token = await signerToken();
  await createAuthority();
  const post = (path: string, object: Json): Promise<Json> => admin.expect('POST', path, object);
  const account = await post('/api/v1/namespaces/store/serviceaccounts', { metadata: { name: 'orders' } });
  const node = await post('/api/v1/nodes', { metadata: { name: 'signer-node' } });
  const created = await post('/api/v1/namespaces/store/pods', {
    metadata: { name: 'orders-0', labels: { app: 'orders', tier: 'back' } },
    spec: {
      serviceAccountName: 'orders',
      nodeName: 'signer-node',
      automountServiceAccountToken: false,
      containers: [{ name: 'a', image: 'a' }],
    },
  });
  for (const [name, selector] of Object.entries({ orders: { app: 'orders' }, other: { app: 'other' } }))
    await post('/api/v1/namespaces/store/services', { metadata: { name }, spec: { selector, ports: [{ port: 1 }] } });
  pod = {
    namespace: 'store',
    podName: 'orders-0',
    podUID: created.metadata.uid,
    serviceAccountName: 'orders',
    serviceAccountUID: account.metadata.uid,
    nodeName: 'signer-node',
    nodeUID: node.metadata.uid,
  };
  kubeconfig = join(cluster.directory, 'signer.kubeconfig');
  const config = {
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://127.0.0.1:${cluster.port}`,
          'certificate-authority-data': encodeBase64(new TextEncoder().encode(cluster.authority.certificate)),
        },
      },
    ],
    users: [{ name: 'u', user: { token } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  running = runClusterSigner({
    ...optionsOf('test', log, stop.signal),
    onStarted: (started) => {
      url = started.url;
    },
  });
  running.catch((error: unknown) => log.push({ error: String(error) }));
  await until(async () => url !== undefined && (await fetch(`${url}/readyz`)).status === 200);
}, 60_000);

afterAll(async () => {
  stop.abort();
  await running;
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i === 200) throw new Error(`Cannot wait any longer; the signer said ${JSON.stringify(log.slice(-5))}`);
    await setTimeout(50);
  }
}

/** Creates a request and waits until it has ended. */
async function answered(spec: Json): Promise<Json> {
  const path = `${CERTIFICATES}/namespaces/store/podcertificaterequests`;
  const { metadata } = await admin.expect('POST', path, requestFor(pod, { signerName: SIGNER, ...spec }));
  let request: Json;
  await until(async () => {
    request = await admin.expect('GET', `${path}/${metadata.name}`);
    return request.status.conditions !== undefined;
  });
  return request;
}

test.each(Object.entries(keyAlgorithms))(
  'a certificate for %s names the pod as its Services do',
  async (_name, algorithm) => {
    const key = newKey(algorithm);
    const { status, metadata } = await answered({ stubPKCS10Request: stubOf(key) });
    expect(status.conditions).toMatchObject([{ type: 'Issued', status: 'True' }]);
    const leaf = parseCertificate(decodePem(status.certificateChain));
    expect(leaf.subjectPublicKeyInfo).toEqual(key.subjectPublicKeyInfo);
    expect(subjectAltName(leaf)?.map(formatGeneralName)).toEqual([
      'URI:spiffe://example.com/ns/store/sa/orders',
      'DNS:orders.store.svc',
      'DNS:orders.store.svc.cluster.local',
    ]);
    // One write: the create is the first, the status the second version.
    expect(metadata.managedFields.filter(({ subresource }: Json) => subresource === 'status')).toHaveLength(1);
  },
);

test.each([
  ['a name of a Service that does not select it', { 'mayfly.dev/dns-names': '["other.store.svc"]' }, 'NameNotAllowed'],
  ['an unknown annotation', { 'acme.io/x': 'y' }, 'InvalidUnverifiedUserAnnotations'],
])('%s is denied, and an event says so', async (_name, unverifiedUserAnnotations, reason) => {
  const request = await answered({ stubPKCS10Request: stubOf(newKey()), unverifiedUserAnnotations });
  expect(request.status.conditions).toMatchObject([{ type: 'Denied', reason }]);
  expect(request.status.certificateChain).toBeUndefined();
  await until(async () => {
    const { items } = await admin.expect('GET', '/apis/events.k8s.io/v1/namespaces/store/events');
    return items.some(({ regarding, note }: Json) => regarding.name === request.metadata.name && note.includes(reason));
  });
});

test('a request of a pod that was replaced stays pending, and an event at the pod says why', async () => {
  const replaced = { ...pod, podUID: '00000000-0000-4000-8000-000000000000' };
  const path = `${CERTIFICATES}/namespaces/store/podcertificaterequests`;
  const { metadata } = await admin.expect(
    'POST',
    path,
    requestFor(replaced, { signerName: SIGNER, stubPKCS10Request: stubOf(newKey()) }),
  );
  await until(async () => {
    const { items } = await admin.expect('GET', '/apis/events.k8s.io/v1/namespaces/store/events');
    return items.some(({ reason, note }: Json) => reason === 'CertificateDelayed' && note.includes(metadata.name));
  });
  expect((await admin.expect('GET', `${path}/${metadata.name}`)).status).toEqual({});
});

test('the trust bundle is published under the signer, and the metrics count', async () => {
  const bundle = await admin.expect('GET', `${CERTIFICATES}/clustertrustbundles/example.com:workload:mayfly`);
  expect(bundle.spec.signerName).toBe(SIGNER);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^mayfly_signer_issued_total\{signer="example.com\/workload"\} [1-9]/m);
  expect(metrics).toMatch(/^mayfly_signer_trust_bundle_published\{signer="example.com\/workload"\} 1$/m);
});

test('the doctor finds the role sufficient, a foreign signer without rights, and who is not answered', async () => {
  const client = createClient(await openConnection({ kubeconfig }), { userAgent: 'test' });
  const now = Math.floor(Date.now() / 1000);
  const bad = async (signerName: string, at: number): Promise<readonly string[]> =>
    (await examine(client, signerName, at)).filter(({ ok }) => !ok).map(({ message }) => message);
  try {
    expect(await bad(SIGNER, now)).toEqual([]);
    expect(await bad(SIGNER, now + 120)).toEqual([expect.stringMatching(/^1 unanswered; store\/orders-0 for \S+: /)]);
    expect(await bad('example.com/other', now)).toEqual([
      expect.stringContaining('may not sign signers example.com/other'),
      expect.stringContaining('may not attest signers example.com/other'),
      expect.stringContaining('may not patch clustertrustbundles example.com:other:mayfly'),
      expect.stringContaining('none of example.com/other'),
    ]);
  } finally {
    await client.close();
  }
});

test('a signer whose authority ends leaves its share to the other', async () => {
  const lines: Json[] = [];
  const ending = new AbortController();
  const files = { certificate: join(cluster.directory, 'ending.crt'), key: join(cluster.directory, 'ending.key') };
  const authority = newAuthority(1800);
  writeFileSync(files.certificate, authority.certificate);
  writeFileSync(files.key, authority.key, { mode: 0o600 });
  const done = runClusterSigner({
    ...optionsOf('ending', lines, ending.signal),
    authority: { ...files, roots: undefined },
    bundle: undefined,
  });
  try {
    await until(async () => lines.some(({ reason }) => reason === 'ShareLeft'));
    expect(lines.some(({ members }) => members?.length === 2)).toBe(true);
    const requests = Array.from({ length: 20 }, () => answered({ stubPKCS10Request: stubOf(newKey()) }));
    for (const { status } of await Promise.all(requests))
      expect(status.conditions).toMatchObject([{ type: 'Issued', status: 'True' }]);
    expect(lines.filter(({ reason }) => reason === 'Retry' || reason === 'Issued')).toEqual([]);
  } finally {
    ending.abort();
    await done;
  }
});
