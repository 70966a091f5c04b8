import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClusterRequesterOptions, runClusterRequester } from '../../packages/cli/src/requester/run-requester.js';
import { runSigner, type SignerOptions } from '../../packages/pod-certificates/src/signer.js';
import { testRoot } from '../../packages/pod-certificates/src/testing/authority.js';
import { testSigner } from '../../packages/pod-certificates/src/testing/cluster.js';
import { until } from '../../packages/pod-certificates/src/testing/loopback.js';
import { type EmbeddedCluster, openEmbeddedCluster, SIGNER, tokenOf } from './embedded.js';

const CLAIMS = {
  'kubernetes.io': {
    namespace: 'shop',
    pod: { name: 'web-0', uid: 'pod-uid' },
    serviceaccount: { name: 'web', uid: 'account-uid' },
    node: { name: 'n1', uid: 'node-uid' },
  },
};

let cluster: EmbeddedCluster;
let stop: AbortController;
let signing: Promise<void> | undefined;
let log: { reason: string; message: string }[];
beforeEach(async () => {
  cluster = await openEmbeddedCluster();
  stop = new AbortController();
  signing = undefined;
  log = [];
});
afterEach(async () => {
  stop.abort();
  await signing;
  await cluster.close();
});

function startSigner(options: Partial<SignerOptions> = {}): void {
  signing = runSigner(testSigner(cluster, cluster.root, stop.signal, options));
}

const volume = () => join(cluster.directory, 'volume');
const file = (name: string): string => readFileSync(join(volume(), name), 'utf8');
const leaf = (name: string = 'tls.crt'): X509Certificate => new X509Certificate(file(name));

const options = (
  changes: Partial<ClusterRequesterOptions> = {},
  token: string = tokenOf(CLAIMS),
): ClusterRequesterOptions => ({
  kubeconfig: cluster.kubeconfig(token),
  context: undefined,
  source: {
    signerName: SIGNER,
    keyType: 'ECDSAP256',
    maxExpirationSeconds: 7200,
    userAnnotations: {},
    credentialBundlePath: 'bundle.pem',
    keyPath: 'tls.key',
    certificateChainPath: 'tls.crt',
  },
  trustBundlePath: 'ca.crt',
  trustBundleLabels: {},
  directory: volume(),
  mode: 0o600,
  stateDirectory: join(cluster.directory, 'state'),
  identity: {},
  roots: undefined,
  once: false,
  listen: undefined,
  keys: 'node',
  clock: cluster.clock,
  log: (line) => log.push(line),
  signal: stop.signal,
  ...changes,
});

/** Runs the requester beside what a test does, lets the clock go until that holds, and ends it. */
async function running(condition: () => boolean, changes: Partial<ClusterRequesterOptions> = {}): Promise<void> {
  const end = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const done = runClusterRequester(options({ ...changes, signal: end.signal })).catch((error: unknown) => {
    failure = { error };
  });
  await until(() => failure !== undefined || condition(), cluster.clock);
  end.abort();
  await done;
  if (failure !== undefined) throw failure.error;
}

/** Runs the requester until it ends by itself, and lets the clock go meanwhile. */
async function ended(changes: Partial<ClusterRequesterOptions>): Promise<void> {
  let isOver = false;
  const done = runClusterRequester(options(changes)).finally(() => (isOver = true));
  done.catch(() => {}); // told below
  await until(() => isOver, cluster.clock);
  await done;
}

const reasons = () => log.map(({ reason }) => reason);

test('the files of a volume, for the pod that the token is bound to', async () => {
  startSigner();
  await running(() => reasons().includes('VolumeWritten'));
  const [{ spec, metadata } = expect.fail()] = (await cluster.api.listRequests()).items;
  expect({ namespace: metadata.namespace, ...spec }).toMatchObject({
    ...{ namespace: 'shop', podName: 'web-0', podUID: 'pod-uid', signerName: SIGNER },
    ...{ serviceAccountName: 'web', serviceAccountUID: 'account-uid', nodeName: 'n1', nodeUID: 'node-uid' },
  });
  expect(leaf().checkIssued(new X509Certificate(cluster.root.certificate.der))).toBe(true);
  expect(file('bundle.pem')).toBe(file('tls.key') + file('tls.crt'));
  expect(file('ca.crt')).toBe(encodePem('CERTIFICATE', cluster.root.certificate.der));
  expect(statSync(join(volume(), 'tls.key')).mode & 0o777).toBe(0o600);
  expect(reasons().filter((reason) => reason === 'Issued')).toHaveLength(1);
});

test('a new key before the old certificate ends, when the signer says so', async () => {
  startSigner();
  let first: X509Certificate | undefined;
  let before = '';
  await running(() => {
    if (first === undefined && reasons().includes('VolumeWritten')) {
      first = leaf();
      before = file('tls.key');
      void cluster.clock.advance(7200 * 0.8);
    }
    return reasons().includes('Rotated');
  });
  expect(leaf().serialNumber).not.toBe(first!.serialNumber);
  expect(file('tls.key')).not.toBe(before);
  expect(cluster.clock.now()).toBeLessThan(Date.parse(first!.validTo) / 1000);
});

test('the roots follow the trust bundle', async () => {
  startSigner();
  const next = encodePem('CERTIFICATE', testRoot(cluster.clock.now(), 'Next Root').certificate.der);
  let isWritten = false;
  await running(() => {
    if (!isWritten && reasons().includes('VolumeWritten')) {
      isWritten = true;
      const name = 'pki.example.com:workload:next';
      void cluster.api.applyTrustBundle({ metadata: { name }, spec: { signerName: SIGNER, trustBundle: next } });
    }
    return reasons().includes('TrustBundleWritten') && file('ca.crt').includes(next);
  });
  expect(file('ca.crt')).toContain(encodePem('CERTIFICATE', cluster.root.certificate.der));
});

test('a restart goes on with the certificate that is there', async () => {
  startSigner();
  await running(() => reasons().includes('VolumeWritten'));
  const { serialNumber } = leaf();
  log = [];
  await running(() => reasons().includes('Loaded'));
  expect(leaf().serialNumber).toBe(serialNumber);
  expect((await cluster.api.listRequests()).items).toHaveLength(1);
});

test('another pod never gets what was stored for the one before', async () => {
  startSigner();
  await running(() => reasons().includes('VolumeWritten'));
  log = [];
  await running(() => reasons().includes('Issued'), { identity: { podUID: 'another' } });
  expect(reasons()).not.toContain('Loaded');
});

describe('once', () => {
  test('ends when the files are there, which a group may read', async () => {
    startSigner();
    await ended({ once: true, mode: 0o644 });
    expect(leaf().subject).toBeUndefined();
    expect(statSync(join(volume(), 'tls.key')).mode & 0o777).toBe(0o640);
    expect(statSync(join(volume(), 'tls.crt')).mode & 0o777).toBe(0o644);
    expect(statSync(volume()).mode & 0o777).toBe(0o750);
  });
  test('a denial is a failure', async () => {
    startSigner({ toRequest: () => ({ reason: 'NotToday', message: 'No certificates on Fridays' }) });
    await expect(ended({ once: true })).rejects.toMatchObject({
      code: 'ERR_CLI_STATE',
      message: expect.stringContaining('No certificates on Fridays (NotToday)'),
    });
  });
  test('a certificate that the roots do not vouch for is a failure', async () => {
    startSigner();
    const roots = join(cluster.directory, 'roots.pem');
    writeFileSync(roots, encodePem('CERTIFICATE', testRoot(cluster.clock.now(), 'Stranger').certificate.der));
    await expect(ended({ once: true, roots })).rejects.toMatchObject({ code: 'ERR_CLI_STATE' });
    expect(() => file('tls.crt')).toThrow('ENOENT');
  });
  test('what the server will never take is a failure', async () => {
    await cluster.face.close();
    const forbidden = { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403, message: 'not your pod' };
    cluster = await openEmbeddedCluster({
      fault: ({ method }) => (method === 'POST' ? { status: 403, body: forbidden } : undefined),
    });
    await expect(ended({ once: true })).rejects.toMatchObject({
      code: 'ERR_CLI_STATE',
      message: expect.stringContaining('not your pod'),
    });
  });
});

test('a server of 1.35 gets key and proof', async () => {
  await cluster.face.close();
  const name = 'io.k8s.api.certificates.v1beta1.PodCertificateRequestSpec';
  const body = { components: { schemas: { [name]: { properties: { pkixPublicKey: {}, proofOfPossession: {} } } } } };
  cluster = await openEmbeddedCluster({
    versions: ['v1beta1'],
    fault: ({ path }) => (path.startsWith('/openapi/') ? { status: 200, body } : undefined),
  });
  startSigner();
  await ended({ once: true });
  const [{ spec } = expect.fail()] = (await cluster.api.listRequests()).items;
  expect(spec.stubPKCS10Request).toHaveLength(0);
  expect(spec.pkixPublicKey).toEqual(new Uint8Array(leaf().publicKey.export({ type: 'spki', format: 'der' })));
});

test('roots of a file stand in for bundles, and what does not lead to them is refused', async () => {
  startSigner();
  const roots = join(cluster.directory, 'roots.pem');
  writeFileSync(roots, encodePem('CERTIFICATE', testRoot(cluster.clock.now(), 'Stranger').certificate.der));
  await running(() => reasons().includes('Rejected'), { roots });
  expect(() => file('tls.crt')).toThrow('ENOENT');
  writeFileSync(roots, encodePem('CERTIFICATE', cluster.root.certificate.der));
  await ended({ once: true, roots });
  expect(file('ca.crt')).toBe(readFileSync(roots, 'utf8'));
});

test.each([
  ['a token that is bound to no pod', tokenOf({ 'kubernetes.io': { namespace: 'shop' } }), /--pod, --pod-uid/],
  ['a token that is none', 'opaque', /--namespace, --pod, --pod-uid/],
  ['a token of another kind', tokenOf({ sub: 'me' }), /--namespace, --pod, --pod-uid/],
])('%s: the flags say who asks, and nothing was sent', async (_name, token, message) => {
  await expect(runClusterRequester(options({}, token))).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
    message: expect.stringMatching(message),
  });
  expect(cluster.face.seen).toEqual([]);
});

test('whether it is ready is said over HTTP, and what Prometheus asks', async () => {
  let url = '';
  let metrics = '';
  const told: string[] = [];
  let asking = Promise.resolve();
  const ask = async (): Promise<void> => {
    metrics = await (await fetch(`${url}/metrics`)).text();
    told.push((await (await fetch(`${url}/readyz`)).text()).trim());
    if (told.length === 1) startSigner();
  };
  await running(
    () => {
      if (url !== '') asking = asking.then(ask).catch(() => {}); // it stops answering when it ends
      return (
        told.at(-1) === 'ok' &&
        metrics.includes('mayfly_requester_ready{signer="pki.example.com/workload",namespace="shop",pod="web-0"} 1')
      );
    },
    { listen: '127.0.0.1:0', onStarted: (started) => (url = started.url!) },
  );
  expect(told[0]).toBe('shop/web-0/identity: no certificate yet');
  expect(metrics).toMatch(/^mayfly_requester_issued_total\{.*\} 1$/m);
  const end = Date.parse(leaf().validTo) / 1000;
  expect(metrics).toMatch(new RegExp(`^mayfly_requester_certificate_expiry_timestamp_seconds\\{.*\\} ${end}$`, 'm'));
});
