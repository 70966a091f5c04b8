import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePem } from '@mayfly/der/pem';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { rotateAuthorities } from '../../packages/cli/src/commands/ca-rotate.js';
import { runClusterRequester } from '../../packages/cli/src/requester/run-requester.js';
import type { RotationRequest } from '../../packages/cli/src/signer/authority-secret.js';
import type { Json } from './client.js';
import { kubeconfigOf } from './cluster.js';
import { adminOf } from './connect.js';
import { type Installation, installSigner } from './installation.js';
import { mayflyClient } from './mayfly.js';
import { CERTIFICATES, createPod, type TestPod } from './objects.js';
import { allowRequesters, boundToken } from './requesters.js';
import { type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

const NAMESPACE = 'canary';
const SIGNER = 'example.com/canary';
const CANARY_S = 8;
const cluster = inject('cluster');
const url = `https://127.0.0.1:${cluster.port}`;
const admin = adminOf(cluster);
const secret = { namespace: NAMESPACE, name: 'mayfly-ca' };
const stop = new AbortController();
const log: Json[] = [];
let requesters: readonly Promise<void>[];
let installation: Installation;
let signer: SignerProcess;
let pod: TestPod;

const startSigner = (canary: number): Promise<SignerProcess> =>
  startSignerProcess(installation, {
    ...{ server: url, authority: cluster.authority, directory: cluster.directory },
    flags: ['--ca-canary', `${canary}s`, '--ca-propagation', '3s', '--ca-lifetime', '30d', '--no-service-names'],
  });

beforeAll(async () => {
  installation = await installSigner(admin, {
    ...{ signerName: SIGNER, namespace: NAMESPACE, isManaged: true },
  });
  signer = await startSigner(CANARY_S);
  await signer.ready();
  pod = await createPod(admin, { namespace: NAMESPACE, name: 'web-0', node: 'node1' });
  await allowRequesters(admin, pod);
  const kubeconfig = join(cluster.directory, 'canary.kubeconfig');
  const token = await boundToken(admin, pod);
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url, cluster.authority, { token })), { mode: 0o600 });
  requesters = ['live', 'canary'].map((variant) => {
    const directory = join(cluster.directory, `requester-${variant}`);
    return runClusterRequester({
      ...{ kubeconfig, context: undefined, identity: {}, roots: undefined, once: false, listen: undefined },
      source: {
        ...{ signerName: SIGNER, keyType: 'ECDSAP256', maxExpirationSeconds: 3600, userAnnotations: {} },
        ...{ credentialBundlePath: undefined, keyPath: 'tls.key', certificateChainPath: 'tls.crt' },
      },
      trustBundlePath: 'ca.crt',
      trustBundleLabels: { 'mayfly.dev/variant': variant },
      directory: join(directory, 'volume'),
      mode: 0o600,
      stateDirectory: join(directory, 'state'),
      keys: 'node',
      log: (line) => log.push({ variant, ...line }),
      signal: stop.signal,
    });
  });
  await eventually(`both have their files; ${JSON.stringify(log.slice(-4))}`, () =>
    ['live', 'canary'].every((variant) => existsSync(fileOf(variant, 'tls.crt'))) ? true : undefined,
  );
}, 120_000);
afterAll(async () => {
  stop.abort();
  await Promise.all(requesters);
  await signer.stop();
});

const fileOf = (variant: string, name: string): string =>
  join(cluster.directory, `requester-${variant}`, 'volume', name);
/** Serial numbers of the roots that a pod has in its volume. */
const rootsOf = (variant: string): readonly string[] =>
  parsePem(readFileSync(fileOf(variant, 'ca.crt'), 'utf8')).map(({ bytes }) => new X509Certificate(bytes).serialNumber);
const counts = (): readonly number[] => [rootsOf('live').length, rootsOf('canary').length];
const both = (live: number, canary: number): Promise<true> =>
  eventually(`roots of live and canary are ${live} and ${canary}; ${JSON.stringify(signer.log.slice(-3))}`, () =>
    counts().join() === `${live},${canary}` ? true : undefined,
  );

async function rotate(rotation: RotationRequest): Promise<void> {
  const { client } = await mayflyClient(url, cluster.authority, cluster.admin);
  try {
    await rotateAuthorities(client, secret, rotation, 180);
  } catch (error) {
    throw new Error(`Cannot rotate; the log ends: ${JSON.stringify(signer.log.slice(-5))}`, { cause: error });
  } finally {
    await client.close();
  }
}

test('two bundles, told apart by their label', async () => {
  const labelsOf = async (name: string) =>
    (await admin.expect('GET', `${CERTIFICATES}/clustertrustbundles/example.com:canary:${name}`)).metadata.labels;
  expect(await labelsOf('mayfly')).toMatchObject({ 'mayfly.dev/variant': 'live' });
  expect(await labelsOf('mayfly-canary')).toMatchObject({ 'mayfly.dev/variant': 'canary' });
  expect(counts()).toEqual([1, 1]);
});

test('the next root is seen by who selects the canary, until it is withdrawn', async () => {
  await rotate('planned');
  await both(1, 2);
  await rotate('withdraw-canary');
  await both(1, 1);
});

test('a rotation shows it to the canary, then to all, then signs', async () => {
  const first = rootsOf('live')[0];
  await rotate('planned');
  const from = Date.now();
  await both(1, 2);
  await both(2, 2);
  expect(Date.now() - from).toBeGreaterThan((CANARY_S - 2) * 1000);
  await eventually('the next one signs', () =>
    signer.log.filter(({ reason }) => reason === 'AuthorityActivated').length > 1 ? true : undefined,
  );
  expect(rootsOf('live')).toContain(first);
  expect(new Set(rootsOf('live'))).toEqual(new Set(rootsOf('canary')));
});

test('an emergency leaves both the new root alone', async () => {
  const before = rootsOf('canary');
  await rotate('emergency');
  await both(1, 1);
  expect(rootsOf('canary')).toEqual(rootsOf('live'));
  expect(before).not.toContain(rootsOf('live')[0]);
}, 180_000);

test('a signer without canaries deletes the bundle of canaries, and no other', async () => {
  await signer.stop();
  signer = await startSigner(0);
  await signer.ready();
  const statusOf = async (name: string) =>
    (await admin.call('GET', `${CERTIFICATES}/clustertrustbundles/example.com:canary:${name}`)).status;
  await eventually('it is gone', async () => ((await statusOf('mayfly-canary')) === 404 ? true : undefined));
  expect(await statusOf('mayfly')).toBe(200);
  expect(signer.log.map(({ reason }) => reason)).toContain('TrustBundleDeleted');
});
